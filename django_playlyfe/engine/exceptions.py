"""Errors of the embedded engine about designs; everything else it raises is in ``django_playlyfe.exceptions``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_playlyfe.engine.design.report import Report
from django_playlyfe.exceptions import Conflict, InvalidRequest

__all__ = ["DesignConflict", "DesignInvalid"]


class DesignInvalid(InvalidRequest):
    """A design file cannot be read or does not pass its check. Nothing was changed.

    Attributes:
        report: every problem at once; ``data`` is the same as JSON (``engine.md`` §15.4).
    """

    def __init__(self, description: str = "", *, report: Report | None = None, **details: Any) -> None:
        self.report = report or Report()
        details.setdefault("status", 400)
        details.setdefault("data", self.report.as_data() if report else None)
        super().__init__(description or _summary(self.report), **details)


class DesignConflict(Conflict):
    """A valid design cannot be activated over what is there: edited since the last activation, or in conflict with
    the players' scores. Nothing was changed.

    Attributes:
        issues: what must be resolved first, as objects of ``engine.md`` §14.3; empty for an edited design.
    """

    def __init__(self, description: str = "", *, issues: Sequence[Mapping[str, Any]] = (), **details: Any) -> None:
        self.issues = list(issues)
        details.setdefault("code", "design_conflict")
        details.setdefault("status", 409)
        super().__init__(description or "The design conflicts with the running game", **details)


def _summary(report: Report) -> str:
    if not report.problems:
        return "The design is not valid"
    count = len(report.problems)
    return f"The design is not valid, {count} {'problem' if count == 1 else 'problems'}. First: {report.problems[0]}"
