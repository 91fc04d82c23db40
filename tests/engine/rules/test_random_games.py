"""Properties of whole games: random designs, played at random (engine-internals.md §2)."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.load import normalise
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.rules import compounds, judge
from django_playlyfe.engine.rules.state import PlayerState
from tests.examples import examples

from .games import NOON, play

ITEMS = ["a", "b", "c"]
STATES = ["low", "mid", "high"]
OPERATORS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])

numbers = st.integers(-6, 30).map(str)
values = st.one_of(
    numbers,
    st.sampled_from(
        ["$scores.xp / 3", "$scores.coins - $scores.xp", "$scores.badges.a * 2", "1 / $scores.xp", "$scores.mixed % 7"]
    ),
)
point_ids = st.sampled_from(["xp", "coins"])
compound_ids = st.sampled_from(["third", "ratio", "mixed"])

METRICS: list[dict[str, Any]] = [
    {"id": "xp", "name": "xp", "type": "point"},
    {"id": "coins", "name": "coins", "type": "point", "constraints": {"min": "-5", "max": "20", "default": "3"}},
    {"id": "rank", "name": "rank", "type": "state", "constraints": {"states": [{"name": name} for name in STATES]}},
    {"id": "third", "name": "third", "type": "compound", "constraints": {"formula": "$scores.xp / 3"}},
    {"id": "ratio", "name": "ratio", "type": "compound", "constraints": {"formula": "10 * $scores.xp / $scores.coins"}},
    {
        "id": "mixed",
        "name": "mixed",
        "type": "compound",
        "constraints": {"formula": "$scores.ratio + $scores.badges.a * 10"},
    },
]


def badges(max_items: str) -> dict[str, Any]:
    members = [{"name": item, "max": "4"} for item in ITEMS]
    return {
        "id": "badges",
        "name": "badges",
        "type": "set",
        "constraints": {"items": members, "max_items": max_items},
    }


def metric_condition(**context: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {key: st.just(part) if isinstance(part, str) else part for key, part in context.items()}
    )


def typed(kind: str, context: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda negate, context: {"type": kind, "not": negate, "context": context}, st.booleans(), context)


full_conditions = st.recursive(
    st.one_of(
        typed("metric", metric_condition(id=point_ids, type="point", operator=OPERATORS, value=values)),
        typed("metric", metric_condition(id=compound_ids, type="compound", operator=OPERATORS, value=values)),
        typed(
            "metric",
            metric_condition(id="badges", type="set", item=st.sampled_from(ITEMS), operator=OPERATORS, value=values),
        ),
        typed(
            "metric",
            metric_condition(
                id="rank", type="state", operator=st.sampled_from(["eq", "ne"]), value=st.sampled_from(STATES)
            ),
        ),
        typed(
            "action",
            metric_condition(
                id=st.sampled_from(["read", "write"]), operator=OPERATORS, value=st.integers(0, 6).map(str)
            ),
        ),
    ),
    lambda parts: st.builds(
        lambda kind, negate, parts: {"type": kind, "not": negate, "expression": parts},
        st.sampled_from(["and", "or"]),
        st.booleans(),
        st.lists(parts, max_size=2),
    ),
    max_leaves=3,
)
conditions = st.just({}) | full_conditions

rewards = st.one_of(
    st.builds(
        lambda metric, verb, value: {"metric": {"id": metric, "type": "point"}, "verb": verb, "value": value},
        point_ids,
        st.sampled_from(["add", "remove", "set"]),
        values,
    ),
    st.builds(
        lambda verb, counts: {"metric": {"id": "badges", "type": "set"}, "verb": verb, "value": counts},
        st.sampled_from(["add", "remove", "set"]),
        st.dictionaries(st.sampled_from(ITEMS), values, min_size=1),
    ),
    st.builds(
        lambda state: {"metric": {"id": "rank", "type": "state"}, "verb": "set", "value": state},
        st.sampled_from(STATES),
    ),
)


def rewarding(action: str) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.fixed_dictionaries({"requires": conditions, "rewards": st.lists(rewards, max_size=2)})
    return st.builds(
        lambda rules: {"id": action, "name": action, "rules": rules, "requires": {}, "variables": []},
        st.lists(inner, max_size=2),
    )


achievements = st.builds(
    lambda counts, requires: {
        "type": "achievement",
        "achievement": {
            "metric": {"id": "badges"},
            "items": [{"key": item, "value": str(count)} for item, count in counts.items()],
        },
        "requires": requires,
    },
    st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 3), min_size=1, max_size=2),
    conditions,
)

LEVELS = {
    "id": "levels",
    "name": "levels",
    "type": "level",
    "base_metric": "xp",
    "level_metric": "rank",
    "levels": [{"rank": "low", "threshold": "5"}, {"rank": "mid", "threshold": "12"}, {"rank": "high"}],
}


@st.composite
def designs(draw: st.DrawFn) -> dict[str, Any]:
    awards = [
        {**rule, "id": f"award_{n}", "name": "x"} for n, rule in enumerate(draw(st.lists(achievements, max_size=4)))
    ]
    return normalise(
        {
            "game": {"id": "random"},
            "metrics": [badges(draw(st.sampled_from(["1", "2", "Infinity"]))), *METRICS],
            "actions": [draw(rewarding("read")), draw(rewarding("write"))],
            "rules": [*([LEVELS] if draw(st.booleans()) else []), *awards],
            "bootstrap": {"scores": draw(st.lists(rewards, max_size=1))},
        }
    )


plans = designs().map(compile_design)

histories = st.lists(st.tuples(st.sampled_from(["read", "write"]), st.integers(1, 3)), min_size=1, max_size=6)

earlier_players = st.builds(
    PlayerState,
    points=st.dictionaries(point_ids, st.integers(0, 20)),
    items=st.dictionaries(st.just("badges"), st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 4))),
    states=st.dictionaries(st.just("rank"), st.sampled_from(STATES)),
    compounds=st.dictionaries(compound_ids, st.integers(-5, 20)),
    counts=st.dictionaries(st.sampled_from(["read", "write"]), st.integers(0, 4)),
)
"""Players as any older design may have left them."""


@settings(max_examples=examples(5), deadline=None)
@given(designs())
def test_the_designs_are_valid(document):
    assert list(check(document).problems) == []


@settings(max_examples=examples(80), deadline=None)
@given(plans, earlier_players, histories)
def test_a_thorough_judgement_finds_nothing_more_once_the_plan_has_judged_the_player(plan, state, history):
    state = play(plan, state, "read").state
    for action, count in history:
        thorough = play(plan, state, action, count=count, thorough=True)
        assert play(plan, state, action, count=count, thorough=False) == thorough
        state = thorough.state


@settings(max_examples=examples(25), deadline=None)
@given(plans, histories)
def test_a_new_player_needs_no_thorough_judgement(plan, history):
    state = judge.bootstrap(plan, PlayerState(), NOON, random.random).state
    for action, count in history:
        thorough = play(plan, state, action, count=count, thorough=True)
        assert play(plan, state, action, count=count, thorough=False) == thorough
        state = thorough.state


def ends(change: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """What a change says of each stored score: name -> (old, new)."""
    metric, delta = change["metric"], change["delta"]
    if metric["type"] == "set":
        return {f"badges.{item}": (entry["old"], entry["new"]) for item, entry in delta.items()}
    return {metric["id"]: (delta["old"], delta["new"])}


def stored(state: PlayerState) -> dict[str, str]:
    plain = {**state.points, **state.states}
    held = {f"badges.{item}": count for item, count in state.items.get("badges", {}).items()}
    return {name: str(value) for name, value in {**plain, **held}.items()}


@settings(max_examples=examples(25), deadline=None)
@given(plans, histories)
def test_the_changes_of_all_events_tell_the_whole_story(plan, history):
    state = PlayerState()
    for action, count in history:
        outcome = play(plan, state, action, count=count)
        told = stored(state)
        for event in outcome.events:
            for change in event.body["changes"]:
                for name, (old, new) in ends(change).items():
                    if change["metric"]["type"] != "compound":
                        assert told.get(name) == old != new
                        told[name] = new
        assert told == stored(outcome.state)
        state = outcome.state


@settings(max_examples=examples(25), deadline=None)
@given(plans, histories)
def test_scores_stay_within_their_limits_and_writes_lead_from_state_to_state(plan, history):
    state = PlayerState()
    for action, count in history:
        outcome = play(plan, state, action, count=count)
        rebuilt = state.copy()
        for write in outcome.writes:
            rewrite(rebuilt, write)
        after = outcome.state
        assert (rebuilt.points, rebuilt.items, rebuilt.states, rebuilt.compounds) == (
            after.points,
            after.items,
            after.states,
            after.compounds,
        )
        held = after.items.get("badges", {})
        assert all(0 <= number <= 4 for number in held.values())
        most = plan.metrics["badges"].max_items
        assert most is None or sum(number > 0 for number in held.values()) <= most
        assert after.points.get("xp", 0) >= 0
        assert -5 <= after.points.get("coins", 3) <= 20
        computed = compounds.evaluate(plan, after)
        assert all(computed[compound] == value for compound, value in after.compounds.items())
        state = after


def rewrite(state: PlayerState, write: Any) -> None:
    """Apply one write, as storage does."""
    if write.item:
        scores, key = state.items.setdefault(write.metric, {}), write.item
    elif write.metric == "rank":
        scores, key = state.states, write.metric
    else:
        scores, key = (state.points if write.metric in ("xp", "coins") else state.compounds), write.metric
    assert scores.get(key) == write.before
    if write.after is None:
        del scores[key]
    else:
        scores[key] = write.after
