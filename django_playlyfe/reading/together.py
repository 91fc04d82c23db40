"""Several answers of one page at once, so that a slow game costs a page the time of about one call
(``reliability.md`` §2.2, §4)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django_playlyfe.delivery.threads import is_test_run
from django_playlyfe.exceptions import PlaylyfeError, Suppressed
from django_playlyfe.reading import bulkhead, page_budget, snapshots
from django_playlyfe.reading.answering import (
    AskedElsewhere,
    elected_and_asked,
    keep,
    keep_in_thread,
    known,
    last_known,
    queue,
    told_at_once,
    wait_for_other,
)
from django_playlyfe.reading.question import Question
from django_playlyfe.reading.shelf import Entry, Found, Shelf

if TYPE_CHECKING:
    from django_playlyfe.backends.base import GameBackend

T = TypeVar("T")

LIVE_PER_PAGE = 2
"""Things that a page about many players reads while it is built."""


def answers_together(backend: GameBackend, asked: Sequence[Question[T]]) -> dict[Question[T], T | PlaylyfeError]:
    """As :func:`~.answering.answer` for each of the few things that a page is about, those to be asked side by side."""
    shelf, looked, stored = _look(backend, asked)
    told: dict[Question[T], T | PlaylyfeError] = {}
    unknown = []
    for question, found in looked.items():
        known_now = told_at_once(backend, shelf, question, found, stored.get(question))
        if known_now is not None:
            told[question] = known_now
        elif found.error is not None:
            told[question] = found.error
        else:
            unknown.append(question)
    told.update(_side_by_side(backend, shelf, unknown))
    for question, answer in told.items():
        if isinstance(answer, PlaylyfeError):
            older: T | None = last_known(question, looked[question], stored.get(question))
            told[question] = answer if older is None else older
    return told


def answers(backend: GameBackend, asked: Sequence[Question[T]]) -> dict[Question[T], T | PlaylyfeError]:
    """The answers to many questions of one page: one look into the cache, one query, at most two calls.

    What is not known yet is an error here, and is read in the background for the next page.
    """
    shelf, looked, stored = _look(backend, asked)
    told: dict[Question[T], T | PlaylyfeError] = {}
    unknown = []
    for question, found in looked.items():
        if found.entry is not None:
            told[question] = known(backend, shelf, question, found, later=True)
        elif question in stored:
            told[question] = stored[question][0].value(question, source="stored", is_stale=True)
            queue(backend, shelf, question)
        elif found.error is not None:
            told[question] = found.error
        else:
            unknown.append(question)
    budget = page_budget.current()
    now_read = unknown[: budget.take_bulk_reads(len(unknown), LIVE_PER_PAGE)] if budget is not None else unknown[:2]
    told.update(_side_by_side(backend, shelf, now_read))
    for question in unknown[len(now_read) :]:
        told[question] = Suppressed("This is not known yet and is being read", reason="budget")
        queue(backend, shelf, question)
    return told


def _look(
    backend: GameBackend, asked: Sequence[Question[T]]
) -> tuple[Shelf, dict[Question[Any], Found], dict[Question[Any], tuple[Entry, bool]]]:
    """What the cache has, and of what it has not the snapshots: one look into each."""
    shelf = backend.shelf
    assert shelf is not None  # noqa: S101 - the caller has looked
    looked = shelf.look_at(asked)
    missing = [question for question, found in looked.items() if found.entry is None]
    return shelf, looked, snapshots.find(backend.alias, missing)


def _side_by_side(
    backend: GameBackend, shelf: Shelf, asked: Sequence[Question[T]]
) -> dict[Question[T], T | PlaylyfeError]:
    """Ask for a few things at the same time, within what is left of the page's budget; what somebody else is asking
    already is waited for."""
    budget = page_budget.current()
    seconds = backend.page_seconds if budget is None else budget.left(backend.page_seconds)
    deadline = time.monotonic() + seconds
    calls = [partial(elected_and_asked, backend, shelf, question, max(seconds, 0.1)) for question in asked]
    told: dict[Question[T], T | PlaylyfeError] = {}
    then = [partial(keep_in_thread, backend, question) for question in asked]
    for question, got in zip(asked, bulkhead.call_all_within(seconds, calls, then), strict=True):
        if isinstance(got, AskedElsewhere):
            with budget.spending() if budget is not None else nullcontext():
                told[question] = bulkhead.caught(partial(wait_for_other, shelf, question, deadline))
            continue
        if isinstance(got, PlaylyfeError):
            told[question] = got
            continue
        entry, read = got
        told[question] = read
        if is_test_run():
            keep(backend, question, entry, read)
    return told
