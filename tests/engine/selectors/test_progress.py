"""How far a player is, and how rare badges are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe import sentences
from django_playlyfe import services as site
from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.state import PlayerState, PlayInput, Refused
from django_playlyfe.engine.selectors.have_and_need import progress_of
from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.types import Progress, Ref
from tests.costs import queries
from tests.examples import examples
from tests.reference.games import game

from ..conftest import action, always, point, reward

BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {
        "items": [
            {"id": "worm", "name": "Bookworm", "description": "Reads a lot", "max": "1"},
            {"id": "owl", "name": "Night owl", "max": "1", "hidden": True},
            {"id": "sage", "name": "Sage", "max": "1"},
        ]
    },
}
RANK = {
    "id": "rank",
    "name": "Rank",
    "type": "state",
    "constraints": {"states": [{"id": "visitor", "name": "Visitor"}, {"id": "reader", "name": "Reader"}]},
}
RANKS = {
    "id": "ranks",
    "name": "Ranks",
    "type": "level",
    "base_metric": "xp",
    "level_metric": "rank",
    "levels": [{"rank": "visitor", "threshold": "39"}, {"rank": "reader"}],
}


def award(item: str, requires: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"earn_{item}",
        "name": f"Earn {item}",
        "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": [{"key": item, "value": "1"}]},
        "requires": requires,
    }


def played(number: int) -> dict[str, Any]:
    return {"type": "action", "context": {"id": "read", "operator": "ge", "value": str(number)}}


def has(value: str, operator: str = "ge", **more: Any) -> dict[str, Any]:
    return {"type": "metric", "context": {"id": "xp", "type": "point", "operator": operator, "value": value}, **more}


OWL = {
    "type": "metric",
    "context": {"id": "badges", "type": "set", "item": "owl", "operator": "ge", "value": "1"},
}
BELOW = has("900", "gt", **{"not": True})


@pytest.fixture
def realm(activated: Callable[..., Realm]) -> Realm:
    realm = activated(
        metrics=[point("xp"), BADGES, RANK],
        actions=[action("read", reward("xp", "10"))],
        rules=[
            RANKS,
            award("worm", played(4)),
            award("owl", has("30")),
            award(
                "sage", {"type": "and", "expression": [has("100"), OWL, played(2), has("900", "gt", **{"not": True})]}
            ),
        ],
    )
    services.create_player(realm, "ada")
    return realm


def test_each_level_and_achievement_says_what_is_there_and_what_is_missing(realm: Realm) -> None:
    services.play(realm, "ada", "read")
    level, worm, sage = selectors.progress(realm, "ada")
    assert (level.kind, level.names, level.is_earned, level.percent) == ("level", ("Reader",), False, 25)
    (points,) = level.conditions
    assert (points.subject, points.have, points.need) == (Ref("xp", "Xp"), 10, 40)
    assert (worm.names, worm.description, worm.is_earned, worm.fraction) == (("Bookworm",), "Reads a lot", False, 0.25)
    (count,) = worm.conditions
    assert (count.kind, count.subject, count.have, count.need) == ("action", Ref("read", "Read"), 1, 4)
    assert [(leaf.subject.id, leaf.have, leaf.need, leaf.fraction, leaf.is_met) for leaf in sage.conditions] == [
        ("xp", 10, 100, 0.1, False),
        ("read", 1, 2, 0.5, False),
        ("xp", 10, 900, 1.0, True),  # it is asked not to have more
    ]
    assert sage.conditions[2].is_negated
    assert sage.fraction == pytest.approx((0.1 + 0 + 0.5 + 1) / 4)


def test_a_secret_is_told_once_it_is_earned(realm: Realm) -> None:
    def told() -> list[str]:
        return [name for one in selectors.progress(realm, "ada") for name in one.names]

    assert told() == ["Reader", "Bookworm", "Sage"]
    for _ in range(3):
        services.play(realm, "ada", "read")
    assert told() == ["Reader", "Bookworm", "Night owl", "Sage"]
    owl, sage = selectors.progress(realm, "ada")[2:]
    assert (owl.is_earned, owl.fraction) == (True, 1.0)
    assert [leaf.item for leaf in sage.conditions] == ["", "Night owl", "", ""]


def test_a_streak_says_how_many_days_are_there_and_is_nothing_once_it_is_broken(
    activated: Callable[..., Realm],
) -> None:
    def streak(value: int, **more: Any) -> dict[str, Any]:
        return {"type": "streak", "context": {"operator": "ge", "value": str(value), **more}}

    def told() -> list[Any]:
        (found,) = selectors.progress(realm, "ada")
        days, weeks = found.conditions
        assert (days.kind, days.subject, days.unit) == ("streak", Ref("read", "Read"), "day")
        assert (weeks.kind, weeks.subject, weeks.unit) == ("streak", Ref(""), "week")
        return [days.have, days.need, days.fraction, weeks.have, weeks.need, sentences.needs(found)]

    both = {"type": "and", "expression": [streak(4, action="read"), streak(2, unit="week")]}
    with time_machine.travel(datetime(2024, 3, 5, 12, tzinfo=timezone.utc), tick=False) as clock:
        realm = activated(metrics=[point("xp"), BADGES], rules=[award("worm", both)])
        services.create_player(realm, "ada")
        services.play(realm, "ada", "read")
        clock.shift(timedelta(days=1))
        services.play(realm, "ada", "read")
        clock.shift(timedelta(days=1))
        assert told() == [2, 4, 0.5, 1, 2, ["Read: 2 of 4 days in a row", "1 of 2 weeks in a row"]]
        clock.shift(timedelta(days=1))
        assert told() == [0, 4, 0.0, 1, 2, ["Read: 0 of 4 days in a row", "1 of 2 weeks in a row"]]


def test_the_top_is_reached(realm: Realm) -> None:
    for _ in range(4):
        services.play(realm, "ada", "read")
    level, worm, *_ = selectors.progress(realm, "ada")
    assert (level.names, level.is_earned, level.fraction, level.conditions) == (("Reader",), True, 1.0, ())
    assert (worm.is_earned, worm.percent) == (True, 100)


def test_the_site_gets_the_nearest(realm: Realm) -> None:
    for _ in range(2):
        services.play(realm, "ada", "read")
    assert {"progress", "rarity"} <= site.abilities()
    near = site.progress("ada", nearest=2)
    assert [(one.names, one.percent) for one in near] == [(("Sage",), 55), (("Reader",), 50)]
    assert near.total == 3
    assert len(site.progress("ada")) == 3
    with pytest.raises(PlayerNotFound):
        site.progress("nobody")


def test_rarity_counts_who_holds_what(realm: Realm) -> None:
    for name in ("bob", "eve", "zoe"):
        services.create_player(realm, name)
    for _ in range(4):
        services.play(realm, "ada", "read")
    assert [(one.item, one.holders, one.share) for one in site.rarity()] == [("Bookworm", 1, 0.25), ("Sage", 0, 0.0)]
    assert [one.item for one in site.rarity("ada")] == ["Bookworm", "Night owl", "Sage"]
    assert [one.item for one in site.rarity("bob")] == ["Bookworm", "Sage"]


def test_the_queries_are_constant(realm: Realm, count_queries: Any) -> None:
    for _ in range(3):
        services.play(realm, "ada", "read")
    with count_queries() as counted:
        selectors.progress(realm, "ada")
    assert len(counted) == queries(3, together=2), counted  # player, scores, counts
    with count_queries() as counted:
        selectors.rarity(realm, "ada")
    assert len(counted) == 4, counted  # player, own items; holders, players
    with count_queries() as counted:
        selectors.rarity(realm)
    assert len(counted) == 1, counted  # the game; the rest is in the cache


@given(st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_fraction_is_one_exactly_where_the_rules_hold(seed: int, size: int) -> None:
    """In generated games, after every call."""
    played_game = game(seed, size)
    plan = compile_design(normalise(played_game.design))
    state, roll = PlayerState(), always(0.5)
    state = judge.bootstrap(plan, state, played_game.instants[0], roll).state
    for step, at in zip(played_game.history, played_game.instants, strict=True):
        try:
            state = judge.play(plan, state, PlayInput(step.name, step.variables, step.count, at), roll).state
        except Refused:
            continue
        for one in progress_of(plan, state, at):
            check(one)


def check(one: Progress) -> None:
    assert 0.0 <= one.fraction <= 1.0
    if one.is_earned:
        assert one.fraction == 1.0
    if one.kind == "level" and not one.is_earned:
        assert one.fraction < 1.0
    for leaf in one.conditions:
        assert 0.0 <= leaf.fraction <= 1.0
        assert leaf.is_met == (leaf.fraction == 1.0)
