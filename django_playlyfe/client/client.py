"""The client, put together. Runs in a plain script, without Django settings::

from django_playlyfe.client import PlaylyfeClient

client = PlaylyfeClient(
    auth_url="https://example.com/auth/token",
    api_url="https://api.example.com/v2",
    client_id="…",
    client_secret="…",
)
client.create_player("ada", alias="Ada")
print(client.play("ada", "finish_book", {"pages": 320}).earned)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Literal

from django_playlyfe.client.addresses import check_base_url, host_of
from django_playlyfe.client.api import PlaylyfeAPI
from django_playlyfe.client.clock import SYSTEM_CHANCE, SYSTEM_CLOCK, Chance, Clock
from django_playlyfe.client.exchange import Exchange
from django_playlyfe.client.features import Features
from django_playlyfe.client.limits import CONNECT, HARD_LIMIT, READ, Limits
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.session import SMALLEST_POOL, TokenIn, Transport, TransportOptions
from django_playlyfe.client.sharing import Sharing
from django_playlyfe.client.throttle import Throttle
from django_playlyfe.client.tokens import Seal, SignedSeal, TokenEndpoint, TokenSource, TokenStore, token_key
from django_playlyfe.exceptions import ConfigurationError

_OTHER: Mapping[TokenIn, TokenIn] = {"header": "query", "query": "header"}


class PlaylyfeClient(PlaylyfeAPI):
    """One client of one game, by client credentials. Make one per process and game; threads and forks may share it.

    Args:
        auth_url: where tokens come from, ``https://<host>/auth/token``.
        api_url: base of the API with its version, ``https://api.<host>/v2``.
        client_id, client_secret: of the client at that server.
        token_in: how the token travels, ``"header"`` or ``"query"``.
        cache: returns the Django cache in which processes share the token, ``lambda: caches["default"]``; None = each
            process gets its own.
        hmac_key: with a cache, ``settings.SECRET_KEY``: names and signs what is stored there.
        seal: how the token is stored; by default signed with ``hmac_key``.
        timeout: seconds to connect, and between two pieces of an answer.
        hard_limit: seconds for one call, all in all.
        ca_bundle: path of the CA certificates to trust instead of certifi's; False, with ``debug``, checks none.
        proxies: as in requests; None = from the environment.
        allow_insecure_http: accept ``http://`` for other hosts than this one.
        pool_size: connections kept open; the number of threads if that is above 10.
        debug: accept ``ca_bundle=False``.
        clock, chance: time and jitter, for tests.

    Attributes:
        tokens: the token, for ``playlyfe_token`` and ``playlyfe_status``.
        throttle: whether the host is being left alone, and a way to say that it should be.

    Raises:
        ConfigurationError: an argument that cannot be used. The text says what to write.
    """

    def __init__(
        self,
        *,
        auth_url: str,
        api_url: str,
        client_id: str,
        client_secret: str,
        token_in: TokenIn = "header",  # noqa: S107 - the place of a token, not a token
        cache: Callable[[], Any] | None = None,
        hmac_key: str | None = None,
        seal: Seal | None = None,
        timeout: tuple[float, float] = (CONNECT, READ),
        hard_limit: float = HARD_LIMIT,
        ca_bundle: str | Literal[False] | None = None,
        proxies: Mapping[str, str] | None = None,
        allow_insecure_http: bool = False,
        pool_size: int = SMALLEST_POOL,
        debug: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        chance: Chance = SYSTEM_CHANCE,
    ) -> None:
        auth_url = check_base_url("AUTH_URL", auth_url, allow_insecure=allow_insecure_http)
        self._api_url = check_base_url("API_URL", api_url, allow_insecure=allow_insecure_http)
        _check(client_id, client_secret, token_in, ca_bundle, debug=debug)
        if cache is not None and not hmac_key:
            raise ConfigurationError("With a cache the client needs hmac_key, which signs what is stored there")
        secret = Secret(client_secret)
        self._clock = clock
        self._sharing = sharing = Sharing(cache, clock)
        store = None
        if hmac_key:
            key = token_key(auth_url, self._api_url, client_id, secret, hmac_key)
            store = TokenStore(key, sharing, seal or SignedSeal(hmac_key), clock)
        host = host_of(self._api_url)
        self._transport = Transport(TransportOptions(ca_bundle, proxies, pool_size), clock)
        self._features = Features(host, sharing, clock)
        self.throttle = Throttle(host, sharing, clock, chance)
        self.tokens = TokenSource(
            TokenEndpoint(auth_url, client_id, secret, self._transport, clock),
            store,
            other_token_in=_OTHER[token_in],
            clock=clock,
            chance=chance,
        )
        exchange = Exchange(
            self._api_url,
            self._transport,
            self.tokens,
            self.throttle,
            self._features,
            token_in=token_in,
            clock=clock,
            chance=chance,
        )
        connect, read = timeout
        super().__init__(
            exchange,
            reading=Limits(connect, read, hard_limit, attempts=2),
            writing=Limits(connect, read, hard_limit),
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._api_url}>"

    def __enter__(self) -> PlaylyfeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this process's connections. The client can be used again."""
        self._transport.close()

    def within(self, limits: Limits) -> PlaylyfeClient:
        """The same client, with its token and connections, under other limits: ``client.within(page_limits(0.8))``."""
        other = copy.copy(self)
        other._reading = other._writing = limits
        return other

    def describe(self) -> dict[str, Any]:
        """What this process knows of the server, without asking it: JSON-able, for ``playlyfe_status``. No secrets."""
        token, record, now = self.tokens.known(), self.throttle.record(), self._clock.now()
        return {
            "host": host_of(self._api_url),
            "cache": self._sharing.kind,
            "shares_with_others": self._sharing.is_usable(),
            "token": token and {"age": now - token.issued_at, "expires_in": token.expires_at - now},
            "tokens_of_this_process": self.tokens.counts(),
            "tokens_of_all_processes": self.tokens.counts_of_all(),
            "clock_offset_seconds": self._exchange.server_clock.offset(),
            "throttle": asdict(record) if record is not None and record.is_active else None,
            "features": sorted(self.features),
        }

    @property
    def api_url(self) -> str:
        """Base of the API with its version."""
        return self._api_url

    @property
    def features(self) -> frozenset[str]:
        """What the server has announced: ``idempotency``, ``played-at``."""
        return self._features.names()


def _check(client_id: str, client_secret: str, token_in: str, ca_bundle: object, *, debug: bool) -> None:
    for name, value in (("CLIENT_ID", client_id), ("CLIENT_SECRET", client_secret)):
        if not isinstance(value, str) or not value:
            raise ConfigurationError(f"{name} is missing: write what the server gave you when the client was made")
    if token_in not in _OTHER:
        raise ConfigurationError("TOKEN_IN must be 'header' or 'query'")
    if ca_bundle is False and not debug:
        raise ConfigurationError("CA_BUNDLE may be False only while DEBUG is on: write the path of your CA's file")
