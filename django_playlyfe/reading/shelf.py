"""Answers of a remote game in the cache: value, instant, how long it took (``reliability.md`` §4).

An answer is kept for a day, long after it stopped being fresh, and an error never takes its place. Beside it stand the
marks by which one process is elected to ask: nothing here is ever needed, the cache is only speed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from django_playlyfe import instants, wire
from django_playlyfe.client.sharing import CacheDown, Sharing
from django_playlyfe.exceptions import APIError, NotFound, PlayerNotFound, PlaylyfeError, Suppressed
from django_playlyfe.reading.bodies import read_body
from django_playlyfe.reading.question import Question
from django_playlyfe.types import Source

FORMAT = 1
"""Part of every key: what another version of this package has stored is not found, and ends by itself."""
KEPT_FOR = 24 * 3600
_BUSY_FOR = 20
_REFRESHING_FOR = 30
_FAILED_FOR = 2
_UNKNOWN_PLAYER_FOR = 30
_TOUCHED_FOR = KEPT_FOR


@dataclass(frozen=True)
class Entry:
    """A stored answer.

    Attributes:
        body: as :func:`~.bodies.write_body` made it.
        at: seconds since the epoch: when the game was asked.
        delta: seconds that the asking took.
        patched: the instant up to which the player's own plays are in it; 0 for none.
    """

    body: Any
    at: float
    delta: float = 0.0
    patched: float = 0.0

    def value(self, question: Question[Any], *, source: Source, is_stale: bool) -> Any:
        """The answer, marked. Raises what :func:`~.bodies.read_body` raises."""
        read = read_body(question.shape, self.body)
        return replace(read, as_of=datetime.fromtimestamp(self.at, timezone.utc), is_stale=is_stale, source=source)

    def age(self) -> float:
        """Seconds; a clock that was put back makes nothing younger than new."""
        return max(now() - self.at, 0.0)


@dataclass(frozen=True)
class Found:
    """What the cache knows about a question.

    Attributes:
        entry: the stored answer.
        is_outdated: the player has played since, and the play is not in the answer.
        error: a failure of a moment ago, with which nobody asks again.
        is_asked: somebody is asking right now.
    """

    entry: Entry | None = None
    is_outdated: bool = False
    error: PlaylyfeError | None = None
    is_asked: bool = False


def now() -> float:
    """Seconds since the epoch."""
    return instants.now().timestamp()


def wants_refresh(age: float, fresh_for: float, delta: float, chance: float) -> bool:
    """Whether a fresh answer is read anew early: the rarer, the more time is left (``reliability.md`` §4).

    Args:
        delta: seconds that reading takes.
        chance: a number in (0, 1], drawn anew each time.
    """
    return -delta * math.log(chance) >= fresh_for - age


class Shelf:
    """The stored answers of one game.

    Args:
        scope: names the game, its server and our client there.
        cache: the cache, which may fail, lie or not be there.
    """

    def __init__(self, scope: str, cache: Callable[[], Any]) -> None:
        self._scope = hashlib.sha256(scope.encode()).hexdigest()[:20]
        self._sharing = Sharing(cache)

    def key(self, question: Question[Any]) -> str:
        """Below 80 characters, safe for Memcached."""
        ident = hashlib.sha256(f"{question.kind}\n{question.ident}".encode()).hexdigest()[:32]
        return f"playlyfe:read:{FORMAT}:{self._scope}:{ident}"

    @property
    def is_writable(self) -> bool:
        """False inside a transaction of the database that holds the cache (``reliability.md`` §1.7)."""
        return self._sharing.is_writable()

    def look(self, question: Question[Any]) -> Found:
        """What is known about one question."""
        return self.look_at([question])[question]

    def look_at(self, questions: Iterable[Question[Any]]) -> dict[Question[Any], Found]:
        """What is known about several questions: one ``get_many``."""
        wanted = list(questions)
        keys = {question: self.key(question) for question in wanted}
        names = [name for key in keys.values() for name in (key, f"{key}:asked")]
        names += dict.fromkeys(self._touched(question.player_id) for question in wanted if question.player_id)
        stored = self._read(names)
        return {question: self._found(question, keys[question], stored) for question in wanted}

    def put(self, question: Question[Any], entry: Entry) -> None:
        """Keep an answer."""
        self._set(self.key(question), {"body": entry.body, **_times(entry)}, KEPT_FOR)

    def drop(self, question: Question[Any]) -> None:
        """Forget an answer that this site has made wrong."""
        self._delete(self.key(question))

    def touch(self, player_id: str) -> float:
        """The player has done something: what was read of the player before is outdated. Returns the instant."""
        instant = now()
        self._set(self._touched(player_id), instant, _TOUCHED_FOR)
        return instant

    # elections --------------------------------------------------------------------------------------------------------

    def is_elected_to_ask(self, question: Question[Any]) -> bool:
        """True for the one who asks; also where the cache cannot decide, which costs calls and nothing else."""
        return self._add(f"{self.key(question)}:asked", {"at": now()}, _BUSY_FOR)

    def is_elected_to_refresh(self, question: Question[Any], entry: Entry) -> bool:
        """True for the one who reads this very answer anew."""
        return self._add(f"{self.key(question)}:{entry.at:.3f}", 1, _REFRESHING_FOR)

    def note_answered(self, question: Question[Any]) -> None:
        """The asking is over."""
        self._delete(f"{self.key(question)}:asked")

    def note_failed(self, question: Question[Any], error: PlaylyfeError) -> None:
        """The asking has failed: for a moment nobody asks again. That there is no such player holds for longer."""
        told = {"at": now(), "code": error.code, "text": error.description if isinstance(error, APIError) else ""}
        seconds = _FAILED_FOR
        if isinstance(error, NotFound) and question.missing_for is not None:
            seconds = question.missing_for
        elif isinstance(error, PlayerNotFound):
            seconds = _UNKNOWN_PLAYER_FOR
        self._set(f"{self.key(question)}:asked", told, seconds)

    # ------------------------------------------------------------------------------------------------------------------

    def _touched(self, player_id: str) -> str:
        return f"playlyfe:touched:{FORMAT}:{self._scope}:{hashlib.sha256(player_id.encode()).hexdigest()[:32]}"

    def _found(self, question: Question[Any], key: str, stored: Mapping[str, Any]) -> Found:
        entry = _entry(stored.get(key), question)
        touched = stored.get(self._touched(question.player_id)) if question.player_id else None
        touched = touched if isinstance(touched, float) else 0.0
        asked = stored.get(f"{key}:asked")
        asked = asked if isinstance(asked, dict) and asked.get("at", 0.0) >= touched else {}
        return Found(
            entry,
            is_outdated=entry is not None and max(entry.at, entry.patched) < touched,
            error=_remembered(asked),
            is_asked=bool(asked) and "code" not in asked,
        )

    def _read(self, names: list[str]) -> dict[str, Any]:
        if not self._sharing.is_reachable():
            return {}
        with suppress(CacheDown):
            return self._sharing.read(names)
        return {}

    def _add(self, name: str, value: Any, timeout: int) -> bool:
        if not self._sharing.is_reachable():
            return True
        try:
            return self._sharing.add(name, value, timeout)
        except CacheDown:
            return True

    def _set(self, name: str, value: Any, timeout: int) -> None:
        if self._sharing.is_reachable() and self._sharing.is_writable():
            with suppress(CacheDown):
                self._sharing.set(name, value, timeout)

    def _delete(self, name: str) -> None:
        if self._sharing.is_reachable() and self._sharing.is_writable():
            with suppress(CacheDown):
                self._sharing.delete(name)


def _times(entry: Entry) -> dict[str, float]:
    return {"at": entry.at, "delta": entry.delta, "patched": entry.patched}


def _entry(stored: Any, question: Question[Any]) -> Entry | None:
    """The entry, if it is one: what is damaged, or another program's, is a miss."""
    try:
        entry = Entry(stored["body"], float(stored["at"]), float(stored["delta"]), float(stored["patched"]))
        read_body(question.shape, entry.body)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return entry


def _remembered(asked: Mapping[str, Any]) -> PlaylyfeError | None:
    if "code" not in asked:
        return None
    if not asked["text"]:
        return Suppressed("The game has just failed to answer this", reason="throttled")
    error: PlaylyfeError = wire.make_error(str(asked["code"]), str(asked["text"]))
    return error
