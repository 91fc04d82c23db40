"""What is said of a design before it is played: what nobody can reach, and how much can be earned in a day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.findings import earnings, unreachable
from django_playlyfe.engine.design.findings.earnings import plays_a_day
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.formulas import parse
from django_playlyfe.engine.rules.plan import Plan, PointMetric, Rate
from django_playlyfe.engine.rules.spans import EVERYTHING, Span
from django_playlyfe.engine.rules.state import PlayerState, PlayInput, Refused
from tests.examples import examples
from tests.reference.games import game

from ..conftest import LIBRARY_QUEST, action, design, point, reward

DAILY = [3, 86_400_000, "FIXED"]
BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {"items": [{"id": name, "name": name.title()} for name in ("worm", "owl", "sage")]},
}
RANK = {
    "id": "rank",
    "name": "Rank",
    "type": "state",
    "constraints": {"states": [{"id": name, "name": name.title()} for name in ("low", "mid", "high", "idle")]},
}


def plan(**parts: Any) -> Plan:
    document = design(**parts)
    report = check(document)
    assert report.valid, report.lines()
    return compile_design(normalise(document))


def award(item: str, requires: dict[str, Any]) -> dict[str, Any]:
    achievement = {"metric": {"id": "badges"}, "items": [{"key": item, "value": "1"}]}
    return {
        "id": f"earn_{item}",
        "name": item.title(),
        "type": "achievement",
        "achievement": achievement,
        "requires": requires,
    }


def metric_is(metric: str, kind: str, operator: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": "metric", "context": {"id": metric, "type": kind, "operator": operator, "value": value, **more}}


def named(found: Plan) -> list[tuple[str, str]]:
    return [(finding.code, finding.message.split("'")[-2]) for finding in unreachable(found)]


def test_a_badge_that_nothing_gives_takes_what_needs_it_along() -> None:
    found = plan(
        metrics=[point("xp"), BADGES],
        actions=[
            action("read", reward("xp", "1")),
            action("preach", requires=metric_is("badges", "set", "ge", "1", item="sage")),
        ],
        rules=[
            award("worm", metric_is("xp", "point", "ge", "10")),
            award("owl", {"type": "action", "context": {"id": "preach", "operator": "ge", "value": "1"}}),
        ],
    )
    assert named(found) == [
        ("ITEM_UNREACHABLE", "owl"),
        ("ITEM_UNREACHABLE", "sage"),
        ("ACTION_UNREACHABLE", "preach"),
        ("RULE_UNREACHABLE", "earn_owl"),
    ]


def test_an_action_that_asks_for_a_streak_of_its_own_is_never_played() -> None:
    def streak(**more: Any) -> dict[str, Any]:
        return {"type": "streak", "context": {"operator": "ge", "value": "2", **more}}

    found = plan(
        metrics=[point("xp")],
        actions=[
            action("read", requires=streak(action="read")),
            action("write", requires=streak(unit="week")),
            action("train", requires={**streak(action="train"), "not": True}),
        ],
    )
    assert named(found) == [("ACTION_UNREACHABLE", "read")]
    nothing_begins = plan(metrics=[point("xp")], actions=[action("write", requires=streak())])
    assert named(nothing_begins) == [("ACTION_UNREACHABLE", "write")]


def test_a_value_that_is_rounded_up_reaches_what_it_is_rounded_to() -> None:
    found = plan(
        metrics=[point("xp"), BADGES],
        actions=[action("read", reward("xp", "9.5", "set"))],
        rules=[award("worm", metric_is("xp", "point", "ge", "10")), award("owl", metric_is("xp", "point", "ge", "11"))],
    )
    assert [name for code, name in named(found) if code == "RULE_UNREACHABLE"] == ["earn_owl"]


def test_levels_above_what_can_be_had() -> None:
    levels = {
        "id": "levels",
        "name": "Levels",
        "type": "level",
        "base_metric": "xp",
        "level_metric": "rank",
        "levels": [{"rank": "low", "threshold": "9"}, {"rank": "mid", "threshold": "20"}, {"rank": "high"}],
    }
    capped = plan(metrics=[point("xp", max="20"), RANK], rules=[levels])
    assert named(capped) == [
        ("STATE_UNREACHABLE", "high"),
        ("STATE_UNREACHABLE", "idle"),
        ("LEVEL_UNREACHABLE", "high"),
    ]
    set_low = plan(metrics=[point("xp"), RANK], rules=[levels], actions=[action("read", reward("xp", "5", "set"))])
    assert ("LEVEL_UNREACHABLE", "mid") in named(set_low)
    never = plan(metrics=[point("xp"), RANK], rules=[levels], actions=[action("read")])
    assert [code for code, _ in named(never)] == ["STATE_UNREACHABLE"] * 4 + ["LEVEL_UNREACHABLE"] * 3


def test_the_library_quest_is_within_reach() -> None:
    quest = compile_design(normalise(LIBRARY_QUEST))
    assert unreachable(quest) == []
    assert [str(earning) for earning in earnings(quest)] == [
        "any amount of xp a day: unbounded because of the variable 'pages' of the action 'finish_book'",
        "any amount of coins a day: unbounded because of the rule 'weekly_target', which pays as often as it is run",
    ]


def most(*actions: dict[str, Any], **parts: Any) -> str:
    (earning,) = earnings(plan(actions=list(actions), **parts))
    return str(earning)


def test_what_a_day_brings() -> None:
    assert most(action("read", reward("xp", "10"), rate=DAILY)) == "at most 30 xp a day"
    assert most(action("read", reward("xp", "-7", "remove"), reward("xp", "0.5"), rate=DAILY)) == "at most 24 xp a day"
    assert most(action("read", reward("xp", "10", probability=0.1), rate=[2, 3_600_000])) == "at most 480 xp a day"
    assert most(action("read", reward("xp", "9", "set"), rate=DAILY)) == "at most 27 xp a day"
    assert earnings(plan(actions=[action("read", reward("xp", "10", "remove"), rate=DAILY)])) == []


def test_compounds_that_name_each_other_many_times_take_no_longer() -> None:
    names = [f"c{number}" for number in range(16)]
    formulas = ["$scores.coins"] + [" + ".join([f"$scores.{name}"] * 100) for name in names[:-1]]
    compounds = [
        {"id": name, "name": name, "type": "compound", "constraints": {"formula": formula}}
        for name, formula in zip(names, formulas, strict=True)
    ]
    deep = [point("xp"), point("coins", max="1"), *compounds]
    assert (
        most(action("read", reward("xp", "$scores.c15"), rate=DAILY), metrics=deep)
        == f"at most {3 * 100**15:,} xp a day"
    )


def test_what_leaves_it_open() -> None:
    pages = [{"name": "pages", "type": "int", "required": True}]
    assert most(action("read", reward("xp", "1"))).endswith("because of the action 'read', which has no rate limit")
    assert most(action("read", reward("xp", "$vars.pages"), rate=DAILY, variables=pages)).endswith(
        "because of the variable 'pages' of the action 'read'"
    )
    capped = action("read", reward("xp", "min($vars.pages, 500) / 10"), rate=DAILY, variables=pages)
    assert most(capped) == "at most 150 xp a day"
    two = [point("xp"), point("coins")]
    assert most(action("read", reward("xp", "$scores.coins"), rate=DAILY), metrics=two).endswith(
        "because of the score 'coins', which the action 'read' pays by"
    )
    rich = [point("xp"), point("coins", max="50")]
    assert most(action("read", reward("xp", "$scores.coins * 2"), rate=DAILY), metrics=rich) == "at most 300 xp a day"


def test_what_pays_once_adds_its_reward_to_any_day() -> None:
    def rules(*once: Any) -> list[dict[str, Any]]:
        return [{"rewards": [reward("xp", "10")], **({"once": one} if one else {})} for one in once]

    assert most(action("read", rules=rules("player"))) == "at most 10 xp a day"
    assert most(action("read", rules=rules("player", None), rate=DAILY)) == "at most 40 xp a day"
    isbn = [{"name": "isbn", "type": "string"}]
    assert most(action("read", rules=rules({"per": "isbn"}), rate=DAILY, variables=isbn)) == "at most 30 xp a day"
    assert "no rate limit" in most(action("read", rules=rules({"per": "isbn"}), variables=isbn))
    assert most(action("read", reward("xp", "10", best="player"))) == "at most 10 xp a day"
    capped = reward("xp", "min($vars.n, 7)", best={"per": "n"})
    n = [{"name": "n", "type": "int"}]
    assert most(action("read", capped, rate=DAILY, variables=n)) == "at most 21 xp a day"
    custom = {"id": "gift", "name": "Gift", "type": "custom", "variables": [], "rules": rules("player")}
    assert most(action("read"), rules=[custom]) == "at most 10 xp a day"


@pytest.mark.parametrize(
    ("rate", "number"),
    [
        (Rate(5, 86_400_000, "FIXED"), 5),
        (Rate(5, 3_600_000, "FIXED"), 120),
        (Rate(5, 60_000, "FIXED"), 7200),
        (Rate(5, 604_800_000, "FIXED"), 5),
        (Rate(5, 86_400_000), 5),
        (Rate(5, 50_000_000), 10),
        (Rate(5, 604_800_000), 5),
        (Rate(5, 86_400_000, "LEAKY"), 10),
        (None, None),
    ],
)
def test_plays_of_a_day(rate: Rate | None, number: int | None) -> None:
    assert plays_a_day(rate) == number


# --- nothing wrong is ever said ---------------------------------------------------------------------------------------


class Between:
    """Scores and variables between two numbers."""

    def __init__(self, low: int, high: int) -> None:
        self.span = Span(Decimal(low), Decimal(high))

    def score(self, metric: str, item: str | None) -> Span:
        return self.span

    def variable(self, name: str) -> Span:
        return self.span


class Fixed:
    """All scores are one number."""

    def __init__(self, number: int) -> None:
        self.value = Decimal(number)

    def number(self, metric: str, item: str | None) -> Decimal:
        return self.value


formulas = st.recursive(
    st.one_of(st.integers(0, 9).map(str), st.sampled_from(["$vars.a", "$scores.b", "2.5"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        st.tuples(st.sampled_from(["round", "floor", "ceil", "-"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
    ),
    max_leaves=8,
)


@given(formulas, st.integers(-9, 9), st.integers(0, 9), st.data())
@settings(max_examples=examples(300), deadline=None)
def test_a_formula_stays_within_its_span(text: str, low: int, width: int, data: st.DataObject) -> None:
    formula = parse(text)
    span = formula.span(Between(low, low + width))
    number, score = data.draw(st.integers(low, low + width)), data.draw(st.integers(low, low + width))
    value = formula.evaluate(Fixed(score), {"a": number})
    assert isinstance(value, Decimal)
    slack = Decimal("1e-20") * max(abs(value), 1) if not value.is_nan() else 0  # 28 digits, rounded
    assert value.is_nan() or span.low - slack <= value <= span.high + slack
    if span != EVERYTHING:
        assert not value.is_nan() or "%" in text or "/" in text


@given(st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=examples(150), deadline=None)
def test_what_happened_was_not_called_impossible(seed: int, size: int) -> None:
    played = game(seed, size)
    found = compile_design(normalise(played.design))
    said = {(finding.code, finding.path, finding.message.split("'")[-2]) for finding in unreachable(found)}
    bounds = {earning.metric: earning.most for earning in earnings(found)}
    zone, gained = ZoneInfo(found.timezone), defaultdict[tuple[str, date], int](int)
    state = judge.bootstrap(found, PlayerState(), played.instants[0], played.dice(0)).state
    see(said, state, "")
    for number, (step, at) in enumerate(zip(played.history, played.instants, strict=True), 1):
        try:
            request = PlayInput(step.name, step.variables, step.count, at)
            outcome = judge.play(found, state, request, played.dice(number))
        except Refused:
            continue
        for change in outcome.events[0].body["changes"]:
            metric = found.metrics[change["metric"]["id"]]
            if isinstance(metric, PointMetric):
                old, new = change["delta"]["old"], int(change["delta"]["new"])
                gain = new - (metric.default if old is None else int(old))
                midnight = datetime.combine(at.astimezone(zone).date(), datetime.min.time(), zone)
                if at - midnight.astimezone(timezone.utc) < timedelta(hours=24):  # one day of the year has 25
                    gained[metric.id, midnight.date()] += max(gain, 0)
        state = outcome.state
        see(said, state, step.name)
    for (metric_id, _), gain in gained.items():
        if gain:
            assert metric_id in bounds
            most = bounds[metric_id]
            assert most is None or gain <= most


def see(said: set[tuple[str, str, str]], state: PlayerState, played: str) -> None:
    assert ("ACTION_UNREACHABLE", f"/actions/{played}", played) not in said
    for metric, items in state.items.items():
        for item, count in items.items():
            assert not count or ("ITEM_UNREACHABLE", f"/metrics/{metric}", item) not in said
    for metric, held in state.states.items():
        assert ("STATE_UNREACHABLE", f"/metrics/{metric}", held) not in said
