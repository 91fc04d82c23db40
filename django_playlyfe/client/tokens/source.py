"""Gets tokens: the algorithm of ``reliability.md`` §1.3 and §1.4, step by step.

A token is never deleted from the cache. It is overwritten only, and only by the holder of a lease whose key names the
token being replaced; so a worker that lags behind cannot remove a newer one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django_playlyfe.client.clock import SYSTEM_CHANCE, SYSTEM_CLOCK, Chance, Clock
from django_playlyfe.client.errors import suppressed
from django_playlyfe.client.per_process import PerProcess
from django_playlyfe.client.redaction import logger
from django_playlyfe.client.sharing import CacheDown
from django_playlyfe.client.tokens import failures
from django_playlyfe.client.tokens.counts import Counts, Event
from django_playlyfe.client.tokens.endpoint import TokenEndpoint
from django_playlyfe.client.tokens.failures import Failure
from django_playlyfe.client.tokens.leases import Lease, Leases, leases_for
from django_playlyfe.client.tokens.memory import ProcessMemory
from django_playlyfe.client.tokens.store import TokenStore, View
from django_playlyfe.client.tokens.windows import LONGEST_LIFE, Token, issue
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

LONGEST_WAIT = 6.0
_FIRST_POLL, _LAST_POLL = 0.02, 0.25
_SINGLE_USE_EVERY = 5.0


class TokenSource:
    """The token of one client at one server. One per process and game; threads and forks may share it.

    Args:
        endpoint: where tokens come from.
        store: where processes share them; None = per-process mode.
        other_token_in: named in the error when a fresh token is refused.
    """

    def __init__(
        self,
        endpoint: TokenEndpoint,
        store: TokenStore | None,
        *,
        other_token_in: str,
        clock: Clock = SYSTEM_CLOCK,
        chance: Chance = SYSTEM_CHANCE,
    ) -> None:
        self._endpoint = endpoint
        self._store = store
        self._counts = Counts(store, clock) if store is not None else None
        self._other_token_in = other_token_in
        self._clock = clock
        self._chance = chance
        self._frozen: Token | None = None
        self._memory = PerProcess(lambda: ProcessMemory(clock, chance))  # step 0: a fork starts empty

    def get(self, deadline: float, *, rejected: Token | None = None) -> Token:
        """A token to send.

        Args:
            deadline: monotonic; how long this caller can wait for others. A request of its own has its own limit.
            rejected: a token that the API has just refused.

        Raises:
            PlaylyfeError: no token is to be had now; its outcome says that nothing was sent.
            ConfigurationError: AUTH_URL names no Playlyfe server.
        """
        if self._frozen is not None:
            return self._frozen
        memory = self._memory()
        if rejected is not None:
            memory.reject(rejected)
            self._note("refused")
        if (token := memory.fresh()) is not None:
            return token
        until = min(deadline, self._clock.monotonic() + LONGEST_WAIT)
        # An early renewal delays one caller and nobody else: threads that still have a good token do not queue.
        seconds = 0.0 if memory.spare() is not None else max(until - self._clock.monotonic(), 0.0)
        if not memory.turn.acquire(timeout=seconds):
            return self._last_resort(memory, None, self._no_token())
        try:
            return memory.fresh() or self._renew(memory, until)
        finally:
            memory.turn.release()

    def refused_again(self, token: Token) -> Exception:
        """The error for a fresh token that was refused too; remembered, so that nobody renews for 30 seconds."""
        memory, now = self._memory(), self._clock.now()
        memory.reject(token)
        self._note("refused")
        text = (
            "The game refuses a token that its own token endpoint has just issued. "
            f"If the server looks for tokens elsewhere, set TOKEN_IN to '{self._other_token_in}'"
        )
        failure = failures.refused(text, now)
        self._remember(memory, failure)
        return failure.error(now)

    @contextlib.contextmanager
    def frozen(self, value: str) -> Iterator[None]:
        """Inside, this is the token, and nobody is asked for one: for tests."""
        before = self._frozen
        self._frozen = issue(value, LONGEST_LIFE, self._clock.now())
        try:
            yield
        finally:
            self._frozen = before

    def forget_failure(self) -> None:
        """Ask again at once, with the same secret (``playlyfe_token --reset``)."""
        self._memory().failure = None
        if (store := self._shared()) is not None:
            with contextlib.suppress(CacheDown):
                store.forget_failure()

    def known(self) -> Token | None:
        """The token that would be sent now, without asking for one; None if one would have to be fetched."""
        memory = self._memory()
        if (token := memory.fresh()) is None and (store := self._shared()) is not None:
            with contextlib.suppress(CacheDown):
                token = memory.fresh(store.look().token)
        return token

    def counts(self) -> dict[str, int]:
        """Tokens asked for and tokens refused by the API, since this process began."""
        memory = self._memory()
        return {"requests": memory.requests, "refused": memory.refusals}

    def counts_of_all(self) -> dict[str, dict[str, int]] | None:
        """The same of all processes, today and yesterday (UTC); None while this process is on its own."""
        return self._counts.read() if self._counts is not None else None

    def _note(self, event: Event) -> None:
        if self._counts is not None:
            self._counts.note(event)

    # the two modes ----------------------------------------------------------------------------------------------------

    def _shared(self) -> TokenStore | None:
        """Where to look together with others, None while this process is on its own."""
        return self._store if self._store is not None and self._store.sharing.is_usable() else None

    def _renew(self, memory: ProcessMemory, until: float) -> Token:
        if (store := self._shared()) is not None:
            with contextlib.suppress(CacheDown):
                return self._renew_together(memory, store, until)
        return self._renew_alone(memory)

    def _renew_alone(self, memory: ProcessMemory) -> Token:
        """Per-process mode: one request per process, not per call."""
        if (failure := self._current(memory.failure)) is not None:
            return self._last_resort(memory, None, failure.error(self._clock.now()))
        self._check_single_use(memory)
        answer = self._ask(memory, memory.failure)
        if isinstance(answer, Failure):
            memory.failure = answer
            return self._last_resort(memory, None, answer.error(self._clock.now()))
        memory.failure = failures.after_success(memory.failure, self._clock.now())
        return answer if answer.is_single_use else memory.adopt(answer)

    def _renew_together(self, memory: ProcessMemory, store: TokenStore, until: float) -> Token:
        """Steps 4 to 7: whoever gets the lease fetches, the others wait for what comes of it."""
        leases = leases_for(store.key, store.sharing, self._clock)
        while True:
            view = store.look()
            if (token := self._settled(memory, view)) is not None:
                return token
            if not store.sharing.is_writable():
                return self._renew_alone(memory)
            self._check_single_use(memory)
            if (lease := leases.take(view.previous)) is not None:
                with lease:
                    return self._renew_holding(memory, store, lease)
            if (spare := memory.spare(view.token)) is not None:
                return spare
            # From here on somebody else fetches, and this caller has nothing to send.
            if not self._poll(store, leases, view.previous, until):
                return self._last_resort(memory, view.token, self._no_token())

    def _renew_holding(self, memory: ProcessMemory, store: TokenStore, lease: Lease) -> Token:
        """Step 6: fetch, unless somebody has just finished."""
        view = store.look()
        if (token := self._settled(memory, view)) is not None:
            return token
        answer = self._ask(memory, view.failure)
        if isinstance(answer, Failure):
            self._remember(memory, answer)
            return self._last_resort(memory, view.token, answer.error(self._clock.now()))
        if answer.is_single_use:
            return answer
        with contextlib.suppress(CacheDown):  # the token is good all the same
            there = store.look()
            if there.previous != view.previous and (other := memory.fresh(there.token)) is not None:
                lease.keep()
                return memory.adopt(other)  # this process was stopped, and another one went ahead: ours is dropped
            if store.put(answer):
                lease.keep()
            if (failure := failures.after_success(view.failure, self._clock.now())) is not None:
                store.remember(failure)
            elif view.failure is not None:
                store.forget_failure()
        return memory.adopt(answer)

    def _poll(self, store: TokenStore, leases: Leases, previous: str, until: float) -> bool:
        """Step 7: wait while another process fetches. False when the time is over."""
        pause = _FIRST_POLL
        while (remaining := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(pause * self._chance.uniform(0.75, 1.25), remaining))
            pause = min(pause * 1.5, _LAST_POLL)
            view = store.look(leases.key(previous))
            if view.previous != previous or self._current(view.failure) is not None:
                store.sharing.note_stored()
                return True
            if leases.is_free(previous, view.entries):
                if leases.are_in_cache:
                    store.sharing.note_missing()  # we did not get it, and nobody has it
                return True
            store.sharing.note_stored()
        return False

    # the parts --------------------------------------------------------------------------------------------------------

    def _settled(self, memory: ProcessMemory, view: View) -> Token | None:
        """What the cache says already: a token that somebody else renewed, or a failure that is still in force."""
        if (token := memory.fresh(view.token)) is not None:
            return memory.adopt(token)
        if (failure := self._current(view.failure)) is not None:
            return self._last_resort(memory, view.token, failure.error(self._clock.now()))
        return None

    def _ask(self, memory: ProcessMemory, previous: Failure | None) -> Token | Failure:
        """One request, logged: a token, or the failure to remember."""
        started = self._clock.monotonic()
        memory.requests += 1
        self._note("requests")
        try:
            token = self._endpoint.fetch()
        except (PlaylyfeError, ConfigurationError) as error:
            failure = failures.remember(error, previous, self._clock.now(), self._chance)
            wait = failure.until - self._clock.now()
            logger.warning(
                "token.failed kind=%s n=%d wait=%.1fs", failure.kind, failure.n, wait, extra={"event": "token.failed"}
            )
            return failure
        if token.is_single_use:
            memory.single_use_at = started
        logger.info(
            "token.fetched ms=%.0f life=%.0fs token=%s",
            (self._clock.monotonic() - started) * 1000,
            token.life,
            token.fingerprint[:6],
            extra={"event": "token.fetched"},
        )
        return token

    def _check_single_use(self, memory: ProcessMemory) -> None:
        """Tokens that live 10 seconds or less serve one call, and are asked for at most every five seconds."""
        wait = memory.single_use_at + _SINGLE_USE_EVERY - self._clock.monotonic()
        if wait > 0:
            raise suppressed("no_token", "The server's tokens live too short", now=self._clock.now(), wait=wait)

    def _remember(self, memory: ProcessMemory, failure: Failure) -> None:
        if (store := self._shared()) is not None and store.sharing.is_writable():
            with contextlib.suppress(CacheDown):
                store.remember(failure)
                return
        memory.failure = failure

    def _current(self, failure: Failure | None) -> Failure | None:
        return failure if failure is not None and failure.until > self._clock.now() else None

    def _last_resort(self, memory: ProcessMemory, token: Token | None, error: Exception) -> Token:
        """A token that should have been renewed but has not expired, else the error."""
        if (resort := memory.last_resort(token)) is not None:
            return resort
        raise error

    def _no_token(self) -> PlaylyfeError:
        return suppressed("no_token", "No token came in time", now=self._clock.now())
