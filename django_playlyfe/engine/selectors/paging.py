"""Paging arguments of lists (``http-api.md`` §4.4)."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from django_playlyfe.engine.refusals import invalid

Row = TypeVar("Row", bound=Model)

ALL = -1
"""The ``limit`` that means everything."""


def check_page(skip: int, limit: int) -> None:
    """Raises InvalidRequest unless ``skip`` is 0 or more and ``limit`` 0 or more, or -1 for all."""
    if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise invalid("/skip", "should be a number from 0 up", code="MINIMUM", found=skip)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < ALL:
        raise invalid("/limit", "should be a number from 0 up, or -1 for all", code="MINIMUM", found=limit)


def page_of(rows: QuerySet[Row], skip: int, limit: int) -> list[Row]:
    """The rows of one page of an ordered query."""
    return list(rows[skip:] if limit == ALL else rows[skip : skip + limit])
