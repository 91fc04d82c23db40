"""The matrix of what the package supports, and the longer runs. ``nox -l`` lists the sessions."""

from __future__ import annotations

import nox

nox.options.sessions = ["tests"]

SUPPORTED = [
    (python, django)
    for python in ("3.10", "3.11", "3.12", "3.13")
    for django in ("5.2", "6.0", "6.1")
    if django == "5.2" or python in ("3.12", "3.13")  # Django 6 needs Python 3.12
]
PROPERTIES = (
    "tests/engine/rules",
    "tests/engine/design/test_fuzz.py",
    "tests/engine/test_undoing.py",
    "tests/reference",
)


@nox.session
@nox.parametrize("python,django", SUPPORTED)
def tests(session: nox.Session, django: str) -> None:
    """The suite on each supported pair of Python and Django."""
    session.install("-e", ".[test,services]", f"django~={django}.0")
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *session.posargs)


@nox.session(python="3.11")
def nightly(session: nox.Session) -> None:
    """Property tests with twenty times the examples; the last figures are in docs/figures.rst."""
    session.install("-e", ".[test,services]")
    options = ("-q", "-n", "auto", "--hypothesis-profile", "nightly", "--durations", "20")
    session.run("python", "-m", "pytest", *options, *(session.posargs or PROPERTIES))
    if not session.posargs:
        session.run("python", "-m", "tests.reference.soak", "--games", "1000000")
