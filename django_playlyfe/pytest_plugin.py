"""The pytest plugin (``pytest11``): under it django-playlyfe starts no thread and calls no host but loopback.

pytest loads it in every project of the environment, so it imports nothing but pytest: what it holds still is switched
once django-playlyfe itself is there. ``docs/testing.rst`` describes the settings, the fixture and the marker.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django_playlyfe.testing import FakeGame

NETWORK = ("ours", "all", "any")
_CLIENT = "django_playlyfe.client."
_WATCHDOG = "django_playlyfe.client.watchdog"


class NetworkRefused(RuntimeError):
    """A call to another machine from inside a test."""


class _Guard:
    """What one run of pytest holds still."""

    def __init__(self, network: str, *, threads: bool) -> None:
        self.network = network
        self._wants_threads = threads
        self._is_in_line = False
        self._refused: list[str] = []
        self.opened = ExitStack()

    def keep_in_line(self) -> None:
        """No thread from now on; without django-playlyfe in the process there is none to start."""
        if self._wants_threads or self._is_in_line or _WATCHDOG not in sys.modules:
            return
        self.opened.enter_context(sys.modules[_WATCHDOG].calls_in_line())
        self._is_in_line = True

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse to look up or to connect to another machine. Called for every audit event (PEP 578)."""
        if event == "socket.connect":
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # a path: a socket of this machine
        elif event == "socket.getaddrinfo":
            host = arguments[0]
        else:
            return
        if self.network == "any" or is_loopback(host):
            return
        if self.network == "ours" and not _calls_a_game(sys._getframe(1)):
            return
        self._refused.append(str(host))
        raise NetworkRefused(f"A test must not call {host!r}: only this machine may be called (playlyfe_network).")

    def take_refused(self) -> list[str]:
        """The hosts that were refused since the last question."""
        refused, self._refused = self._refused, []
        return refused


def is_loopback(host: Any) -> bool:
    """Whether a host is this machine: None and empty ones, ``localhost``, 127.0.0.0/8, ::1 and the unspecified."""
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _calls_a_game(frame: FrameType | None) -> bool:
    """Whether the caller is our client on its way through requests; a cache or a database of the site is not."""
    through_requests = False
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        through_requests = through_requests or module.startswith("requests.")
        if through_requests and module.startswith(_CLIENT):
            return True
        frame = frame.f_back
    return False


_guard: _Guard | None = None
_is_listening = False


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _guard is not None:
        _guard.hear(event, arguments)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two settings."""
    parser.addini(
        "playlyfe_network",
        "whose calls to other machines are refused: 'ours' (django-playlyfe's), 'all', or 'any' call is allowed",
        default="ours",
    )
    parser.addini("playlyfe_threads", "let django-playlyfe start threads in tests", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Take up guard for this run. An audit hook cannot be taken away, so there is one for the life of the process."""
    global _guard, _is_listening
    config.addinivalue_line("markers", "playlyfe(**options): arguments of override_playlyfe for playlyfe_game")
    network = config.getini("playlyfe_network")
    if network not in NETWORK:
        raise pytest.UsageError(f"playlyfe_network should be one of {', '.join(NETWORK)}, not {network!r}")
    before, _guard = _guard, _Guard(network, threads=config.getini("playlyfe_threads"))
    if not _is_listening:
        sys.addaudithook(_hear)
        _is_listening = True
    _guard.opened.callback(_restore, before)
    config.add_cleanup(_guard.opened.close)


def _restore(guard: _Guard | None) -> None:
    global _guard
    _guard = guard


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """By the first test, Django has loaded the site's apps."""
    if _guard is not None:
        _guard.keep_in_line()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Fail a test that called another machine, also if the code under test has swallowed the error."""
    refused = _guard.take_refused() if _guard is not None else []
    if refused:
        pytest.fail(f"called another machine: {', '.join(refused)}", pytrace=False)


@pytest.fixture
def playlyfe_game(request: pytest.FixtureRequest) -> Iterator[FakeGame]:
    """A game in memory in the place of the site's own; ``@pytest.mark.playlyfe(actions=…)`` says what is in it."""
    from django_playlyfe.testing import override_playlyfe

    marker = request.node.get_closest_marker("playlyfe")
    with override_playlyfe(*(marker.args if marker else ()), **(marker.kwargs if marker else {})) as game:
        yield game
