"""Books and the game: a finished book is a play of ``finish_book``, a removed one takes that play back."""

from datetime import datetime

from django.db import transaction

from django_playlyfe import services
from django_playlyfe.types import PlayResult
from testproject.library.models import Book

ACTION = "finish_book"


@transaction.atomic
def add(book: Book, *, at: datetime | None = None) -> PlayResult:
    """Save a finished book and play it, both or neither.

    With the game on another server the play is sent right after the commit, so that the next page can tell of it.

    Args:
        book: not saved yet.
        at: when it was finished, if not just now: the game then judges it as of that time.

    Returns:
        What the game says. A refusal (the sixth book of a day) leaves the book saved.
    """
    if at is not None:
        book.finished_at = at
    book.save()
    variables = {"pages": book.pages, "genre": book.genre}
    return services.play(book.owner, ACTION, variables, idempotency_key=key(book), at=at, wait=at is None)


@transaction.atomic
def remove(book: Book) -> None:
    """Delete a book and take back what it earned.

    A book that earned nothing has nothing to take back, and a game on another server cannot: both are answers of the
    service, and the book goes all the same.
    """
    services.undo(book.owner, ACTION, idempotency_key=key(book))
    book.delete()


def key(book: Book) -> str:
    """Names the one play that belongs to a book."""
    return f"book:{book.pk}"
