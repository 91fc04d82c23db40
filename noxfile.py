"""The matrix of what the package supports, and the longer runs. ``nox -l`` lists the sessions.

``.ci/run`` runs ``pairs``: a good share of the suite on the lowest and the highest pair. The rest is for the night:
``nox -s tests databases caches nightly``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import nox

nox.options.error_on_missing_interpreters = False  # said for each session; .ci/run looks for the ones it needs

SUPPORTED = [
    (python, django)
    for python in ("3.10", "3.11", "3.12", "3.13")
    for django in ("5.2", "6.0", "6.1")
    if django == "5.2" or python in ("3.12", "3.13")  # Django 6 needs Python 3.12
]
LOWEST, HIGHEST = SUPPORTED[0], SUPPORTED[-1]
nox.options.sessions = [f"pairs(python='{python}', django='{django}')" for python, django in (LOWEST, HIGHEST)]
SHARE = (
    "tests/contract",
    "tests/delivery",
    "tests/pages/test_tags.py",
    "tests/pages/test_views.py",
    "tests/testproject",
    "tests/engine/selectors",
    "tests/engine/services/test_edits.py",
    "tests/engine/services/test_players.py",
    "tests/engine/services/test_plays.py",
    "tests/engine/services/test_undoing.py",
    "tests/engine/server/test_plays.py",
    "tests/engine/server/test_token_endpoint.py",
    "tests/test_admin.py",
    "tests/test_receivers.py",
)
"""What differs between versions of Django and Python: the ORM, forms, templates, requests. Pure rules do not, and the
whole suite runs at night (``nox -s tests``)."""
PURE = ("tests/engine/rules", "tests/engine/design", "tests/reference", "tests/client")
DATABASES = {
    "sqlite": "",
    "postgresql": "postgres://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mysql://root@127.0.0.1:3306/playlyfe",
}
REDIS = "redis://127.0.0.1:6379/7"
ELSEWHERE = ("tests/docs", "tests/packaging")
"""What is the same on every database, and needs tools besides."""
PROPERTIES = (
    "tests/engine/rules",
    "tests/engine/design/test_findings.py",
    "tests/engine/design/test_fuzz.py",
    "tests/engine/history/test_explaining.py",
    "tests/engine/history/test_random_histories.py",
    "tests/engine/history/test_streaks.py",
    "tests/engine/history/test_what_if.py",
    "tests/engine/rules_in_arrears/test_any_history.py",
    "tests/engine/selectors/test_progress.py",
    "tests/engine/services/test_many_plays.py",
    "tests/engine/services/test_undoing_in_any_history.py",
    "tests/reference",
)
"""Where Hypothesis makes the examples, their number taken from the profile (``tests/examples.py``)."""
SUITE = ("python", "-m", "pytest", "-q", "-n", "auto", "--dist", "loadgroup")
if "SEED" in os.environ:
    SUITE += (f"--randomly-seed={os.environ['SEED']}",)


def install(session: nox.Session, django: str = "5.2") -> None:
    """This checkout with all that its tests use, on a version of Django."""
    session.install("-e", ".[test,services]", f"django~={django}.0")


@contextmanager
def memcached() -> Iterator[str]:
    """A server of our own for as long as it takes; its URL."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = subprocess.Popen(["memcached", "-l", "127.0.0.1", "-p", str(port), "-u", "nobody"])
    try:
        for _ in range(100):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"pymemcache://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@nox.session
@nox.parametrize("python,django", SUPPORTED)
def tests(session: nox.Session, django: str) -> None:
    """The suite on each supported pair of Python and Django."""
    session.install("nox", "-e", ".[test,services,docs]", f"django~={django}.0")
    session.run(*SUITE, *session.posargs)


@nox.session
@nox.parametrize("python,django", SUPPORTED)
def pairs(session: nox.Session, django: str) -> None:
    """A good share of the suite on any of them; without a name, on the lowest and the highest pair."""
    install(session, django)
    without = [f"--ignore={path}" for path in PURE]
    session.run(*SUITE, *(session.posargs or (*SHARE, *without, "-m", "not slow and not packaging")))


@nox.session(python="3.11")
@nox.parametrize("database", sorted(DATABASES))
def databases(session: nox.Session, database: str) -> None:
    """The suite on each database; the servers have to be there."""
    install(session)
    env = {"DATABASE_URL": DATABASES[database]} if DATABASES[database] else {}
    session.run(*SUITE, *(session.posargs or [f"--ignore={path}" for path in (*PURE, *ELSEWHERE)]), env=env)


@nox.session(python="3.11")
@nox.parametrize("cache", ["memcached", "redis"])
def caches(session: nox.Session, cache: str) -> None:
    """What uses the cache, on each of them; Redis has to be there."""
    install(session)
    paths = ("tests/client", "tests/contract", "tests/backends", "tests/delivery", "tests/reads", "tests/test_memo.py")
    with memcached() if cache == "memcached" else nullcontext(REDIS) as url:
        session.run(*SUITE, *(session.posargs or paths), env={"CACHE_URL": url})


@nox.session(python="3.11")
def nightly(session: nox.Session) -> None:
    """Property tests with twenty times the examples; the last figures are in docs/figures.rst."""
    install(session)
    session.install("-e", ".[peers]")
    options = ("--hypothesis-profile", "nightly", "--durations", "20")
    session.run(*SUITE, *options, *(session.posargs or PROPERTIES))
    if not session.posargs:
        session.run("python", "-m", "tests.reference.soak", "--games", "1000000")
        session.run("python", "-W", "ignore", "-m", "tests.soak.kills", "--seconds", "300")
        session.run("python", "-m", "pytest", "-q", "-k", "D21", "tests/faults", env={"OUTAGE_ROWS": "10000"})
        session.run("python", "benchmarks/http_plays.py", "--load", "30")  # no error, no play lost or doubled
        anybody = "tests/engine/server/test_schemathesis.py"  # 50 requests to each of some 240 operations
        session.run("python", "-m", "pytest", "-q", "-s", anybody, env={"SCHEMATHESIS_EXAMPLES": "50"})
