"""The first page of the desk: what the working design has, what is wrong with it, and where it is in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from django_playlyfe.engine.admin.desk import words
from django_playlyfe.engine.admin.desk.entrance import Desk
from django_playlyfe.engine.admin.desk.forms import TYPES
from django_playlyfe.engine.admin.desk.parts import Text
from django_playlyfe.engine.admin.desk.paths import tokens
from django_playlyfe.engine.admin.desk.problems import located
from django_playlyfe.engine.canonical import canonical
from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.diff import diff
from django_playlyfe.engine.design.findings import Earning, Finding, earnings, unreachable
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Problem, Report
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.models import Environment

SHOWN = 50
"""Components of a kind on the page; the others are found by searching."""


@dataclass(frozen=True)
class Examination:
    """What can be said of a design without playing it."""

    report: Report
    findings: tuple[Finding, ...] = ()
    earnings: tuple[Earning, ...] = ()


@dataclass(frozen=True)
class Row:
    """A component in a table."""

    id: str
    name: str
    type: Text
    summary: str
    wrong: int


@dataclass(frozen=True)
class Table:
    """The components of a kind, as far as they are shown."""

    kind: str
    title: Text
    one: Text
    rows: list[Row]
    count: int
    types: Mapping[str, Text]

    @property
    def left_out(self) -> int:
        """How many were found and are not shown."""
        return self.count - len(self.rows)


def overview(desk: Desk) -> HttpResponse:
    """All components, and what is to be said of the design."""
    examined = examine(desk.document)
    query = desk.request.GET.get("q", "").strip()
    return desk.show(
        "overview",
        _("Design desk: %(game)s") % {"game": desk.game.title or desk.game.game_id},
        tables=[_table(desk, kind, query, examined.report.problems) for kind in _kinds(desk)],
        query=query,
        examined=examined,
        problems=located(desk, examined.report.problems),
        notes=located(desk, [*examined.report.warnings, *examined.findings]),
        standing=list(_standing(desk)),
        is_long=any(len(desk.document.get(kind, ())) > 10 for kind in words.KINDS),
    )


def examine(document: Mapping[str, Any]) -> Examination:
    """Everything that can be found; looked for once for the same design."""
    return _examine(canonical(document))


@lru_cache(maxsize=16)
def _examine(text: str) -> Examination:
    report = check(json.loads(text))
    if not report.valid:
        return Examination(report)
    plan = compile_design(report.data)  # canonical: the check has made it so
    return Examination(report, tuple(unreachable(plan)), tuple(earnings(plan)))


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
    rows = [
        Row(
            entry["id"],
            str(entry.get("name") or entry["id"]),
            TYPES.get(kind, {}).get(str(entry.get("type")), ""),
            words.summary(kind, entry),
            wrong.get(entry["id"], 0),
        )
        for entry in found[:SHOWN]
    ]
    one, many = words.KINDS[kind]
    return Table(kind, many, one, rows, len(found), TYPES.get(kind, {}))


def _matches(entry: Mapping[str, Any], query: str) -> bool:
    texts = [entry.get("id"), entry.get("name"), entry.get("type"), *entry.get("tags", ())]
    return not query or any(query.casefold() in str(text).casefold() for text in texts)


def _standing(desk: Desk) -> Iterator[dict[str, Any]]:
    """For each environment: what is in force there, and in how much the working design differs."""
    working = normalise(desk.document)
    for environment in Environment:
        version = getattr(desk.game, environment.value)
        yield {
            "environment": environment.value,
            "label": environment.label,
            "version": version,
            "differences": None if version is None else len(diff(version.document, working)),
        }
