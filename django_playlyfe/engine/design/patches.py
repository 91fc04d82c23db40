"""Rewards from outside of a design: an administrator's score patch (``engine.md`` §4, ``http-api.md`` §7.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Report
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.refusals import refusal_of

_INSIDE = "/bootstrap/scores"
"""Where a design file has rewards that no play is about; they obey the same rules."""


def read_rewards(document: Mapping[str, Any], rewards: object) -> list[dict[str, Any]]:
    """Check rewards against a design, and bring them to their canonical form: ids of items and states, defaults.

    Raises:
        InvalidRequest: a metric, item, state, verb or value is wrong; the report says where.
    """
    asked = {"game": document["game"], "metrics": document["metrics"], "bootstrap": {"scores": rewards}}
    report = check(asked)
    if not report.valid:
        problems = tuple(
            replace(problem, path=problem.path.replace(_INSIDE, "/rewards", 1)) for problem in report.problems
        )
        raise refusal_of(Report(problems, passed=report.passed, data={"rewards": rewards}))
    found: Sequence[dict[str, Any]] = normalise(asked)["bootstrap"]["scores"]
    return list(found)
