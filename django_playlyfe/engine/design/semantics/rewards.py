"""Rewards, and the condition -> rewards pairs that hold them (``engine.md`` §4)."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.design.catalogue import mapping, objects
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.conditions import Place, check_condition
from django_playlyfe.engine.design.semantics.expressions import check_expression
from django_playlyfe.engine.design.semantics.inspection import Inspection


def check_reward_rules(inspection: Inspection, path: Path, rules: object, place: Place) -> None:
    """Check ``rules[]`` of an action or a custom rule."""
    pairs = [((*path, index), rule) for index, rule in objects(rules)]
    once = [((*at, "once"), rule["once"]) for at, rule in pairs if "once" in rule]
    rewards = [
        ((*at, "rewards", index, "best"), reward["best"])
        for at, rule in pairs
        for index, reward in objects(rule.get("rewards"))
        if "best" in reward
    ]
    _check_paid_for(inspection, once, "The once-only id", place)
    _check_paid_for(inspection, rewards, "The id of a best attempt", place)
    for index, rule in objects(rules):
        at = (*path, index)
        check_condition(inspection, (*at, "requires"), rule.get("requires"), place)
        check_rewards(inspection, (*at, "rewards"), rule.get("rewards"), place)


def _check_paid_for(inspection: Inspection, named: list[tuple[Path, Any]], what: str, place: Place) -> None:
    """What ``once`` and ``best`` say: ids that tell them apart, and declared variables."""
    found = [(path, entry) for path, entry in named if isinstance(entry, dict)]
    inspection.expect_unique((((*path, "id"), entry.get("id")) for path, entry in found), what)
    for path, entry in found:
        if "per" in entry and inspection.is_sound(path):
            inspection.expect_known((*path, "per"), entry["per"], place.variables, "variable")


def check_rewards(inspection: Inspection, path: Path, rewards: object, place: Place) -> None:
    """Check an array of rewards; expressions may name the variables of ``place``."""
    for index, reward in objects(rewards):
        if inspection.is_sound((*path, index)):
            _check_reward(inspection, (*path, index), reward, place)


def _check_reward(inspection: Inspection, path: Path, reward: dict[str, Any], place: Place) -> None:
    metric, value = mapping(reward.get("metric")), reward.get("value")
    kind = str(metric.get("type"))
    if kind == "compound":
        inspection.refuse(
            "NOT_ALLOWED_HERE",
            (*path, "metric", "type"),
            kind,
            "A compound metric is always computed and cannot be rewarded: reward the metrics of its formula",
            "one of the types point, set, state",
        )
        return
    inspection.expect(
        kind != "state" or reward.get("verb") == "set",
        "NOT_ALLOWED_HERE",
        (*path, "verb"),
        reward.get("verb"),
        f"A state cannot be changed with {shown(reward.get('verb'))}: write 'set'",
        "the verb set",
    )
    inspection.expect(
        "best" not in reward or (kind == "point" and reward.get("verb") == "add"),
        "NOT_ALLOWED_HERE",
        (*path, "best"),
        reward.get("best"),
        "Only points that are added can pay for what is better: remove 'best', or add points",
        "a reward that adds points",
    )
    known = inspection.expect_metric((*path, "metric", "id"), metric.get("id"), kind)
    members = inspection.catalogue.metrics[metric["id"]].members if known else None
    if kind == "point":
        check_expression(inspection, (*path, "value"), value, place.variables)
    elif kind == "set":
        for item, count in mapping(value).items():
            check_expression(inspection, (*path, "value", item), count, place.variables)
        if members is not None:
            _check_items(inspection, (*path, "value"), str(metric["id"]), mapping(value))
    elif members is not None:
        what = f"state of the metric {shown(metric['id'])}"
        inspection.expect_known((*path, "value"), value, members, what)


def _check_items(inspection: Inspection, path: Path, metric_id: str, items: dict[str, Any]) -> None:
    """Every key is an item; an item named twice is still under two names here (see ``normalise``)."""
    members = inspection.catalogue.metrics[metric_id].members
    found = {key: inspection.catalogue.find(metric_id, key) for key in items}
    inspection.expect_unique((((*path, key), item) for key, item in found.items()), "The item")
    for key, item in found.items():
        if item is None:
            inspection.expect_known((*path, key), key, members, f"item of the set {shown(metric_id)}")
