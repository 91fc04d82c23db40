"""engine.md §3.1 to §3.3 and §4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_playlyfe.engine.rules.formulas import parse
from django_playlyfe.engine.rules.plan import CompoundMetric, Reward
from django_playlyfe.engine.rules.rewards import apply
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import PlayerState

from .games import BADGES, NOON, XP, delta, game, items, points, rank

MOST = 2**63 - 1


def paid(reward, state=None, *, count=1, plan=None, variables=None):
    """(delta or None, state afterwards) of one reward."""
    plan = plan or game()
    state = state or PlayerState()
    running = state.copy()
    change = apply(reward, running, Snapshot.take(plan, state, NOON, variables or {}), count)
    if change is not None:
        metric = plan.metrics[reward.metric]
        assert change["metric"] == {"id": metric.id, "name": metric.name, "type": metric.type}
    return change and change["delta"], running


def paid_points(reward, held=None, **parts):
    change, state = paid(reward, PlayerState(points={} if held is None else {reward.metric: held}), **parts)
    return change, state.points.get(reward.metric)


@pytest.mark.parametrize(
    ("held", "verb", "value", "count", "new"),
    [
        (40, "add", "10", 1, 50),
        (40, "remove", "10", 1, 30),
        (40, "set", "10", 1, 10),
        (40, "add", "-10", 1, 30),
        (40, "remove", "-10", 1, 50),
        (40, "add", "15", 3, 85),
        (40, "remove", "5", 3, 25),
        (40, "set", "15", 3, 15),
        (10, "remove", "5.5", 1, 5),  # the new score is rounded, not the reward: 4.5
        (10, "add", "0.4", 1, None),
        (10, "add", "0.4", 2, 11),
        (10, "set", "2.5", 1, 3),
        (10, "add", "1 / 3", 3, 11),
        (9998, "add", "5", 1, 9999),
        (3, "remove", "5", 1, 0),
        (0, "remove", "5", 1, None),
        (9999, "add", "1", 1, None),
        (40, "set", "40", 1, None),
        (40, "add", "0", 1, None),
        (40, "add", "0 / 0", 1, None),
        (40, "set", "'gold'", 1, None),
        (40, "add", "'5'", 1, 45),
        (40, "add", "9" * 19, 1, None),  # undefined, so not even clamped
        (40, "remove", "9" * 19, 1, None),
        (40, "set", str(MOST + 1), 1, None),
        (40, "set", str(MOST), 1, 9999),
        (40, "add", "1", 10**40, None),
    ],
)
def test_points_move(held, verb, value, count, new):
    change, score = paid_points(points(value, "coins", verb), held, count=count)
    assert change == (None if new is None else delta(str(held), str(new)))
    assert score == (held if new is None else new)


@pytest.mark.parametrize(
    ("verb", "value", "new"),
    [
        ("add", "5", 15),
        ("remove", "3", 7),
        ("set", "5", 5),
        ("set", "0", 0),
        ("set", "10", 10),
        ("add", "0", 10),
        ("remove", "30", 0),
    ],
)
def test_the_first_change_of_points_starts_at_the_default_except_set(verb, value, new):
    assert paid_points(points(value, "coins", verb)) == (delta(None, str(new)), new)


@pytest.mark.parametrize(("value", "new"), [("2.5", 3), ("-2.5", -3), ("2.4", 2), ("-2.4", -2), ("-0.4", 0)])
def test_points_are_rounded_half_away_from_zero(value, new):
    unbounded = game(replace(XP, minimum=None))
    assert paid_points(points(value, verb="set"), plan=unbounded) == (delta(None, str(new)), new)


@pytest.mark.parametrize("edge", [MOST, -MOST])
def test_points_reach_the_edge_of_what_can_be_stored_and_no_further(edge):
    unbounded = game(replace(XP, minimum=None))
    step = 1 if edge > 0 else -1
    assert paid_points(points(step), edge - step, plan=unbounded)[1] == edge
    assert paid_points(points(step), edge, plan=unbounded) == (None, edge)


def test_a_minimum_may_be_negative_or_missing():
    assert paid_points(points(9, verb="remove"), plan=game(replace(XP, minimum=-5)))[1] == -5
    assert paid_points(points(9, verb="remove"), plan=game(replace(XP, minimum=None)))[1] == -9


def test_a_value_reads_variables_and_the_snapshot():
    plan = game()
    state = PlayerState(points={"xp": 40, "coins": 7})
    running = state.copy()
    view = Snapshot.take(plan, state, NOON, {"pages": 600})
    for _ in range(2):
        apply(points("$scores.coins + $vars.pages / 10", "coins"), running, view, 1)
    assert running.points["coins"] == 7 + 67 + 67


def test_a_variable_without_value_changes_nothing():
    assert paid_points(points("$vars.note"), 5) == (None, 5)


def paid_items(reward, held=None, **parts):
    change, state = paid(reward, PlayerState(items={} if held is None else {"badges": held}), **parts)
    return change, state.items.get("badges")


@pytest.mark.parametrize(
    ("held", "verb", "counts", "count", "change", "after"),
    [
        (None, "add", {"bookmark": 1}, 1, {"Bookmark": delta(None, "1")}, {"bookmark": 1}),
        ({"bookmark": 1}, "add", {"bookmark": 1}, 1, {"Bookmark": delta("1", "2")}, {"bookmark": 2}),
        ({"bookmark": 1}, "add", {"bookmark": 1}, 2, {"Bookmark": delta("1", "3")}, {"bookmark": 3}),
        ({"bookmark": 1}, "remove", {"bookmark": 1}, 1, {"Bookmark": delta("1", "0")}, {"bookmark": 0}),
        ({"bookmark": 0}, "add", {"bookmark": 1}, 1, {"Bookmark": delta("0", "1")}, {"bookmark": 1}),
        ({"bookmark": 3}, "remove", {"bookmark": 1}, 5, {"Bookmark": delta("3", "0")}, {"bookmark": 0}),
        ({"bookmark": 3}, "set", {"bookmark": 1}, 5, {"Bookmark": delta("3", "1")}, {"bookmark": 1}),
        ({"bookmark": 3}, "add", {"bookmark": "'-1'"}, 1, {"Bookmark": delta("3", "2")}, {"bookmark": 2}),
        ({"bookmark": 4}, "add", {"bookmark": 9}, 1, {"Bookmark": delta("4", "5")}, {"bookmark": 5}),
        ({"star": 4}, "add", {"star": 900}, 1, {"Star": delta("4", "904")}, {"star": 904}),
        ({"bookmark": 5}, "add", {"bookmark": 1}, 1, None, {"bookmark": 5}),
        ({"bookmark": 1}, "add", {"bookmark": "0 / 0"}, 1, None, {"bookmark": 1}),
        ({"star": 1}, "add", {"star": str(MOST)}, 1, None, {"star": 1}),
        (None, "remove", {"bookmark": 1}, 1, None, None),
        (None, "set", {"bookmark": 0}, 1, None, None),
        (None, "add", {"bookmark": "0.4"}, 1, None, None),
        (None, "add", {"bookmark": "0.4"}, 2, {"Bookmark": delta(None, "1")}, {"bookmark": 1}),
        (
            {"bookmark": 2},
            "set",
            {"star": 1, "bookworm": 1},
            1,
            {"Star": delta(None, "1"), "Bookworm": delta(None, "1")},
            {"bookmark": 2, "star": 1, "bookworm": 1},
        ),
        (
            {"bookworm": 1},
            "add",
            {"bookworm": 1, "star": 1},
            1,
            {"Star": delta(None, "1")},
            {"bookworm": 1, "star": 1},
        ),
    ],
)
def test_items_move(held, verb, counts, count, change, after):
    assert paid_items(items(counts, verb), held, count=count) == (change, after)


def test_a_new_item_beyond_max_items_is_ignored():
    two = game(replace(BADGES, max_items=2))
    held = {"bookmark": 1, "night_owl": 0, "star": 1}
    assert paid_items(items({"bookworm": 1}), held, plan=two) == (None, held)
    assert paid_items(items({"night_owl": 1}), held, plan=two) == (None, held)  # held once and lost: new again
    assert paid_items(items({"bookmark": 1}), held, plan=two)[0] == {"Bookmark": delta("1", "2")}


def test_items_of_one_reward_fill_the_set_in_their_order():
    one = game(replace(BADGES, max_items=1))
    assert paid_items(items({"bookworm": 1, "star": 1}), plan=one)[1] == {"bookworm": 1}
    swap = items({"bookworm": 0, "star": 1}, "set")
    assert paid_items(swap, {"bookworm": 1}, plan=one)[1] == {"bookworm": 0, "star": 1}


def test_a_state_is_set_by_name_once():
    assert paid(rank("reader"), count=3) == (delta(None, "Reader"), PlayerState(states={"rank": "reader"}))
    assert paid(rank("scholar"), PlayerState(states={"rank": "reader"}))[0] == delta("Reader", "Scholar")
    assert paid(rank("reader"), PlayerState(states={"rank": "reader"}))[0] is None


def test_a_state_that_the_design_has_lost_keeps_its_id():
    assert paid(rank("reader"), PlayerState(states={"rank": "novice"}))[0] == delta("novice", "Reader")


def test_a_compound_cannot_be_rewarded():
    plan = game(XP, CompoundMetric("double", "Double", parse("$scores.xp * 2")))
    with pytest.raises(TypeError, match="double"):
        paid(Reward("double", "point", "add", value=parse("1")), plan=plan)
