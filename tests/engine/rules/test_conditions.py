"""engine.md §5."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from django_playlyfe.engine.rules.conditions import compare, holds
from django_playlyfe.engine.rules.formulas import parse
from django_playlyfe.engine.rules.plan import ALWAYS, CompoundMetric, Condition, Plan
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import PlayerState

from .games import BADGES, COINS, IMPACT, NOON, RANK, XP, game, metric_is

PLAN = game(XP, COINS, BADGES, RANK, IMPACT, CompoundMetric("odd", "Odd", parse("$scores.xp / $scores.coins")))


def view(state=None, *, at=NOON, variables=None, plan: Plan = PLAN) -> Snapshot:
    return Snapshot.take(plan, state or PlayerState(), at, variables or {})


def true_of(condition, *args, **parts) -> bool:
    return holds(condition, view(*args, **parts))


YES = ALWAYS
NO = Condition("or")


def test_an_absent_condition_holds():
    assert true_of(ALWAYS)


@pytest.mark.parametrize(
    ("left", "right", "truths"),
    [
        (Decimal(1), Decimal(1), {"eq", "ge", "le"}),
        (Decimal(1), Decimal(2), {"ne", "lt", "le"}),
        (Decimal(2), Decimal(1), {"ne", "gt", "ge"}),
        (Decimal("0.5"), Decimal("0.50"), {"eq", "ge", "le"}),
        ("9", "10", {"ne", "lt", "le"}),
        ("10", "10.0", {"eq", "ge", "le"}),
        ("-1", Decimal(-1), {"eq", "ge", "le"}),
        ("1" * 40, "1" * 39 + "2", {"ne", "lt", "le"}),
        ("gold", "gold", {"eq"}),
        ("gold", "Gold", {"ne"}),
        ("gold", "", {"ne"}),
        ("gold", "10", {"ne"}),
        (Decimal(10), "gold", {"ne"}),
        (Decimal("1E+30"), "1E+30", {"ne"}),  # the text reads as no number, however the number is written
        ("", "", {"eq"}),
        (" 1", "1", {"ne"}),
        (Decimal("NaN"), Decimal(1), set()),
        (Decimal(1), Decimal("NaN"), set()),
        (Decimal("NaN"), Decimal("NaN"), set()),
        ("gold", Decimal("NaN"), set()),
        ("NaN", "NaN", {"eq"}),
    ],
)
def test_numbers_compare_as_numbers_and_text_as_text(left, right, truths):
    assert {
        comparison for comparison in ("eq", "ne", "gt", "ge", "lt", "le") if compare(left, comparison, right)
    } == truths


@pytest.mark.parametrize("comparison", ["eq", "ne", "gt"])
def test_not_inverts_an_undefined_comparison(comparison):
    undefined = metric_is("xp", comparison, "0 / 0")
    assert not true_of(undefined)
    assert true_of(replace(undefined, negate=True))


def test_a_missing_score_compares_as_its_default():
    assert true_of(metric_is("xp", "eq", 0))
    assert true_of(metric_is("coins", "eq", 10))
    assert true_of(metric_is("badges", "eq", 0, item="bookworm"))


def test_a_stored_score_compares_as_it_is():
    state = PlayerState(points={"coins": 0}, items={"badges": {"bookmark": 2, "bookworm": 0}})
    assert true_of(metric_is("coins", "eq", 0), state)
    assert true_of(metric_is("badges", "eq", 2, item="bookmark"), state)
    assert true_of(metric_is("badges", "eq", 0, item="bookworm"), state)


def test_a_missing_compound_compares_as_computed_from_the_defaults():
    state = PlayerState(points={"xp": 25})
    assert true_of(metric_is("impact", "eq", 0))
    assert true_of(metric_is("impact", "eq", 3), state)


def test_a_stored_compound_compares_as_stored():
    state = PlayerState(points={"xp": 25}, compounds={"impact": 99})
    assert true_of(metric_is("impact", "eq", 99), state)


def test_a_compound_that_cannot_be_computed_compares_to_nothing():
    state = PlayerState(points={"xp": 25, "coins": 0})
    for comparison in ("eq", "ne", "ge", "lt"):
        assert not true_of(metric_is("odd", comparison, 0), state)


def test_the_value_of_a_metric_condition_is_an_expression():
    state = PlayerState(points={"xp": 25, "coins": 12})
    assert true_of(metric_is("xp", "gt", "$scores.coins * 2"), state)
    assert not true_of(metric_is("xp", "gt", "$scores.coins * 2 + $vars.more"), state, variables={"more": 1})


@pytest.mark.parametrize(
    ("held", "eq", "ne"), [({"rank": "reader"}, True, False), ({"rank": "visitor"}, False, True), ({}, False, True)]
)
def test_a_missing_state_equals_none(held, eq, ne):
    state = PlayerState(states=held)
    is_reader = Condition("metric", id="rank", metric_type="state", state="reader", operator="eq")
    assert true_of(is_reader, state) is eq
    assert true_of(replace(is_reader, operator="ne"), state) is ne


def test_an_action_condition_counts_plays():
    state = PlayerState(counts={"read": 5})
    at_least = Condition("action", id="read", operator="ge", number=5)
    assert true_of(at_least, state)
    assert not true_of(replace(at_least, number=6), state)
    assert true_of(Condition("action", id="write", operator="eq", number=0), state)


def test_a_team_condition_wants_any_role_or_the_one_named():
    state = PlayerState(teams=frozenset({("book_club", "Member")}))
    assert true_of(Condition("team", id="book_club"), state)
    assert true_of(Condition("team", id="book_club", role="Member"), state)
    assert not true_of(Condition("team", id="book_club", role="Host"), state)
    assert not true_of(Condition("team", id="chess_club"), state)
    assert not true_of(Condition("team", id="book_club"))


@pytest.mark.parametrize(
    ("func", "number"),
    [
        ("hour_of_day", 1),
        ("day_of_week", 7),
        ("day_of_month", 31),
        ("day_of_year", 366),
        ("week_of_year", 1),
        ("month_of_year", 12),
    ],
)
def test_time_is_read_on_the_wall_clock_of_the_game(func, number):
    tokyo = replace(PLAN, timezone="Asia/Tokyo")
    moment = datetime(2028, 12, 30, 16, 0, tzinfo=timezone.utc)  # Sunday, 31 December, 1 o'clock in Tokyo
    if func == "week_of_year":
        moment = datetime(2024, 12, 29, 15, 0, tzinfo=timezone.utc)  # Monday, 30 December: week 1 of 2025
    assert true_of(Condition("time", func=func, operator="eq", number=number), at=moment, plan=tokyo)


def test_a_week_of_the_old_year_can_be_its_fifty_third():
    moment = datetime(2027, 1, 3, tzinfo=timezone.utc)
    assert true_of(Condition("time", func="week_of_year", operator="eq", number=53), at=moment)


def test_a_var_condition_compares_two_expressions():
    condition = Condition("var", lhs=parse("$vars['genre']"), operator="eq", value=parse('"history"'))
    assert true_of(condition, variables={"genre": "history"})
    assert not true_of(condition, variables={"genre": "History"})
    assert not true_of(condition)


def test_a_numeric_text_variable_compares_as_a_number():
    condition = Condition("var", lhs=parse("$vars.code"), operator="ge", value=parse("40"))
    assert true_of(condition, variables={"code": "100"})


@pytest.mark.parametrize(
    ("parts", "all_hold", "any_holds"),
    [((), True, False), ((YES, YES), True, True), ((YES, NO), False, True), ((NO, NO), False, False)],
)
def test_and_wants_all_and_or_wants_any(parts, all_hold, any_holds):
    assert true_of(Condition("and", parts=parts)) is all_hold
    assert true_of(Condition("or", parts=parts)) is any_holds
    assert true_of(Condition("and", parts=parts, negate=True)) is not all_hold
    assert true_of(Condition("or", parts=parts, negate=True)) is not any_holds


def test_a_metric_that_the_design_does_not_know_compares_to_nothing():
    assert not true_of(metric_is("gone", "eq", 0))
    assert not true_of(metric_is("badges", "ne", 5))  # a set without an item
