"""Pictures of a game that is somewhere else: each is fetched once a day by all processes together, one that is missing
is asked for once an hour (``reliability.md`` §2.9, §2.10, §4).

Unlike other answers they are in the cache only, and no copy is shown that is older than a day.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Any

from django_playlyfe.exceptions import PlaylyfeError, ResponseLost, Suppressed
from django_playlyfe.reading import bulkhead, page_budget
from django_playlyfe.reading.answering import wait_for_entry
from django_playlyfe.reading.background import reader
from django_playlyfe.reading.question import Question, StoredPicture
from django_playlyfe.reading.questions import PICTURE_SIZES
from django_playlyfe.reading.questions import picture as picture_of
from django_playlyfe.reading.shelf import Entry, Shelf, now
from django_playlyfe.types.pictures import Picture

if TYPE_CHECKING:
    from django_playlyfe.backends.base import GameBackend

LARGEST_KEPT = 960 * 1024
"""Bytes of a picture that is kept: Memcached takes 1 MiB with all that is around it. Larger ones are passed on."""


def show(backend: GameBackend, question: Question[Picture]) -> Picture:
    """The picture: from the cache, else from the game, within the budget of the request.

    Raises:
        NotFound: there is none.
        PlaylyfeError: there is none now; what takes too long is read behind the request's back, for the next one.
    """
    shelf = backend.shelf
    if shelf is None:
        return question.ask()
    found = shelf.look(question)
    if found.entry is not None:
        return _from(found.entry)
    budget = page_budget.current()
    if budget is None:
        return _asked(shelf, question)
    if found.error is not None:
        raise found.error
    left = budget.left(backend.page_seconds)
    if left <= 0:
        raise Suppressed("The page has waited for the game long enough", reason="budget")
    deadline, handover = time.monotonic() + left, _Handover()
    with budget.spending():
        try:
            ask = partial(_elected_and_asked, backend, shelf, question, left, handover)
            opened = bulkhead.call_within(left, ask)
        except (ResponseLost, Suppressed) as error:
            handover.leave()
            if error.reason in {"budget", "deadline", "read_timeout"}:
                _fetch_later(shelf, question)
            raise
        return opened if opened is not None else _from(wait_for_entry(shelf, question, deadline))


def forget(backend: GameBackend, player_id: str) -> None:
    """The player is gone: so are the pictures of the player."""
    if backend.shelf is None:
        return
    for size in PICTURE_SIZES:
        backend.shelf.drop(picture_of(backend, "player", player_id, item="", size=size, reader_id=None))


def _elected_and_asked(
    backend: GameBackend, shelf: Shelf, question: Question[Picture], seconds: float, handover: _Handover
) -> Picture | None:
    """Ask, unless somebody does already: then None."""
    if not shelf.is_elected_to_ask(question):
        return None
    with backend.bounded(seconds):
        return handover.give(_asked(shelf, question, handover))


def _asked(shelf: Shelf, question: Question[Picture], handover: _Handover | None = None) -> Picture:
    """Ask, and tell all processes what came of it."""
    started, at = time.monotonic(), now()
    try:
        opened = question.ask()
        if handover is not None:
            handover.begin(opened)
        picture = _kept(shelf, question, opened, at, started)
    except PlaylyfeError as error:
        shelf.note_failed(question, error)
        raise
    shelf.note_answered(question)
    return picture


def _kept(shelf: Shelf, question: Question[Picture], picture: Picture, at: float, started: float) -> Picture:
    """The picture, in the cache now unless it is too large; then only its beginning has been read."""
    pieces, size = [], 0
    for piece in picture:
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_KEPT:
            return _resumed(picture, pieces)
    stored = StoredPicture(picture.content_type, b"".join(pieces), picture.etag, picture.last_modified)
    shelf.put(question, Entry(vars(stored), at, time.monotonic() - started))
    return _whole(stored)


def _resumed(picture: Picture, pieces: list[bytes]) -> Picture:
    return Picture(
        picture.content_type,
        _Resumed(pieces, picture),
        length=picture.length,
        etag=picture.etag,
        last_modified=picture.last_modified,
    )


class _Resumed:
    """A picture's pieces, of which some have been read before."""

    def __init__(self, pieces: list[bytes], picture: Picture) -> None:
        self._pieces = pieces
        self._picture = picture
        self.close = picture.close

    def __iter__(self) -> Iterator[bytes]:
        return chain(self._pieces, self._picture)


class _Handover:
    """Between the thread that asks for a picture and a request that may have stopped waiting for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._coming: Picture | None = None
        self._given: Picture | None = None
        self._has_left = False

    def begin(self, picture: Picture) -> None:
        """The thread reads its beginning."""
        with self._lock:
            self._coming = picture
            if self._has_left:
                picture.cut()

    def give(self, picture: Picture) -> Picture:
        """The thread leaves the rest to the request."""
        with self._lock:
            self._coming, self._given = None, picture
            if self._has_left:
                picture.close()
        return picture

    def leave(self) -> None:
        """The request waits no longer."""
        with self._lock:
            self._has_left = True
            if self._coming is not None:
                self._coming.cut()
            if self._given is not None:
                self._given.close()


def _fetch_later(shelf: Shelf, question: Question[Picture]) -> None:
    """Fetch it in the thread that no page waits for; of all processes one does."""

    def fetch() -> None:
        if shelf.is_elected_to_refresh(question, Entry(None, 0.0)):
            _asked(shelf, question).close()

    reader().add(shelf.key(question), fetch)


def _from(entry: Entry) -> Picture:
    return _whole(StoredPicture(**entry.body))


def _whole(stored: StoredPicture) -> Picture:
    details: dict[str, Any] = {"etag": stored.etag, "last_modified": stored.last_modified}
    return Picture.whole(stored.content_type, stored.data, **details)
