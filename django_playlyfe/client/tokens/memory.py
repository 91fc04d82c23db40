"""What one process knows about its token: its copy (L1), what was refused, whose turn it is (``reliability.md`` §1.3).

Every test of time takes the later of two clocks: a wall clock that was set back must not make a token live longer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from django_playlyfe.client.clock import Chance, Clock
from django_playlyfe.client.redaction import logger
from django_playlyfe.client.tokens.failures import Failure
from django_playlyfe.client.tokens.windows import Token

_REMEMBERED_REFUSALS = 8
_YOUNG = 60.0
_YOUNG_REFUSALS = 3


class ProcessMemory:
    """One process's knowledge. Made anew after a fork.

    Attributes:
        turn: held by the one thread that renews.
        failure: the remembered failure while this process shares nothing with others.
        single_use_at: monotonic; when a token too short-lived to keep was last asked for.
        requests, refusals: tokens asked for, and tokens that the API refused, since this process began.
    """

    def __init__(self, clock: Clock, chance: Chance) -> None:
        self._clock = clock
        self._shift = chance.uniform(-0.1, 0.1)
        self._copy: Token | None = None
        self._taken = (0.0, 0.0)
        self._rejected: deque[str] = deque(maxlen=_REMEMBERED_REFUSALS)
        self._young_refusals = 0
        self.turn = threading.Lock()
        self.failure: Failure | None = None
        self.single_use_at = float("-inf")
        self.requests = 0
        self.refusals = 0

    def adopt(self, token: Token) -> Token:
        """Keep a copy of the token that is current."""
        if self._copy is None or self._copy.fingerprint != token.fingerprint:
            self._taken = (self._clock.now(), self._clock.monotonic())
            self._copy = token
        return token

    def fresh(self, *others: Token | None) -> Token | None:
        """The copy, else one of ``others``, that need not be renewed yet."""
        return self._first(others, lambda token: token.renews_at(self._shift))

    def spare(self, *others: Token | None) -> Token | None:
        """One that is better used than waited for: its renewal is early."""
        return self._first(others, lambda token: token.must_renew_at)

    def last_resort(self, *others: Token | None) -> Token | None:
        """One that has not expired."""
        return self._first(others, lambda token: token.expires_at)

    def reject(self, token: Token) -> None:
        """The API refused the token: it is not sent from this process again."""
        if token.fingerprint in self._rejected:
            return
        self._rejected.append(token.fingerprint)
        self.refusals += 1
        is_young = self._clock.now() - token.issued_at < _YOUNG
        self._young_refusals = self._young_refusals + 1 if is_young else 0
        logger.info("token.refused token=%s", token.fingerprint[:6], extra={"event": "token.refused"})
        if self._young_refusals >= _YOUNG_REFUSALS:
            self._young_refusals = 0
            logger.warning(
                "token.refused %d tokens in a row within a minute of their issue. If the server keeps only the newest "
                "one valid, processes push each other out: give the game a cache that they share",
                _YOUNG_REFUSALS,
                extra={"event": "token.refused"},
            )

    def _first(self, others: tuple[Token | None, ...], limit: Callable[[Token], float]) -> Token | None:
        copy, (wall, monotonic) = self._copy, self._taken
        now = self._clock.now()
        for token in (copy, *others):
            if token is None or token.fingerprint in self._rejected:
                continue
            is_copy = copy is not None and token.fingerprint == copy.fingerprint
            if (max(now, wall + self._clock.monotonic() - monotonic) if is_copy else now) < limit(token):
                return token
        return None
