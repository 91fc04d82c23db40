"""The memo of one request: the same question asked twice while a page is built is one look-up (``reliability.md`` §4).

The memo is tied to the request: ``request_started`` opens an empty one, ``request_finished`` drops it. It lives in a
context variable, so requests in other threads and tasks never share it, and outside a request (commands, shells, task
queues) nothing is remembered. A write to a game forgets all that was read from that game, and while the writing
transaction is open nothing new is remembered: it may still be rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from django.core.signals import request_finished, request_started
from django.db import transaction

from django_playlyfe.exceptions import PlaylyfeError

T = TypeVar("T")


@dataclass
class _Memo:
    """What one request has read: per game, question -> answer, or the error it raised."""

    answers: dict[str, dict[Hashable, Any]] = field(default_factory=dict)
    unsettled: dict[str, int] = field(default_factory=dict)
    """Per game, how many writes wait for their commit."""


_current: ContextVar[_Memo | None] = ContextVar("django_playlyfe_memo", default=None)


def remember(game: str, question: Hashable, ask: Callable[[], T]) -> T:
    """The answer of ``ask()``, asked at most once per request. A PlaylyfeError is an answer too, and raised again.

    Args:
        game: alias of the game that is asked.
        question: what is asked, with all its arguments.
        ask: makes the look-up.
    """
    memo = _current.get()
    if memo is None or memo.unsettled.get(game):
        return ask()
    answers = memo.answers.setdefault(game, {})
    if question not in answers:
        try:
            answers[question] = ask()
        except PlaylyfeError as error:
            answers[question] = error
    answer = answers[question]
    if isinstance(answer, PlaylyfeError):
        raise answer.with_traceback(None)
    return cast("T", answer)


def forget(game: str, using: str | None = None) -> None:
    """Forget all that was read from a game, because something is written to it on the database ``using``."""
    memo = _current.get()
    if memo is None:
        return
    memo.answers.pop(game, None)
    if transaction.get_connection(using).in_atomic_block:
        memo.unsettled[game] = memo.unsettled.get(game, 0) + 1
        transaction.on_commit(lambda: _settle(memo, game), using=using)


def _settle(memo: _Memo, game: str) -> None:
    """The write is committed. One that is rolled back never gets here: its game stays unremembered in this request."""
    memo.unsettled[game] -= 1
    memo.answers.pop(game, None)


def _open(**_kwargs: Any) -> None:
    _current.set(_Memo())


def _drop(**_kwargs: Any) -> None:
    _current.set(None)


def connect() -> None:
    """Follow requests. Called once, by the app."""
    request_started.connect(_open, dispatch_uid="django_playlyfe.memo.open")
    request_finished.connect(_drop, dispatch_uid="django_playlyfe.memo.drop")
