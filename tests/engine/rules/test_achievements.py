"""engine.md §9.1 and §10.1, steps 10 and 11."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_playlyfe.engine.rules.plan import Condition, Item, SetMetric
from django_playlyfe.engine.rules.state import PlayerState

from .games import (
    BADGES,
    COINS,
    IMPACT,
    RANK,
    RANKING_UP,
    XP,
    achievement,
    action,
    delta,
    deltas,
    game,
    items,
    metric_is,
    play,
    points,
)

FIVE_PLAYS = Condition("action", id="read", operator="ge", number=5)


def awards(outcome):
    """(rule, changes) of the achievement events."""
    events = [(index, event.body) for index, event in enumerate(outcome.events)]
    return [(body["rule"]["id"], deltas(outcome, index)) for index, body in events if body["event"] == "achievement"]


def bookworm(state=None, *, count=1, **parts):
    rules = [achievement("bookworm", {"bookworm": 1}, FIVE_PLAYS)]
    return play(game(XP, BADGES, actions=[action(**parts)], achievement_rules=rules), state, count=count)


def test_the_play_that_is_judged_counts():
    assert awards(bookworm(PlayerState(counts={"read": 3}))) == []
    assert awards(bookworm(PlayerState(counts={"read": 4}))) == [
        ("bookworm", [("badges", {"Bookworm": delta(None, "1")})])
    ]
    assert awards(bookworm(count=5)) != []


def test_the_event_is_global():
    assert bookworm(count=5).events[1].is_global


def test_who_has_it_does_not_get_it_again():
    assert awards(bookworm(PlayerState(counts={"read": 9}, items={"badges": {"bookworm": 1}}))) == []


def test_what_was_lost_can_be_earned_again():
    state = PlayerState(counts={"read": 9}, items={"badges": {"bookworm": 0}})
    assert awards(bookworm(state)) == [("bookworm", [("badges", {"Bookworm": delta("0", "1")})])]


def test_it_is_never_taken_away():
    rules = [achievement("rich", {"star": 1}, metric_is("xp", "ge", 10))]
    plan = game(XP, BADGES, actions=[action(points(0, verb="set"))], achievement_rules=rules)
    outcome = play(plan, PlayerState(points={"xp": 10}, items={"badges": {"star": 1}}))
    assert outcome.state.items == {"badges": {"star": 1}}


def test_only_the_missing_difference_is_added():
    rules = [achievement("collector", {"bookmark": 3, "star": 1, "bookworm": 1})]
    plan = game(XP, BADGES, actions=[action()], achievement_rules=rules)
    outcome = play(plan, PlayerState(items={"badges": {"bookmark": 2, "bookworm": 1}}))
    assert awards(outcome) == [("collector", [("badges", {"Bookmark": delta("2", "3"), "Star": delta(None, "1")})])]


def test_who_holds_more_than_is_asked_for_keeps_it():
    rules = [achievement("collector", {"bookmark": 1, "star": 1})]
    plan = game(XP, BADGES, actions=[action()], achievement_rules=rules)
    outcome = play(plan, PlayerState(items={"badges": {"bookmark": 4}}))
    assert outcome.state.items == {"badges": {"bookmark": 4, "star": 1}}


def test_a_full_set_takes_nothing_and_says_nothing():
    rules = [achievement("star", {"star": 1}), achievement("both", {"star": 1, "bookmark": 2})]
    full = replace(BADGES, max_items=1)
    plan = game(XP, full, actions=[action()], achievement_rules=rules)
    outcome = play(plan, PlayerState(items={"badges": {"bookmark": 1}}))
    assert awards(outcome) == [("both", [("badges", {"Bookmark": delta("1", "2")})])]


def test_the_state_just_reached_counts():
    reader = Condition("metric", id="rank", metric_type="state", state="reader", operator="eq")
    plan = game(
        XP,
        RANK,
        BADGES,
        actions=[action(points(60))],
        level_rules=(RANKING_UP,),
        achievement_rules=[achievement("reader", {"star": 1}, reader)],
    )
    outcome = play(plan)
    assert [event.body["event"] for event in outcome.events] == ["action", "level", "achievement"]


def test_compounds_go_to_the_event_that_moved_them():
    plan = game(
        XP,
        BADGES,
        IMPACT,
        actions=[action(points(60))],
        achievement_rules=[achievement("bookworm", {"bookworm": 1}), achievement("star", {"star": 1})],
    )
    outcome = play(plan)
    assert deltas(outcome) == [("xp", delta(None, "60")), ("impact", delta("0", "6"))]
    assert awards(outcome) == [
        ("bookworm", [("badges", {"Bookworm": delta(None, "1")}), ("impact", delta("6", "56"))]),
        ("star", [("badges", {"Star": delta(None, "1")})]),
    ]


def holds_badge(item):
    return metric_is("badges", "ge", 1, item=item)


@pytest.mark.parametrize("thorough", [True, False])
def test_later_rules_see_earlier_awards_and_earlier_ones_get_another_pass(thorough):
    rules = [
        achievement("third", {"bookmark": 1}, holds_badge("star")),
        achievement("first", {"bookworm": 1}),
        achievement("second", {"star": 1}, holds_badge("bookworm")),
    ]
    plan = game(XP, BADGES, actions=[action()], achievement_rules=rules)
    assert [rule for rule, _ in awards(play(plan, thorough=thorough))] == ["first", "second", "third"]


def test_an_award_can_be_earned_through_a_compound():
    rules = [
        achievement("impressive", {"star": 1}, metric_is("impact", "ge", 50)),
        achievement("bookworm", {"bookworm": 1}),
    ]
    plan = game(XP, BADGES, IMPACT, actions=[action()], achievement_rules=rules)
    assert [rule for rule, _ in awards(play(plan))] == ["bookworm", "impressive"]


def test_a_rule_that_was_never_asked_before_is_asked_if_thorough():
    plan = game(XP, BADGES, actions=[action()], achievement_rules=[achievement("rich", {"star": 1})])
    untouched = replace(plan, touching={})
    assert awards(play(untouched, thorough=False)) == []
    assert awards(play(untouched, thorough=True)) != []


@pytest.mark.parametrize(
    ("before", "count", "awarded"),
    [(0, 4, []), (0, 5, ["five"]), (4, 1, ["five"]), (4, 9, ["five", "ten"]), (5, 4, [])],
)
def test_a_rule_that_asks_for_a_number_of_plays_is_looked_at_when_it_is_reached(before, count, awarded):
    rules = [
        achievement("five", {"star": 1}, FIVE_PLAYS),
        achievement("ten", {"bookworm": 1}, Condition("action", id="read", operator="ge", number=10)),
    ]
    plan = replace(
        game(XP, BADGES, actions=[action()], achievement_rules=rules),
        touching={},
        reaching={("action", "read"): ((5, "five"), (10, "ten"))},
    )
    state = PlayerState(counts={"read": before})
    assert [rule for rule, _ in awards(play(plan, state, count=count, thorough=False))] == awarded


@pytest.mark.parametrize(
    ("before", "value", "awarded"), [(None, 4, False), (None, 5, True), (4, 1, True), (5, 1, False)]
)
def test_a_rule_that_asks_for_points_is_looked_at_when_they_are_reached(before, value, awarded):
    rules = [achievement("rich", {"star": 1}, metric_is("xp", "ge", 5))]
    plan = replace(
        game(XP, BADGES, actions=[action(points(value))], achievement_rules=rules),
        touching={},
        reaching={("metric", "xp"): ((5, "rich"),)},
    )
    state = PlayerState() if before is None else PlayerState(points={"xp": before})
    assert bool(awards(play(plan, state, thorough=False))) == awarded


def test_a_compound_that_catches_up_with_its_new_formula_moves_the_rules_that_read_it():
    low = achievement("low", {"star": 1}, metric_is("impact", "lt", 50))
    plan = replace(
        game(XP, COINS, BADGES, IMPACT, actions=[action(points(1, "coins"))], achievement_rules=[low]),
        touching={("metric", "impact"): frozenset({"low"})},
    )
    stale = PlayerState(points={"xp": 100}, compounds={"impact": 99})
    assert [rule for rule, _ in awards(play(plan, stale, thorough=False))] == ["low"]


def test_room_that_an_award_makes_in_a_set_is_given_to_a_rule_before_it():
    """More was held than the design now allows: who is to have four keeps none."""
    shelf = SetMetric(
        "badges", "Badges", {"old": Item("old", "Old", maximum=0), "new": Item("new", "New")}, max_items=1
    )
    rules = [achievement("waiting", {"new": 1}), achievement("lowering", {"old": 4})]
    plan = replace(
        game(XP, shelf, actions=[action()], achievement_rules=rules),
        touching={("items", "badges"): frozenset({"waiting", "lowering"})},
    )
    outcome = play(plan, PlayerState(items={"badges": {"old": 3}}))
    assert awards(outcome) == [
        ("lowering", [("badges", {"Old": delta("3", "0")})]),
        ("waiting", [("badges", {"New": delta(None, "1")})]),
    ]


def test_an_index_that_names_an_unknown_rule_does_no_harm():
    plan = game(XP, BADGES, actions=[action()])
    plan.touching["action", "read"] = frozenset({"gone"})
    assert awards(play(plan, thorough=False)) == []


def test_a_chain_of_hundreds_of_rules_ends():
    steps = 300
    rules = [
        achievement(f"step_{step}", {"star": step + 1}, metric_is("badges", "ge", step, item="star"))
        for step in reversed(range(steps))
    ]
    plan = game(XP, BADGES, actions=[action()], achievement_rules=rules)
    outcome = play(plan)
    assert len(awards(outcome)) == steps
    assert outcome.state.items == {"badges": {"star": steps}}


def test_the_action_s_own_reward_can_complete_it():
    rules = [achievement("collector", {"bookmark": 2})]
    plan = game(XP, BADGES, actions=[action(items({"bookmark": 2}))], achievement_rules=rules)
    assert awards(play(plan)) == []
