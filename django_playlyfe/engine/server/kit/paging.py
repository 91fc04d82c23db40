"""Lists of any length in bounded memory (``http-api.md`` §4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from django_playlyfe.engine.server.kit.answers import dump
from django_playlyfe.engine.server.kit.parameters import Query

Page = dict[str, Any]
"""``{"data": […], "total": n}``."""
ReadPage = Callable[[int, int], Page]
"""``skip`` and ``limit`` -> that page."""

ALL = -1
CHUNK = 5_000
"""Rows that are in memory at once: some megabytes, and few enough reads for a million rows."""


@dataclass(frozen=True)
class Stream:
    """A list that is read while it is sent. Rows that come or go meanwhile may be missing or appear twice."""

    first: Page
    rest: Iterator[Page]

    def parts(self) -> Iterator[bytes]:
        """The body ``{"data": […], "total": n}``, a part for each page."""
        yield b'{"data":[' + _rows(self.first)
        for page in self.rest:
            yield b"," + _rows(page)
        yield b'],"total":%d}' % self.first["total"]


@dataclass(frozen=True)
class Array:
    """A bare array that is read while it is sent, as :class:`Stream`."""

    rows: Iterator[list[Any]]

    def parts(self) -> Iterator[bytes]:
        """The body ``[…]``, a part for each read that found something."""
        before = b"["
        for found in self.rows:
            if found:
                yield before + dump(found)[1:-1]
                before = b","
        yield b"]" if before == b"," else b"[]"


def whole(rows: Iterator[list[Any]]) -> list[Any] | Array:
    """A list that is read part by part: as it is if the first part is all of it, else to be streamed."""
    # Read before anything is sent, so that a refusal still has its status.
    first, second = next(rows), next(rows, None)
    return first if second is None else Array(chain((first, second), rows))


def paged(query: Query, read: ReadPage) -> Callable[[], Page | Stream]:
    """Read ``skip`` and ``limit`` now, and the page later. Raises InvalidRequest."""
    skip, limit = query.integer("skip", 0), query.integer("limit", 10, least=ALL)
    return partial(_read, read, skip, limit)


def _read(read: ReadPage, skip: int, limit: int) -> Page | Stream:
    if 0 <= limit <= CHUNK:
        return read(skip, limit)
    # The first page is read before anything is sent, so that a refusal still has its status.
    first = read(skip, CHUNK)
    if len(first["data"]) < CHUNK:
        return first
    return Stream(first, _pages_after(read, skip + CHUNK, None if limit == ALL else limit - CHUNK))


def _pages_after(read: ReadPage, skip: int, left: int | None) -> Iterator[Page]:
    while left is None or left > 0:
        wanted = CHUNK if left is None else min(CHUNK, left)
        page = read(skip, wanted)
        if page["data"]:
            yield page
        if len(page["data"]) < wanted:
            return
        skip += wanted
        left = None if left is None else left - wanted


def _rows(page: Page) -> bytes:
    return dump(page["data"])[1:-1]
