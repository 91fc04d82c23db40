"""Problems of a design on a page, in the reader's language, with the way to where they are mended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from django.utils.html import format_html
from django.utils.translation import gettext as _

from django_playlyfe.engine.admin.desk import drafts, words
from django_playlyfe.engine.admin.desk.entrance import Desk
from django_playlyfe.engine.admin.desk.paths import tokens
from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.design.findings import Finding
from django_playlyfe.engine.design.report import Problem

SHOWN = 50
"""Problems on a page."""


@dataclass(frozen=True)
class Located:
    """A problem in a list.

    Attributes:
        address: of the page that shows its place; "" if none does.
    """

    path: str
    address: str
    message: str
    expected: str


class Listing(Sequence[Located]):
    """As many problems as a page shows; its length tells how many there are.

    Attributes:
        left_out: how many are not shown.
    """

    def __init__(self, shown: list[Located], count: int) -> None:
        self._shown, self._count = shown, count
        self.left_out = count - len(shown)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Located]:
        return iter(self._shown)

    @overload
    def __getitem__(self, index: int) -> Located: ...
    @overload
    def __getitem__(self, index: slice) -> list[Located]: ...
    def __getitem__(self, index: int | slice) -> Located | list[Located]:
        return self._shown[index]


def located(desk: Desk, found: Sequence[Problem | Finding]) -> Listing:
    """Problems, and where they are mended."""
    shown = [
        Located(
            problem.path,
            place(desk, problem.path),
            in_the_readers_language(problem.message),
            in_the_readers_language(problem.expected) if isinstance(problem, Problem) else "",
        )
        for problem in found[:SHOWN]
    ]
    return Listing(shown, len(found))


def place(desk: Desk, pointer: str) -> str:
    """The address of the page that shows a place in the design; "" if none does."""
    steps = tokens(pointer)
    if steps and steps[0] in drafts.SINGLE:
        return desk.url(steps[0])
    if len(steps) > 1 and steps[0] in words.KINDS and drafts.find(desk.document, steps[0], steps[1]) is not None:
        return desk.url("component", steps[0], steps[1])
    return ""


def in_html(problem: Problem) -> str:
    """A problem beside its field: what is wrong, where in the design file, and what was expected."""
    return format_html(
        '{} <span class="desk-where"><code>{}</code> {}</span>',
        in_the_readers_language(problem.message),
        problem.path or "/",
        _("Expected: %(what)s.") % {"what": in_the_readers_language(problem.expected)},
    )
