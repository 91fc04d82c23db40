"""engine.md §9.2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_playlyfe.engine.rules import levels
from django_playlyfe.engine.rules.plan import Level
from django_playlyfe.engine.rules.state import PlayerState

from .games import RANK, RANKING_UP, XP, action, delta, deltas, game, play, points, rank

PLAN = game(XP, RANK, level_rules=(RANKING_UP,))


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (0, "visitor"),
        (49, "visitor"),
        (50, "reader"),
        (499, "reader"),
        (500, "scholar"),
        (2**63 - 1, "scholar"),
        (-5, "visitor"),
    ],
)
def test_thresholds_are_inclusive_upper_bounds(value, state):
    assert levels.level_of(RANKING_UP, value).state == state


def test_values_above_a_last_threshold_keep_the_last_level():
    rule = replace(RANKING_UP, levels=(Level("visitor", 0, 49), Level("reader", 50, 99)))
    assert levels.level_of(rule, 100).state == "reader"
    assert levels.level_meta(game(XP, RANK, level_rules=(rule,)), "rank", "reader")["high"] == "Infinity"


def test_a_single_level_takes_everything():
    rule = replace(RANKING_UP, levels=(Level("visitor", 0, None),))
    assert levels.level_of(rule, 7).state == "visitor"


def test_only_the_last_level_may_lack_a_threshold():
    rule = replace(RANKING_UP, levels=(Level("visitor", 0, None), Level("reader", 50, None)))
    with pytest.raises(ValueError, match="visitor"):
        levels.level_of(rule, 100)


@pytest.mark.parametrize(
    ("before", "state", "xp", "change"),
    [
        ({}, {}, 0, delta(None, "Visitor")),
        ({}, {}, 600, delta(None, "Scholar")),
        ({"xp": 10}, {"rank": "visitor"}, 40, None),
        ({"xp": 10}, {"rank": "visitor"}, 50, delta("Visitor", "Reader")),
        ({"xp": 600}, {"rank": "scholar"}, 40, delta("Scholar", "Visitor")),
        ({"xp": 600}, {"rank": "scholar"}, 600, None),
    ],
)
def test_the_state_follows_the_points_in_both_directions(before, state, xp, change):
    plan = game(XP, RANK, level_rules=(RANKING_UP,), actions=[action(points(xp, verb="set"))])
    outcome = play(plan, PlayerState(points=before, states=state))
    expected = [] if change is None else [("rank", change)]
    assert [entry for event in range(1, len(outcome.events)) for entry in deltas(outcome, event)] == expected


def test_a_level_event_is_global_and_holds_its_state_and_rule():
    outcome = play(game(XP, RANK, level_rules=(RANKING_UP,), actions=[action(points(50))]))
    event = outcome.events[1]
    assert event.is_global
    assert event.body == {
        "event": "level",
        "changes": [{"metric": {"id": "rank", "name": "Rank", "type": "state"}, "delta": delta(None, "Reader")}],
        "rule": {"id": "ranking_up"},
    }


def test_without_a_base_score_there_is_no_level():
    plan = game(XP, RANK, level_rules=(RANKING_UP,), actions=[action()])
    assert play(plan).state.states == {}
    assert play(plan, PlayerState(states={"rank": "scholar"})).state.states == {"rank": "scholar"}


def test_a_state_that_a_reward_sets_is_put_right_in_the_same_call():
    plan = game(XP, RANK, level_rules=(RANKING_UP,), actions=[action(rank("scholar"))])
    outcome = play(plan, PlayerState(points={"xp": 5}, states={"rank": "visitor"}), thorough=False)
    assert deltas(outcome) == [("rank", delta("Visitor", "Scholar"))]
    assert deltas(outcome, 1) == [("rank", delta("Scholar", "Visitor"))]
    assert outcome.writes == ()


@pytest.mark.parametrize("thorough", [True, False])
def test_a_new_design_takes_effect_at_the_next_play_if_it_is_thorough(thorough):
    plan = game(XP, RANK, level_rules=(RANKING_UP,), actions=[action()])
    outcome = play(plan, PlayerState(points={"xp": 70}, states={"rank": "visitor"}), thorough=thorough)
    assert outcome.state.states == {"rank": "reader" if thorough else "visitor"}


@pytest.mark.parametrize(
    ("state", "meta"),
    [
        ("visitor", {"low": "0", "high": "49", "next": "Reader"}),
        ("reader", {"low": "50", "high": "499", "next": "Scholar"}),
        ("scholar", {"low": "500", "high": "Infinity"}),
    ],
)
def test_meta_tells_the_bounds_and_the_next_state(state, meta):
    expected = {**meta, "base_metric": {"id": "xp", "name": "Experience"}}
    assert levels.level_meta(PLAN, "rank", state) == expected


def test_meta_of_an_unbounded_base_metric_begins_at_minus_infinity():
    rule = replace(RANKING_UP, levels=(Level("visitor", None, 49), Level("reader", 50, None)))
    assert levels.level_meta(game(XP, RANK, level_rules=(rule,)), "rank", "visitor")["low"] == "-Infinity"


def test_there_is_no_meta_without_a_level():
    assert levels.level_meta(game(), "rank", "visitor") is None
    assert levels.level_meta(PLAN, "rank", "unknown") is None
