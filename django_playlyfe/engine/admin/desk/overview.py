"""The first page of the desk: what the working design has, what is wrong with it, and where it is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.translation import gettext as _

from django_playlyfe.engine.admin.desk import words
from django_playlyfe.engine.admin.desk.entrance import Desk
from django_playlyfe.engine.admin.desk.forms import TYPES
from django_playlyfe.engine.admin.desk.parts import Text
from django_playlyfe.engine.admin.desk.paths import tokens
from django_playlyfe.engine.admin.desk.problems import located
from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.design.diff import diff
from django_playlyfe.engine.design.findings import Earning
from django_playlyfe.engine.design.report import Problem
from django_playlyfe.engine.models import Environment

SHOWN = 50
"""Components of a kind on a page of its table; others are on the next pages, or found by searching."""
_REASONS = 5
"""Why there is no bound: as many as a person reads."""


@dataclass(frozen=True)
class Row:
    """A component in a table."""

    id: str
    name: str
    type: Text
    summary: str
    wrong: int


@dataclass(frozen=True)
class Pages:
    """The ways to the other pages of a table, as query strings; "" where there is none."""

    before: str
    after: str


@dataclass(frozen=True)
class Table:
    """The components of a kind, as far as they are shown.

    Attributes:
        count: how many were found.
        first: the number of the first that is shown, from 1.
    """

    kind: str
    title: Text
    one: Text
    rows: list[Row]
    types: Mapping[str, Text]
    count: int
    first: int
    pages: Pages


def overview(desk: Desk) -> HttpResponse:
    """All components, and what is to be said of the design."""
    examined = desk.examined
    query = desk.request.GET.get("q", "").strip()
    return desk.show(
        "overview",
        _("Design desk: %(game)s") % {"game": desk.game.title or desk.game.game_id},
        tables=[_table(desk, kind, query, examined.report.problems) for kind in _kinds(desk)],
        query=query,
        problems=located(desk, examined.report.problems),
        notes=located(desk, [*examined.report.warnings, *examined.findings]),
        earnings=[_earning(one) for one in examined.earnings[:SHOWN]],
        standing=list(_standing(desk)),
        is_empty=not any(desk.document.get(kind) for kind in words.KINDS),
        is_long=any(len(desk.document.get(kind, ())) > 10 for kind in words.KINDS),
    )


def _earning(earning: Earning) -> dict[str, Any]:
    """The most that can be earned of a metric, or why there is no bound, in the reader's language."""
    because = [in_the_readers_language(reason) for reason in earning.because[:_REASONS]]
    return {
        "metric": earning.metric,
        "most": earning.most,
        "because": because,
        "more": len(earning.because) - len(because),
    }


def _kinds(desk: Desk) -> list[str]:
    """Teams and processes only where there are some: nothing plays them yet."""
    return [kind for kind in words.KINDS if desk.document.get(kind) or kind not in ("teams", "processes")]


def _table(desk: Desk, kind: str, query: str, problems: tuple[Problem, ...]) -> Table:
    wrong: dict[str, int] = {}
    for problem in problems:
        steps = tokens(problem.path)
        if steps[:1] == (kind,) and len(steps) > 1:
            wrong[steps[1]] = wrong.get(steps[1], 0) + 1
    found = [entry for entry in desk.document.get(kind, ()) if _matches(entry, query)]
    start = min(_number(desk.request.GET.get(kind)), max(len(found) - 1, 0)) // SHOWN * SHOWN
    rows = [
        Row(
            entry["id"],
            str(entry.get("name") or entry["id"]),
            TYPES.get(kind, {}).get(str(entry.get("type")), ""),
            words.summary(kind, entry),
            wrong.get(entry["id"], 0),
        )
        for entry in found[start : start + SHOWN]
    ]
    one, many = words.KINDS[kind]
    pages = Pages(
        _page(kind, query, start - SHOWN) if start else "",
        _page(kind, query, start + SHOWN) if start + SHOWN < len(found) else "",
    )
    return Table(kind, many, one, rows, TYPES.get(kind, {}), len(found), start + 1, pages)


def _page(kind: str, query: str, start: int) -> str:
    """The query string of a page of a table, and its place on the page."""
    return f"?{urlencode({'q': query, kind: start} if query else {kind: start})}#desk-{kind}"


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


def _matches(entry: Mapping[str, Any], query: str) -> bool:
    texts = [entry.get("id"), entry.get("name"), entry.get("type"), *entry.get("tags", ())]
    return not query or any(query.casefold() in str(text).casefold() for text in texts)


def _standing(desk: Desk) -> Iterator[dict[str, Any]]:
    """For each environment: what is in force there, and in how much the working design differs."""
    working = desk.examined.canonical
    for environment in Environment:
        version = getattr(desk.game, environment.value)
        yield {
            "environment": environment.value,
            "label": environment.label,
            "version": version,
            "differences": None if version is None else len(diff(version.document, working)),
        }
