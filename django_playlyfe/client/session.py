"""The sessions of requests that carry all calls: one pool per process, one light session per thread
(``reliability.md`` §2.1, §2.6).

:meth:`Transport.send` never raises for what happens on the network. It says what came, or what failed and whether the
request had left; so no exception of a library, with the URL and the token in it, goes further than this module.
"""

from __future__ import annotations

import http.client
import platform
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Literal

import django
import requests
from requests.auth import AuthBase
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import exceptions as urllib3_errors

from django_playlyfe import __version__
from django_playlyfe.client.bodies import PIECE, read_body, read_piece
from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.client.connections import Flight, WatchedAdapter, flying
from django_playlyfe.client.outcomes import Arrived, Failed, FailureReason
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.streams import OpenBody
from django_playlyfe.client.watchdog import watchdog
from django_playlyfe.exceptions import ConfigurationError

USER_AGENT = (
    f"django-playlyfe/{__version__} (+https://pypi.org/project/django-playlyfe/) Django/{django.__version__} "
    f"Python/{platform.python_version()} requests/{requests.__version__}"
)
SMALLEST_POOL = 10

TokenIn = Literal["header", "query"]


class NoCredentials(AuthBase):
    """An ``auth=`` that adds nothing. Without any, requests would take credentials from ``~/.netrc``."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


class BearerToken(AuthBase):
    """Attaches the token. ``~/.netrc`` replaces an ``Authorization`` header, but never an ``auth=`` object (§1.5)."""

    def __init__(self, token: Secret, token_in: TokenIn) -> None:
        self._token = token
        self._token_in = token_in

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token_in == "query":  # noqa: S105 - the place of a token, not a token
            assert r.url is not None  # noqa: S101 - prepare_auth() runs after prepare_url()
            r.prepare_url(r.url, {"access_token": self._token.reveal()})
        else:
            r.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return r


@dataclass(frozen=True)
class Outgoing:
    """One HTTP request, ready but for its credentials."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None
    largest_answer: int
    streams_for: float = 0.0
    """Seconds in which a body of more than one piece is read piece by piece; 0 = it is read at once."""

    @property
    def is_write(self) -> bool:
        """Whether a lost answer would matter."""
        return self.method != "GET"


@dataclass(frozen=True)
class TransportOptions:
    """How connections are made.

    Attributes:
        ca_bundle: path of the CA certificates to trust; None = those of certifi; False = none are checked.
        proxies: as in requests; None = from the environment; empty = none.
        pool_size: connections kept; give the number of threads if it is above 10.
    """

    ca_bundle: str | Literal[False] | None = None
    proxies: Mapping[str, str] | None = None
    pool_size: int = SMALLEST_POOL

    def __post_init__(self) -> None:
        if isinstance(self.ca_bundle, str) and not Path(self.ca_bundle).exists():
            raise ConfigurationError(f"CA_BUNDLE: there is no file {self.ca_bundle}")


class _Session(requests.Session):
    """A session that keeps no cookies and looks at no redirect."""

    def __init__(self, adapter: WatchedAdapter) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.clear()
        self.headers.update(
            {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        )
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: ``allow_redirects=False`` alone would still read the body of a redirect to prepare the next request."""
        return None


class _Pools:
    """What one process has: the pool, and a session for each of its threads."""

    def __init__(self, pool_size: int) -> None:
        self.adapter = WatchedAdapter(max(pool_size, SMALLEST_POOL))
        self._local = threading.local()

    def session(self) -> requests.Session:
        """This thread's session. Shared by threads, it would send one user's cookies with another's call."""
        try:
            return self._local.session  # type: ignore[no-any-return]  # a thread local has no types
        except AttributeError:
            self._local.session = _Session(self.adapter)
            return self._local.session  # type: ignore[no-any-return]  # see above


class Transport:
    """Sends requests and says what became of them. One per process and game; threads and forks may share it."""

    def __init__(self, options: TransportOptions | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self.options = options or TransportOptions()
        self._clock = clock
        self._pools = PerProcess(lambda: _Pools(self.options.pool_size))

    def send(self, outgoing: Outgoing, auth: AuthBase, *, connect: float, read: float, wall: float) -> Arrived | Failed:
        """Send one request and read its answer, within ``wall`` seconds."""
        flight = Flight(is_write=outgoing.is_write, clock=self._clock)
        result: Arrived | Failed
        with flying(flight), watchdog().watching(wall, flight.cut):
            try:
                result = self._attempt(outgoing, auth, flight, min(connect, wall), min(read, wall))
            except _NETWORK_ERRORS as error:
                reason = _reason(error, sent=flight.sent)
                if reason == "read_timeout" and read >= wall:
                    reason = "deadline"  # what it has met is the limit of the whole call, before the watchdog came
                result = Failed(reason, flight.sent, type(error).__name__)
        if flight.was_cut:  # headers cut short are parsed as a valid, empty 200
            if isinstance(result, Arrived) and result.stream is not None:
                result.stream.close()
            return Failed("deadline", flight.sent)
        return result

    def close(self) -> None:
        """Close all connections of this process."""
        self._pools().adapter.close()

    def _attempt(self, outgoing: Outgoing, auth: AuthBase, flight: Flight, connect: float, read: float) -> Arrived:
        session = self._pools().session()
        request = session.prepare_request(
            requests.Request(
                outgoing.method,
                outgoing.url,
                headers=dict(outgoing.headers),
                params=dict(outgoing.query),
                data=outgoing.body,
                auth=auth,
            )
        )
        proxies = self._proxies(outgoing.url)
        if (select_proxy(outgoing.url, proxies) or "").lower().startswith("socks"):
            flight.sent = True  # those connections are not ours, so nobody can say that nothing left
        response = session.send(
            request,
            stream=True,
            timeout=(connect, read),
            allow_redirects=False,
            # As an argument: REQUESTS_CA_BUNDLE of the environment would override session.verify.
            verify=self.options.ca_bundle if self.options.ca_bundle is not None else True,
            proxies=proxies,
        )
        headers = response.headers
        if response.status_code < 200 or 300 <= response.status_code < 400:  # nothing more is read of these
            response.raw.close()
            return Arrived(response.status_code, headers)
        if outgoing.streams_for and response.status_code == 200:
            return _open(response, flight, outgoing)
        body, trouble = read_body(response.raw, outgoing.largest_answer)
        return Arrived(response.status_code, headers, body, trouble)

    def _proxies(self, url: str) -> dict[str, str]:
        if self.options.proxies is not None:
            return dict(self.options.proxies)
        return dict(get_environ_proxies(url))


def _open(response: requests.Response, flight: Flight, outgoing: Outgoing) -> Arrived:
    """The answer with its first piece; nothing is left open if that is all."""
    raw, headers = response.raw, response.headers
    if (headers.get("Content-Length") or "").isdecimal() and int(headers["Content-Length"]) > outgoing.largest_answer:
        raw.close()
        return Arrived(response.status_code, headers, trouble="too_large")
    head = b""
    while len(head) < PIECE:
        piece, trouble = read_piece(raw)
        if trouble or not piece:
            return Arrived(response.status_code, headers, head, trouble)
        head += piece
    flight.stays = True
    limit = outgoing.largest_answer - len(head)
    body = OpenBody(head, raw, flight, limit=limit, seconds=outgoing.streams_for)
    return Arrived(response.status_code, headers, head, stream=body)


_NETWORK_ERRORS = (requests.RequestException, urllib3_errors.HTTPError, http.client.HTTPException, OSError)
_UNREADABLE = (
    http.client.LineTooLong,
    http.client.BadStatusLine,
    http.client.UnknownProtocol,
    urllib3_errors.InvalidHeader,
)


def _reason(error: BaseException, *, sent: bool) -> FailureReason:
    """The cause of a failure, from all exceptions that the libraries wrapped into one another."""
    chain = list(_wrapped(error))

    def holds(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    if not sent:
        if holds(urllib3_errors.ProxyError, requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL):
            return "proxy"
        if holds(urllib3_errors.NameResolutionError):
            return "dns"
        if holds(urllib3_errors.SSLError, requests.exceptions.SSLError):
            return "tls"
        if holds(urllib3_errors.ConnectTimeoutError, TimeoutError) and not holds(urllib3_errors.NewConnectionError):
            return "connect_timeout"
        return "refused"
    if holds(urllib3_errors.ReadTimeoutError, requests.exceptions.ReadTimeout):
        return "read_timeout"
    if holds(ConnectionResetError):  # also http.client.RemoteDisconnected, which is a BadStatusLine too
        return "connection_lost"
    if holds(*_UNREADABLE) or any(type(link) is http.client.HTTPException for link in chain):
        return "unreadable"
    return "connection_lost"


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """An exception and all inside it: causes, contexts, arguments, ``reason`` of urllib3's."""
    found: list[BaseException] = [error]
    seen: set[int] = set()
    while found:
        link = found.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        found.extend(entry for entry in inner if isinstance(entry, BaseException))
