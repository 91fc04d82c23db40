"""Actions: rate limits, variables, visibility and rewards (``engine.md`` §6, §8)."""

from __future__ import annotations

from django_playlyfe.engine.design.catalogue import objects
from django_playlyfe.engine.design.integers import INFINITY
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.conditions import VISIBILITY_OF_ACTION, Place, check_condition
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.rewards import check_reward_rules

MOST_ROLLING = 50
_DAY = 86_400_000
CALENDAR_UNITS = frozenset(
    [60_000, 3_600_000, _DAY, 7 * _DAY, *(days * _DAY for days in (28, 29, 30, 31)), *(365 * _DAY, 366 * _DAY)]
)
"""The timeframes of a FIXED limit: minute, hour, day, week, month, year (§8.2)."""


def check_actions(inspection: Inspection) -> None:
    """Check every action."""
    for path, action in inspection.components("actions"):
        check_rate(inspection, (*path, "rate"), action.get("rate"))
        names = check_variables(inspection, (*path, "variables"), action.get("variables"))
        check_condition(inspection, (*path, "requires"), action.get("requires"), VISIBILITY_OF_ACTION)
        place = Place("a rule of an action", variables=names)
        check_reward_rules(inspection, (*path, "rules"), action.get("rules"), place)


def check_variables(inspection: Inspection, path: Path, variables: object) -> tuple[str, ...]:
    """Check the declarations of variables; answers their names."""
    entries = [((*path, index, "name"), variable.get("name")) for index, variable in objects(variables)]
    inspection.expect_unique(entries, "The variable name")
    return tuple(name for _, name in entries if isinstance(name, str))


def check_rate(inspection: Inspection, path: Path, rate: object) -> None:
    """Check a rate limit that has the right shape; none is unlimited."""
    if not isinstance(rate, list) or not inspection.is_sound(path):
        return
    count, timeframe, kind = rate
    if count == INFINITY:
        return
    inspection.expect(
        kind != "FIXED" or timeframe in CALENDAR_UNITS,
        "ENUM_MISMATCH",
        (*path, 1),
        timeframe,
        f"{shown(timeframe)} ms is no calendar unit: a FIXED limit counts per minute (60000), hour (3600000), "
        "day (86400000), week (604800000), month (28-31 days) or year (365-366 days); for others use ROLLING",
        "exactly one calendar unit in milliseconds",
    )
    inspection.expect(
        kind != "ROLLING" or count <= MOST_ROLLING,
        "MAXIMUM",
        (*path, 0),
        count,
        f"A ROLLING limit remembers each play, so {count} is too many: write at most {MOST_ROLLING}, or use FIXED",
        f"at most {MOST_ROLLING}",
    )
