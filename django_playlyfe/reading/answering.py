"""The order in which a page gets an answer: fresh, stale from the cache, a snapshot, nothing (``reliability.md`` §4).

A page waits for the game only when nothing of the last day is known, and never longer than its budget. Whatever is
stale is shown at once and read anew behind the page's back, by one of all processes. Outside a request, in commands
and shells, the game is asked each time, and what is stored helps only when it does not answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django_playlyfe import page_budget
from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.delivery.threads import is_test_run
from django_playlyfe.exceptions import BadResponse, PlaylyfeError, ServerError, Suppressed, TransportError
from django_playlyfe.reading import snapshots
from django_playlyfe.reading.background import reader
from django_playlyfe.reading.bodies import write_body
from django_playlyfe.reading.question import Question
from django_playlyfe.reading.shelf import KEPT_FOR, Entry, Found, Shelf, now, wants_refresh
from django_playlyfe.types import Leaderboard, Source

if TYPE_CHECKING:
    from django_playlyfe.backends.base import GameBackend

T = TypeVar("T")

LIVE_PER_PAGE = 2
"""Things that a page about many players reads while it is built."""
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
    return _for_page(backend, shelf, question, found, None)


def answers(backend: GameBackend, asked: Sequence[Question[T]]) -> dict[Question[T], T | PlaylyfeError]:
    """The answers to many questions of one page: one look into the cache, one query, at most two calls.

    What is not known yet is an error here, and is read in the background for the next page.
    """
    shelf = backend.shelf
    assert shelf is not None  # noqa: S101 - the caller has looked
    looked = shelf.look_at(asked)
    missing = [question for question, found in looked.items() if found.entry is None]
    stored = snapshots.find(backend.alias, missing)
    told: dict[Question[T], T | PlaylyfeError] = {}
    unknown = []
    for question, found in looked.items():
        if found.entry is not None:
            told[question] = _known(backend, shelf, question, found, later=True)
        elif question in stored:
            told[question] = stored[question][0].value(question, source="stored", is_stale=True)
            _queue(backend, shelf, question)
        elif found.error is not None:
            told[question] = found.error
        else:
            unknown.append(question)
    budget = page_budget.current()
    now_read = unknown[: budget.take_bulk_reads(len(unknown), LIVE_PER_PAGE)] if budget is not None else unknown[:2]
    told.update(_side_by_side(backend, shelf, now_read))
    for question in unknown[len(now_read) :]:
        told[question] = Suppressed("This is not known yet and is being read", reason="budget")
        _queue(backend, shelf, question)
    return told


def known_or_asked(backend: GameBackend, question: Question[T]) -> T:
    """What the cache has, however old; else the game is asked, by this thread. For what another answer needs."""
    shelf = backend.shelf
    found = shelf.look(question) if shelf is not None else Found()
    if shelf is None or found.entry is None:
        return question.ask() if shelf is None else _fetch(shelf, question)[1]
    answer: T = found.entry.value(question, source="cache", is_stale=found.entry.age() >= question.fresh_for)
    return answer


# --- one question -----------------------------------------------------------------------------------------------------


def _for_page(
    backend: GameBackend, shelf: Shelf, question: Question[T], found: Found, stored: tuple[Entry, bool] | None
) -> T:
    entry = found.entry
    if entry is not None and not found.is_outdated:
        return _known(backend, shelf, question, found)
    if entry is None:
        stored = snapshots.find(backend.alias, [question]).get(question)
        if stored is not None and stored[1] and stored[0].age() < KEPT_FOR and not found.error:
            _refresh(backend, shelf, question, stored[0])
            return _marked(stored[0], question, "stored")
    try:
        if found.error is not None:
            raise found.error.with_traceback(None)
        return _fetch_within_budget(backend, shelf, question, is_asked=found.is_asked)
    except PlaylyfeError:
        if entry is not None:
            return _marked(entry, question, "cache")
        if stored is not None:
            return _marked(stored[0], question, "stored")
        raise


def _known(backend: GameBackend, shelf: Shelf, question: Question[T], found: Found, *, later: bool = False) -> T:
    """The entry in the cache, and a refresh if it is time; ``later``: when all pages are served."""
    entry = found.entry
    assert entry is not None  # noqa: S101 - the caller has looked
    age = entry.age()
    is_stale = found.is_outdated or age >= question.fresh_for
    if is_stale or wants_refresh(age, question.fresh_for, entry.delta, 1.0 - chance()):
        if later:
            _queue(backend, shelf, question, entry)
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
    _keep(backend, question, entry, read)
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
                return _wait_for_other(shelf, question, time.monotonic() + left)
            ask = partial(_asked, backend, shelf, question, left)
        else:  # an election here would make all others wait for our commit
            ask = partial(_elected_and_asked, backend, shelf, question, left)
        entry, read = page_budget.call_within(left, ask, then=partial(_keep_in_thread, backend, question))
    if is_test_run():  # whose transaction no other thread sees
        _keep(backend, question, entry, read)
    answer: T = read
    return answer


def _elected_and_asked(backend: GameBackend, shelf: Shelf, question: Question[T], seconds: float) -> tuple[Entry, T]:
    if not shelf.is_elected_to_ask(question) and shelf.look(question).is_asked:  # a locked SQLite elects nobody
        raise Suppressed("Another page asks the game for this right now", reason="budget")
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


def _wait_for_other(shelf: Shelf, question: Question[T], deadline: float) -> T:
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


def _keep(backend: GameBackend, question: Question[Any], entry: Entry, read: Any) -> None:
    """Store what was read for worse days."""
    snapshots.keep(backend.alias, question, entry)
    if isinstance(read, Leaderboard):
        snapshots.keep_rows(backend.alias, read)


def _keep_in_thread(backend: GameBackend, question: Question[Any], fetched: tuple[Entry, Any]) -> None:
    if not is_test_run():
        _keep(backend, question, *fetched)


# --- behind the page's back -------------------------------------------------------------------------------------------


def _refresh(backend: GameBackend, shelf: Shelf, question: Question[Any], entry: Entry) -> None:
    """Read something anew in a thread that pages share; one of all processes does, if the pool has room."""
    if not threads_can_run():
        return
    if shelf.is_writable and not shelf.is_elected_to_refresh(question, entry):
        return
    elect = not shelf.is_writable
    page_budget.call_behind(partial(_refreshed, backend, shelf, question, entry if elect else None))


def _refreshed(backend: GameBackend, shelf: Shelf, question: Question[Any], entry: Entry | None) -> None:
    """Read it. ``entry``: the answer that is to be replaced, where nobody is elected yet."""
    if entry is not None and not shelf.is_elected_to_refresh(question, entry):
        return
    try:
        fetched = _fetch(shelf, question)
    except PlaylyfeError:
        return  # the old answer stays, and the client has logged the call
    _keep_in_thread(backend, question, fetched)


def _queue(backend: GameBackend, shelf: Shelf, question: Question[Any], entry: Entry | None = None) -> None:
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
        _keep(backend, question, *fetched)

    reader().add(shelf.key(question), read)


def _side_by_side(
    backend: GameBackend, shelf: Shelf, asked: Sequence[Question[T]]
) -> dict[Question[T], T | PlaylyfeError]:
    """Ask for a few things at the same time, within what is left of the page's budget."""
    budget = page_budget.current()
    seconds = backend.page_seconds if budget is None else budget.left(backend.page_seconds)
    calls = [partial(_elected_and_asked, backend, shelf, question, max(seconds, 0.1)) for question in asked]
    told: dict[Question[T], T | PlaylyfeError] = {}
    then = [partial(_keep_in_thread, backend, question) for question in asked]
    for question, got in zip(asked, page_budget.call_all_within(seconds, calls, then), strict=True):
        if isinstance(got, PlaylyfeError):
            told[question] = got
            continue
        entry, read = got
        told[question] = read
        if is_test_run():
            _keep(backend, question, entry, read)
    return told
