"""Who lives in the demo, and what they have read. ``seed_demo`` lets it happen."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from testproject.library.models import Book

Genre = Book.Genre
DAYS = 13
"""How many days of history there are."""
HOURS = (8, 13, 22)
"""When people finish books: with the coffee, at lunch, late. At most three a day, so the game counts them all."""


@dataclass(frozen=True)
class Title:
    """A book that somebody could have read."""

    title: str
    pages: int
    genre: str = Genre.FICTION


@dataclass(frozen=True)
class Reader:
    """A demo user: how many books, or exactly which ones, and how many bookmarks bought with the coins."""

    name: str
    books: int = 0
    titles: tuple[Title, ...] = ()
    bookmarks: int = 0


TITLES = (
    Title("The Left Hand of Darkness", 304),
    Title("Middlemarch", 880),
    Title("Beloved", 324),
    Title("The Master and Margarita", 412),
    Title("Invisible Cities", 165),
    Title("To the Lighthouse", 209),
    Title("One Hundred Years of Solitude", 417),
    Title("The Remains of the Day", 258),
    Title("Pachinko", 490),
    Title("Piranesi", 245),
    Title("Half of a Yellow Sun", 448),
    Title("The Dispossessed", 387),
    Title("Austerlitz", 298),
    Title("Hamnet", 367),
    Title("SPQR", 608, Genre.HISTORY),
    Title("The Silk Roads", 636, Genre.HISTORY),
    Title("The Guns of August", 511, Genre.HISTORY),
    Title("Postwar", 878, Genre.HISTORY),
    Title("The Warmth of Other Suns", 622, Genre.HISTORY),
    Title("A Distant Mirror", 704, Genre.HISTORY),
    Title("The Selfish Gene", 360, Genre.SCIENCE),
    Title("Silent Spring", 378, Genre.SCIENCE),
    Title("Entangled Life", 352, Genre.SCIENCE),
    Title("The Sixth Extinction", 319, Genre.SCIENCE),
    Title("Seven Brief Lessons on Physics", 96, Genre.SCIENCE),
    Title("The Double Helix", 226, Genre.SCIENCE),
    Title("Long Walk to Freedom", 656, Genre.BIOGRAPHY),
    Title("Just Kids", 304, Genre.BIOGRAPHY),
    Title("The Diary of a Young Girl", 283, Genre.BIOGRAPHY),
    Title("Persepolis", 341, Genre.BIOGRAPHY),
    Title("The Periodic Table", 233, Genre.BIOGRAPHY),
    Title("Averno", 96, Genre.POETRY),
    Title("Leaves of Grass", 160, Genre.POETRY),
    Title("Life on Mars", 88, Genre.POETRY),
    Title("North", 73, Genre.POETRY),
)

READERS = (
    Reader("ada", books=7, bookmarks=1),
    Reader("grace", books=11, bookmarks=2),
    # One book away from a badge and a level: log in as linus, add a book of some 300 pages, and see.
    Reader(
        "linus",
        titles=(
            Title("The Old Man and the Sea", 127),
            Title("North", 73, Genre.POETRY),
            Title("Animal Farm", 112),
            Title("Seven Brief Lessons on Physics", 96, Genre.SCIENCE),
        ),
    ),
    Reader("mary", books=13, bookmarks=1),
    Reader("alan", books=6),
    Reader("barbara", books=9, bookmarks=2),
    Reader("dorothy", books=5),
    Reader("edsger", books=3),
    Reader("frances", books=8),
    Reader("hedy", books=4),
    Reader("katherine", books=10, bookmarks=1),
    Reader("radia", books=6, bookmarks=1),
    Reader("sophie", books=2),
    Reader("tim", books=1),
)


def history(reader: Reader, now: datetime) -> Iterator[tuple[Title, datetime]]:
    """What a reader has read, and when, oldest first; all of it before today, the same titles at every call."""
    chance = random.Random(reader.name)  # noqa: S311 - a demo, no secret
    titles = reader.titles or tuple(chance.sample(TITLES, reader.books))
    slots = sorted(chance.sample([(day, hour) for day in range(DAYS) for hour in HOURS], len(titles)))
    first_day = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    for title, (day, hour) in zip(titles, slots, strict=True):
        yield title, first_day + timedelta(days=day, hours=hour, minutes=chance.randrange(60))
