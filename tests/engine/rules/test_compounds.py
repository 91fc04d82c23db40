"""engine.md §3.4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_playlyfe.engine.rules.formulas import parse
from django_playlyfe.engine.rules.plan import CompoundMetric, RewardRule
from django_playlyfe.engine.rules.state import PlayerState, Write

from .games import BADGES, COINS, XP, action, delta, deltas, game, items, metric_is, play, points


def compound(name, formula):
    return CompoundMetric(name, name.capitalize(), parse(formula))


def after(*rewards, state=None, compounds, **parts):
    """What one play of these rewards does."""
    return play(game(XP, COINS, BADGES, *compounds, actions=[action(*rewards, **parts)]), state)


def test_a_compound_is_appended_at_the_end_if_its_value_changed():
    outcome = after(
        points(10), points(5), compounds=[compound("a", "$scores.xp / 10"), compound("b", "$scores.badges.star")]
    )
    assert deltas(outcome) == [("xp", delta(None, "10")), ("xp", delta("10", "15")), ("a", delta("0", "2"))]
    assert outcome.state.compounds == {"a": 2}
    assert Write("a", "", None, 2) in outcome.writes


def test_the_old_value_is_computed_even_without_a_score():
    state = PlayerState(points={"xp": 100})
    outcome = after(points(20), state=state, compounds=[compound("a", "$scores.xp / 10")])
    assert deltas(outcome)[1:] == [("a", delta("10", "12"))]


def test_a_score_appears_with_the_first_operand_even_unchanged():
    outcome = after(points(0, verb="set"), compounds=[compound("a", "$scores.xp / 10")])
    assert deltas(outcome) == [("xp", delta(None, "0"))]
    assert outcome.state.compounds == {"a": 0}


def test_who_holds_no_operand_has_no_score():
    outcome = after(points(1, "coins"), compounds=[compound("a", "$scores.xp + 5"), compound("b", "5")])
    assert outcome.state.compounds == {}


def test_an_item_once_held_and_lost_is_still_an_operand():
    state = PlayerState(items={"badges": {"star": 1}}, compounds={"a": 5})
    outcome = after(items({"star": 1}, "remove"), state=state, compounds=[compound("a", "$scores.badges.star * 5")])
    assert deltas(outcome)[1] == ("a", delta("5", "0"))
    assert outcome.state.compounds == {"a": 0}


def test_unset_operands_count_as_their_defaults():
    outcome = after(points(1), compounds=[compound("a", "$scores.xp + $scores.coins + $scores.badges.star")])
    assert deltas(outcome)[1] == ("a", delta("10", "11"))


def test_several_come_in_the_order_of_the_plan_and_read_each_other_rounded():
    chain = [compound("half", "$scores.xp / 2"), compound("double", "$scores.half * 2")]
    outcome = after(points(5), compounds=chain)
    assert deltas(outcome) == [("xp", delta(None, "5")), ("half", delta("0", "3")), ("double", delta("0", "6"))]


@pytest.mark.parametrize(("xp", "value"), [(10, "17"), (3, "5"), (9, "15")])
def test_a_value_is_rounded(xp, value):
    outcome = after(points(xp), compounds=[compound("a", "$scores['xp'] * 100 / 60")])
    assert deltas(outcome)[1] == ("a", delta("0", value))


def test_a_value_that_can_no_longer_be_computed_is_removed():
    state = PlayerState(points={"xp": 10, "coins": 5}, compounds={"ratio": 2, "more": 3})
    ratio = [compound("ratio", "$scores.xp / $scores.coins"), compound("more", "$scores.ratio + 1")]
    outcome = after(points(0, "coins", "set"), state=state, compounds=ratio)
    assert deltas(outcome)[1:] == [("ratio", delta("2", None)), ("more", delta("3", None))]
    assert outcome.state.compounds == {}
    assert Write("ratio", "", 2, None) in outcome.writes


def test_a_value_that_can_be_computed_for_the_first_time_was_null():
    state = PlayerState(points={"xp": 10, "coins": 0})
    outcome = after(points(5, "coins"), state=state, compounds=[compound("ratio", "$scores.xp / $scores.coins")])
    assert deltas(outcome)[1:] == [("ratio", delta(None, "2"))]


def test_a_value_beyond_what_can_be_stored_is_none():
    state = PlayerState(points={"xp": 1})
    outcome = after(points(2**62, verb="set"), state=state, compounds=[compound("a", "$scores.xp * 4")])
    assert deltas(outcome)[1] == ("a", delta("4", None))


def test_text_in_a_formula_is_read_as_a_number():
    outcome = after(points(1), compounds=[compound("a", "'7'"), compound("b", "'seven'")])
    assert outcome.state.compounds == {}
    assert deltas(outcome) == [("xp", delta(None, "1"))]


def test_an_event_without_changes_recomputes_nothing():
    state = PlayerState(points={"xp": 10}, compounds={"a": 99})  # as an older formula had it
    assert after(state=state, compounds=[compound("a", "$scores.xp")]).state.compounds == {"a": 99}


def test_a_new_formula_takes_effect_at_the_next_event_that_changes_a_score():
    state = PlayerState(points={"xp": 10}, compounds={"a": 99})
    outcome = after(points(11, "coins"), state=state, compounds=[compound("a", "$scores.xp")])
    assert outcome.state.compounds == {"a": 10}
    assert deltas(outcome) == [("coins", delta(None, "21"))]
    assert Write("a", "", 99, 10) in outcome.writes


def test_conditions_read_the_stored_value_until_then():
    state = PlayerState(points={"xp": 10}, compounds={"a": 99})
    rule = RewardRule(metric_is("a", "eq", 99), (points(1),))
    plan = game(XP, compound("a", "$scores.xp"), actions=[replace(action(), rules=(rule,))])
    assert deltas(play(plan, state)) == [("xp", delta("10", "11")), ("a", delta("10", "11"))]
