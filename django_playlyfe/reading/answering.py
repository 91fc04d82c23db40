"""The order in which a page gets an answer: fresh, stale from the cache, a snapshot, nothing (``reliability.md`` §4).

A page waits for the game only when nothing of the last day is known, and never longer than its budget. Whatever is
stale is shown at once and read anew behind the page's back, by one of all processes. Outside a request, in commands
and shells, the game is asked each time, and what is stored helps only when it does not answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.delivery.threads import is_test_run
from django_playlyfe.exceptions import BadResponse, PlaylyfeError, ServerError, Suppressed, TransportError
from django_playlyfe.reading import bulkhead, page_budget, snapshots
from django_playlyfe.reading.background import reader
from django_playlyfe.reading.bodies import write_body
from django_playlyfe.reading.question import Question
from django_playlyfe.reading.shelf import KEPT_FOR, Entry, Found, Shelf, now, wants_refresh
from django_playlyfe.types import Leaderboard, Source

if TYPE_CHECKING:
    from django_playlyfe.backends.base import GameBackend

T = TypeVar("T")

_FIRST_LOOK, _LONGEST_LOOK = 0.02, 0.25
_NOT_REACHED = (TransportError, ServerError, BadResponse)

chance: Callable[[], float] = random.SystemRandom().random
"""A number in [0, 1), with which fresh answers are refreshed early; tests give another."""


def answer(backend: GameBackend, question: Question[T]) -> T:
    """The answer with its freshness; what is stored only on games that are somewhere else.

    Raises:
        PlaylyfeError: nothing is known, or the game says no and there is nothing stored either.
    """
    shelf = backend.shelf
    if shelf is None:
        return question.ask()
    if page_budget.current() is None:
        return _ask_now(backend, shelf, question)
    found = shelf.look(question)
    stored = snapshots.find(backend.alias, [question]).get(question) if found.entry is None else None
    told = told_at_once(backend, shelf, question, found, stored)
    if told is not None:
        return told
    try:
        if found.error is not None:
            raise found.error.with_traceback(None)
        return _fetch_within_budget(backend, shelf, question, is_asked=found.is_asked)
    except PlaylyfeError:
        if (told := last_known(question, found, stored)) is None:
            raise
        return told


def known_or_asked(backend: GameBackend, question: Question[T], seconds: float | None, *, fresh: bool = False) -> T:
    """What the cache has, else the game is asked, by this thread: for what another answer needs.

    Args:
        backend: of the game.
        question: what is needed.
        seconds: how long a page waits for this thread: then another's answer to the same question is waited for. None =
            no page does.
        fresh: what is stale will not do.
    """
    shelf = backend.shelf
    if shelf is None:
        return question.ask()
    found = shelf.look(question)
    entry = found.entry
    if entry is None or (fresh and (found.is_outdated or entry.age() >= question.fresh_for)):
        if seconds is None:
            return _fetch(shelf, question)[1]
        if found.error is not None:
            raise found.error
        if shelf.is_elected_to_ask(question):
            return _asked(backend, shelf, question, seconds)[1]
        entry = wait_for_entry(shelf, question, time.monotonic() + seconds)
    answer: T = entry.value(question, source="cache", is_stale=entry.age() >= question.fresh_for)
    return answer


# --- one question -----------------------------------------------------------------------------------------------------


class AskedElsewhere(Suppressed):
    """Somebody else was elected to ask, so the answer will be there soon."""


Stored = tuple[Entry, bool]
"""A snapshot, and whether it is whole."""


def told_at_once(
    backend: GameBackend, shelf: Shelf, question: Question[T], found: Found, stored: Stored | None
) -> T | None:
    """What a page shows without asking the game; None if it has to ask. What is stale is read anew behind its back."""
    if found.entry is not None and not found.is_outdated:
        return known(backend, shelf, question, found)
    if found.entry is None and stored is not None and stored[1] and stored[0].age() < KEPT_FOR and not found.error:
        _refresh(backend, shelf, question, stored[0])
        return _marked(stored[0], question, "stored")
    return None


def last_known(question: Question[T], found: Found, stored: Stored | None) -> T | None:
    """What a page shows if the game does not answer."""
    if found.entry is not None:
        return _marked(found.entry, question, "cache")
    return _marked(stored[0], question, "stored") if stored is not None else None


def known(backend: GameBackend, shelf: Shelf, question: Question[T], found: Found, *, later: bool = False) -> T:
    """The entry in the cache, and a refresh if it is time; ``later``: when all pages are served."""
    entry = found.entry
    assert entry is not None  # noqa: S101 - the caller has looked
    age = entry.age()
    is_stale = found.is_outdated or age >= question.fresh_for
    if is_stale or wants_refresh(age, question.fresh_for, entry.delta, 1.0 - chance()):
        if later:
            queue(backend, shelf, question, entry)
        else:
            _refresh(backend, shelf, question, entry)
    answer: T = entry.value(question, source="cache", is_stale=is_stale)
    return answer


def _marked(entry: Entry, question: Question[T], source: Source) -> T:
    answer: T = entry.value(question, source=source, is_stale=True)
    return answer


def _ask_now(backend: GameBackend, shelf: Shelf, question: Question[T]) -> T:
    """For a command: the game's own answer; if it cannot be reached, what is stored."""
    try:
        entry, read = _fetch(shelf, question)
    except _NOT_REACHED:
        found = shelf.look(question)
        if found.entry is not None:
            return _marked(found.entry, question, "cache")
        stored = snapshots.find(backend.alias, [question]).get(question)
        if stored is None:
            raise
        return _marked(stored[0], question, "stored")
    keep(backend, question, entry, read)
    answer: T = read
    return answer


def _fetch_within_budget(backend: GameBackend, shelf: Shelf, question: Question[T], *, is_asked: bool) -> T:
    """Ask while the page waits; if somebody else asks already, wait for their answer."""
    budget = page_budget.current()
    assert budget is not None  # noqa: S101 - only pages come here
    left = budget.left(backend.page_seconds)
    if left <= 0:
        raise Suppressed("The page has waited for the game long enough", reason="budget")
    with budget.spending():
        if shelf.is_writable:
            if is_asked or not shelf.is_elected_to_ask(question):
                return wait_for_other(shelf, question, time.monotonic() + left)
            ask = partial(_asked, backend, shelf, question, left)
        else:  # an election here would make all others wait for our commit
            ask = partial(elected_and_asked, backend, shelf, question, left)
        entry, read = bulkhead.call_within(left, ask, then=partial(keep_in_thread, backend, question))
    if is_test_run():  # whose transaction no other thread sees
        keep(backend, question, entry, read)
    answer: T = read
    return answer


def elected_and_asked(backend: GameBackend, shelf: Shelf, question: Question[T], seconds: float) -> tuple[Entry, T]:
    if not shelf.is_elected_to_ask(question) and shelf.look(question).is_asked:  # a locked SQLite elects nobody
        raise AskedElsewhere("Another page asks the game for this right now", reason="budget")
    return _asked(backend, shelf, question, seconds)


def _asked(backend: GameBackend, shelf: Shelf, question: Question[T], seconds: float) -> tuple[Entry, T]:
    """Ask, as the one who was elected, within so many seconds."""
    with backend.bounded(seconds):
        try:
            entry, read = _fetch(shelf, question)
        except PlaylyfeError as error:
            shelf.note_failed(question, error)
            raise
    shelf.note_answered(question)
    return entry, read


def wait_for_other(shelf: Shelf, question: Question[T], deadline: float) -> T:
    """The answer that another thread or process fetches."""
    answer: T = wait_for_entry(shelf, question, deadline).value(question, source="cache", is_stale=False)
    return answer


def wait_for_entry(shelf: Shelf, question: Question[Any], deadline: float) -> Entry:
    """What another thread or process puts on the shelf. Raises Suppressed (budget), and what the other has met."""
    pause = _FIRST_LOOK
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_LOOK)
        found = shelf.look(question)
        if found.entry is not None and not found.is_outdated:
            return found.entry
        if found.error is not None:
            raise found.error
        if not found.is_asked:
            break
    raise Suppressed("The game did not answer within the page's budget", reason="budget")


def _fetch(shelf: Shelf, question: Question[T]) -> tuple[Entry, T]:
    """Ask the game and put the answer on the shelf."""
    at, started = now(), time.monotonic()
    read = question.ask()
    entry = Entry(write_body(read), at, time.monotonic() - started)
    shelf.put(question, entry)
    return entry, read


def keep(backend: GameBackend, question: Question[Any], entry: Entry, read: Any) -> None:
    """Store what was read for worse days."""
    snapshots.keep(backend.alias, question, entry)
    if isinstance(read, Leaderboard):
        snapshots.keep_rows(backend.alias, read)


def keep_in_thread(backend: GameBackend, question: Question[Any], fetched: tuple[Entry, Any]) -> None:
    if not is_test_run():
        keep(backend, question, *fetched)


# --- behind the page's back -------------------------------------------------------------------------------------------


def _refresh(backend: GameBackend, shelf: Shelf, question: Question[Any], entry: Entry) -> None:
    """Read something anew in a thread that pages share; one of all processes does, if the pool has room."""
    if not threads_can_run():
        return
    if shelf.is_writable and not shelf.is_elected_to_refresh(question, entry):
        return
    elect = not shelf.is_writable
    bulkhead.call_behind(partial(_refreshed, backend, shelf, question, entry if elect else None))


def _refreshed(backend: GameBackend, shelf: Shelf, question: Question[Any], entry: Entry | None) -> None:
    """Read it. ``entry``: the answer that is to be replaced, where nobody is elected yet."""
    if entry is not None and not shelf.is_elected_to_refresh(question, entry):
        return
    try:
        fetched = _fetch(shelf, question)
    except PlaylyfeError:
        return  # the old answer stays, and the client has logged the call
    keep_in_thread(backend, question, fetched)


def queue(backend: GameBackend, shelf: Shelf, question: Question[Any], entry: Entry | None = None) -> None:
    """Read something when the thread of this process gets to it."""

    def read() -> None:
        if entry is not None and not shelf.is_elected_to_refresh(question, entry):
            return
        if entry is None and not shelf.is_elected_to_ask(question):
            return
        if entry is None:
            fetched = _asked(backend, shelf, question, backend.delivery.hard_limit)
        else:
            fetched = _fetch(shelf, question)
        keep(backend, question, *fetched)

    reader().add(shelf.key(question), read)
