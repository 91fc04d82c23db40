"""What can be said of a design without playing it. Checking a large one takes its time, so each is looked at once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django_playlyfe.engine.database.canonical import canonical
from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.findings import Earning, Finding, earnings, unreachable
from django_playlyfe.engine.design.report import Report
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.rules.plan import Plan

Wire = dict[str, Any]

_KEPT = 16
"""Designs that a process remembers."""


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        report: of the check.
        plan: the compiled design; None if it has errors.
        findings: what nobody can reach.
        earnings: the most that a player can earn in a day.
    """

    report: Report
    plan: Plan | None = None
    findings: tuple[Finding, ...] = ()
    earnings: tuple[Earning, ...] = ()

    @property
    def canonical(self) -> Wire:
        """The canonical form of the design; empty if it is no plain JSON. Nobody changes it."""
        return self.report.data or {}


_known: OrderedDict[str, Examination] = OrderedDict()
_lock = Lock()


def examine(document: Mapping[str, Any]) -> Examination:
    """Everything that can be found; looked for once for the same design, as it was written or in its canonical form.
    So what was checked before it was stored is known when it is shown."""
    key = _key(document)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    examination = _examined(document)
    with _lock:
        _known[_key(examination.canonical)] = _known[key] = examination
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return examination


def _key(document: Mapping[str, Any]) -> str:
    # What is sent may hold half a surrogate pair; the check says so.
    return hashlib.sha256(canonical(document).encode("utf-8", "surrogatepass")).hexdigest()


def _examined(document: Mapping[str, Any]) -> Examination:
    report = check(document)
    if not report.valid:
        return Examination(report)
    plan = compile_design(report.data)  # canonical: the check has made it so
    return Examination(report, plan, tuple(unreachable(plan)), tuple(earnings(plan)))
