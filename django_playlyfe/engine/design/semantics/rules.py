"""Level, achievement and custom rules (``engine.md`` §9)."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.design.catalogue import MetricEntry, mapping, objects
from django_playlyfe.engine.design.integers import INFINITY, bound, canonical_integer
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.actions import check_variables
from django_playlyfe.engine.design.semantics.conditions import ACHIEVEMENT, Place, check_condition
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.rewards import check_reward_rules


def check_rules(inspection: Inspection) -> None:
    """Check every rule, each by its type."""
    levelled: list[tuple[Path, object]] = []
    for path, rule in inspection.components("rules"):
        kind = rule.get("type")
        if kind == "level":
            levelled.append(((*path, "level_metric"), rule.get("level_metric")))
            _check_level_rule(inspection, path, rule)
        elif kind == "achievement":
            _check_achievement(inspection, (*path, "achievement"), mapping(rule.get("achievement")))
            check_condition(inspection, (*path, "requires"), rule.get("requires"), ACHIEVEMENT)
        elif kind == "custom":
            names = check_variables(inspection, (*path, "variables"), rule.get("variables"))
            place = Place("a custom rule", variables=names)
            check_reward_rules(inspection, (*path, "rules"), rule.get("rules"), place)
    inspection.expect_unique(levelled, "Another level rule drives this metric:")


# --- levels (§9.2) ----------------------------------------------------------------------------------------------------


def _check_level_rule(inspection: Inspection, path: Path, rule: dict[str, Any]) -> None:
    base = _check_metric_name(inspection, (*path, "base_metric"), rule.get("base_metric"), "point")
    driven = _check_metric_name(inspection, (*path, "level_metric"), rule.get("level_metric"), "state")
    at = (*path, "levels")
    levels = list(objects(rule.get("levels")))
    if driven:
        what = f"state of the metric {shown(driven.id)}"
        for index, level in levels:
            if inspection.is_sound((*at, index)):
                inspection.expect_known((*at, index, "rank"), level.get("rank"), driven.members, what)
    inspection.expect_unique((((*at, index, "rank"), level.get("rank")) for index, level in levels), "The rank")
    _check_thresholds(inspection, at, levels, base)


def _check_metric_name(inspection: Inspection, path: Path, name: object, kind: str) -> MetricEntry | None:
    if not isinstance(name, str) or not inspection.is_sound(path):
        return None
    return inspection.catalogue.metrics[name] if inspection.expect_metric(path, name, kind) else None


def _check_thresholds(
    inspection: Inspection, path: Path, levels: list[tuple[int, dict[str, Any]]], base: MetricEntry | None
) -> None:
    """Only the last level may lack a threshold; the others increase strictly, within the bounds of the base metric."""
    previous: int | None = None
    last = levels[-1][0] if levels else None
    for index, level in levels:
        if not inspection.is_sound((*path, index)):
            continue
        text = level.get("threshold")
        at = (*path, index, "threshold")
        if text in (None, INFINITY):
            inspection.expect(
                index == last,
                "OBJECT_MISSING_REQUIRED_PROPERTY" if text is None else "INVALID_FORMAT",
                (*path, index) if text is None else at,
                level if text is None else text,
                "Only the last level is without an upper end: add its threshold, the highest value that belongs to it",
                "an integer as a string",
            )
            continue
        threshold = int(text)
        inspection.expect(
            previous is None or threshold > previous,
            "MINIMUM_EXCLUSIVE",
            at,
            text,
            f"The threshold {text} is not above the one before, {previous}: put the levels in increasing order",
            f"more than {previous}",
        )
        previous = threshold
        if base:
            _check_within(inspection, at, threshold, base)


def _check_within(inspection: Inspection, path: Path, threshold: int, base: MetricEntry) -> None:
    for key, code, word in (("min", "MINIMUM", "below"), ("max", "MAXIMUM", "above")):
        text = str(base.constraints.get(key))
        limit = bound(text) if canonical_integer(text) is not None else None
        if limit is None:
            continue
        inspection.expect(
            threshold >= limit if key == "min" else threshold <= limit,
            code,
            path,
            str(threshold),
            f"The threshold {threshold} is {word} the {key} {limit} of {shown(base.id)}, so no score reaches this end",
            f"{'at least' if key == 'min' else 'at most'} {limit}",
        )


# --- achievements (§9.1) ----------------------------------------------------------------------------------------------


def _check_achievement(inspection: Inspection, path: Path, achievement: dict[str, Any]) -> None:
    at = (*path, "items")
    items = list(objects(achievement.get("items")))
    inspection.expect_unique((((*at, index, "key"), item.get("key")) for index, item in items), "The item")
    named = mapping(achievement.get("metric")).get("id")
    metric = _check_metric_name(inspection, (*path, "metric", "id"), named, "set")
    for index, item in items:
        if inspection.is_sound((*at, index)):
            _check_earned_item(inspection, (*at, index), item, metric)


def _check_earned_item(inspection: Inspection, path: Path, item: dict[str, Any], metric: MetricEntry | None) -> None:
    count = int(item["value"])
    message = f"The count {count} can never be missing: write 1 or more"
    inspection.expect(count >= 1, "MINIMUM", (*path, "value"), str(count), message, "at least 1")
    if not metric:
        return
    what = f"item of the set {shown(metric.id)}"
    if not inspection.expect_known((*path, "key"), item.get("key"), metric.members, what):
        return
    text = str(metric.members[item["key"]].get("max"))
    most = bound(text) if canonical_integer(text) is not None else None
    inspection.expect(
        most is None or count <= most,
        "MAXIMUM",
        (*path, "value"),
        str(count),
        f"The count {count} is above the item's max {most}, so nobody can ever have it: lower it or raise the max",
        f"at most {most}",
    )
