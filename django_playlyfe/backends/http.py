"""A Playlyfe v2 server somewhere else as a backend, through the client of this package.

Everything asked here goes over the network: services call the reads, ``delivery`` calls the writes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_playlyfe import conf
from django_playlyfe.backends.base import DeliveryPolicy
from django_playlyfe.backends.http_options import HttpOptions, find_wrong, read_options
from django_playlyfe.backends.http_reads import HttpReads, bound_seconds
from django_playlyfe.backends.http_status import status_of
from django_playlyfe.client import EncryptedSeal, Limits, PlaylyfeClient, SignedSeal
from django_playlyfe.client.sharing import kind_of
from django_playlyfe.exceptions import APIError, ConfigurationError, ServerError
from django_playlyfe.reading.shelf import Shelf
from django_playlyfe.types import Player, PlayResult

if TYPE_CHECKING:
    from django_playlyfe.conf import GameSettings

logger = logging.getLogger("django_playlyfe")


class HttpBackend(HttpReads):
    """A game behind HTTP. ``OPTIONS`` are those of :class:`~.http_options.HttpOptions`."""

    transactional = False

    def __init__(self, settings: GameSettings) -> None:
        super().__init__(settings)
        self._has_met = False

    @cached_property
    def options(self) -> HttpOptions:
        """``OPTIONS``. Raises ConfigurationError, which names what is wrong and the lines to write."""
        return read_options(self.settings)

    @cached_property
    def client(self) -> PlaylyfeClient:
        """The client under its background limits. Raises ConfigurationError."""
        options = self.options
        key, fallback_keys = conf.signing_keys()
        seal = EncryptedSeal if options.token_encryption else SignedSeal
        return PlaylyfeClient(
            auth_url=options.auth_url,
            api_url=options.api_url,
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            token_in=options.token_in,
            cache=lambda: caches[self.settings.cache],
            hmac_key=key,
            seal=seal(key, fallback_keys),
            timeout=options.timeout,
            hard_limit=options.hard_limit,
            ca_bundle=options.ca_bundle,
            proxies=options.proxies,
            allow_insecure_http=options.allow_insecure_http,
            debug=conf.is_debug(),
        )

    def close(self) -> None:
        """Close this process's connections."""
        if "client" in self.__dict__:
            self.client.close()

    def check(self) -> list[CheckMessage]:
        """Missing credentials, wrong options, and a cache that no other process sees."""
        messages: list[CheckMessage] = [
            Error(wrong.message, hint=wrong.hint, id="django_playlyfe.E006") for wrong in find_wrong(self.settings)
        ]
        if not conf.is_debug() and kind_of(caches[self.settings.cache]) == "process":
            messages.append(
                CheckWarning(
                    f"PLAYLYFE[{self.alias!r}]['CACHE'] names {self.settings.cache!r}, which processes do not share: "
                    "each of them gets a token of its own.",
                    hint="Use Redis, Memcached, files or the database in CACHES.",
                    id="django_playlyfe.W001",
                )
            )
        return messages

    # reads that are kept ----------------------------------------------------------------------------------------------

    @cached_property
    def shelf(self) -> Shelf:
        """Answers of this server to this client."""
        scope = f"{self.alias}\n{self.options.api_url}\n{self.settings.client_id}"
        return Shelf(scope, lambda: caches[self.settings.cache])

    @property
    def page_seconds(self) -> float:
        """``PAGE_BUDGET``."""
        return self.options.page_budget

    # delivery ---------------------------------------------------------------------------------------------------------

    @property
    def delivery(self) -> DeliveryPolicy:
        """What ``OPTIONS`` say about sending."""
        return self.options.policy

    @property
    def idempotent(self) -> bool:  # type: ignore[override]  # known only once the server has answered
        """Whether the server has announced that it honours keys."""
        return "idempotency" in self.client.features

    @property
    def backdating(self) -> bool:  # type: ignore[override]  # known only once the server has answered
        """Whether the server has announced that it judges a play at the instant it happened."""
        return "played-at" in self.client.features

    @property
    def streaks(self) -> bool:  # type: ignore[override]  # known only once the server has answered
        """Whether the server has announced that it tells streaks."""
        return "streaks" in self.client.features

    def learn_abilities(self) -> None:
        """Ask the server for its status if nothing is known of it, once per process."""
        if self._has_met or self.client.features:
            return
        try:
            self._writer.status()
        except ServerError:
            raise
        except APIError:  # whatever it says about its status page, it has spoken
            logger.debug("The game does not show its status to this client")
        self._has_met = True

    def leave_alone(self, why: str) -> None:
        """Have every process leave the host alone for a while; afterwards one of them probes."""
        self.client.throttle.trip(why)

    @property
    def _writer(self) -> PlaylyfeClient:
        """The client for a call that somebody waits for, or for one in the background."""
        seconds = bound_seconds()
        if seconds is None:
            return self.client
        connect, read = self.options.timeout
        return self.client.within(Limits(connect, read, seconds, serves_page=True))

    # the token --------------------------------------------------------------------------------------------------------

    def token_status(self) -> dict[str, Any]:
        """Age and life of the token that would be sent now; none is asked for."""
        token = self.client.tokens.known()
        if token is None:
            return {"token": "none yet; the next call asks for one"}
        now = datetime.now(timezone.utc).timestamp()
        return {
            "token": token.fingerprint[:6],
            "age_seconds": round(now - token.issued_at),
            "expires_in_seconds": round(token.expires_at - now),
        }

    def reset_token(self) -> None:
        """Ask again at once, with the same secret, after the server was mended."""
        self.client.tokens.forget_failure()

    # writes -----------------------------------------------------------------------------------------------------------

    def create_player(
        self, player_id: str, *, alias: str, email: str | None = None, idempotency_key: str | None = None
    ) -> None:
        """Create a player. Raises PlayerExists, InvalidRequest, QuotaExceeded."""
        self._writer.create_player(player_id, alias=alias, email=email, idempotency_key=idempotency_key)

    def update_player(
        self, player_id: str, *, alias: str | None = None, email: str | None = None, enabled: bool | None = None
    ) -> None:
        """Change what is not None. Raises PlayerNotFound, InvalidRequest."""
        self._writer.update_player(player_id, alias=alias, email=email, enabled=enabled)

    def delete_player(self, player_id: str) -> None:
        """Erase a player. Raises PlayerNotFound."""
        self._writer.delete_player(player_id)

    def adjust_scores(
        self,
        player_id: str,
        rewards: Sequence[Mapping[str, Any]],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Change scores. The wire has no place for ``by`` and ``reason``: the server names its client."""
        return self._writer.adjust_scores(player_id, rewards, idempotency_key=idempotency_key)

    def revert_events(
        self,
        player_id: str,
        event_ids: Sequence[str],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Take the changes of these events back."""
        return self._writer.revert_events(player_id, event_ids, idempotency_key=idempotency_key)

    def reset_player(
        self, player_id: str, *, by: str = "", reason: str = "", idempotency_key: str | None = None
    ) -> Player:
        """Give a player the state of a new one."""
        return self._writer.reset_player(player_id, idempotency_key=idempotency_key)

    def play(
        self,
        player_id: str,
        action: str,
        variables: Mapping[str, Any],
        *,
        count: int = 1,
        scopes: Sequence[Mapping[str, str]] = (),
        idempotency_key: str | None = None,
        at: datetime | None = None,
    ) -> PlayResult:
        """Play; see :meth:`GameBackend.play`. ``at`` is sent where the server announced that it reads it."""
        return self._writer.play(
            player_id,
            action,
            variables,
            count=count,
            scopes=scopes,
            idempotency_key=idempotency_key,
            at=at if self.backdating else None,
        )

    # status -----------------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Whether the server answers and lets this client do what a site needs."""
        try:
            client = self.client
        except ConfigurationError as error:
            return {"ok": False, "detail": str(error)}
        return status_of(client)
