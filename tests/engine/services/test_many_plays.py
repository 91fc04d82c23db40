"""Many plays at once: the outcome of as many single calls, at a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.calls import dice
from django_playlyfe.engine.history import check, state_hash
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionLimitReached,
    ActionNotFound,
    ConfigurationError,
    Conflict,
    InvalidRequest,
    PlayerNotFound,
    PlaylyfeError,
)
from django_playlyfe.types import PlayOf
from tests.engine.conftest import action, board, point, reward, rolled_back
from tests.examples import examples

pytestmark = pytest.mark.django_db
QUERIES = 14
"""A savepoint and its end; the game and its players' keys, the game and the locked players, their scores and counts,
earlier calls with these keys; rows of boards read and written; calls, scores and counts written."""
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
Activate = Callable[..., Realm]
RICH = {"type": "metric", "context": {"id": "coins", "type": "point", "operator": "ge", "value": "10"}}
PLAYERS = ("ada", "rui", "zoe")


@pytest.fixture
def shop(activated: Activate) -> Iterator[Realm]:
    """Work gives coins, three times an hour; buying needs and takes ten; digging may find one."""
    realm = activated(
        metrics=[point("xp"), point("coins")],
        actions=[
            action("work", reward("coins", "10"), rate=[3, 3_600_000, "ROLLING"]),
            action("buy", reward("coins", "10", "remove"), reward("xp", "1"), requires=RICH),
            action("dig", reward("coins", "1", probability=0.5)),
        ],
        leaderboards=[
            board("top", "xp", cycles=["alltime", "daily"]),
            board("by_shelf", "coins", scope={"type": "custom"}),
        ],
    )
    with time_machine.travel(NOON, tick=False):
        for player_id in PLAYERS:
            services.create_player(realm, player_id)
        yield realm


def scores(realm: Realm, player_id: str) -> dict[str, Any]:
    return {entry["metric"]["id"]: entry["value"] for entry in selectors.profile(realm, player_id)["scores"]}


def kinds(answers: list[services.Recorded | PlaylyfeError]) -> list[type]:
    return [type(answer) for answer in answers]


def test_each_play_has_its_answer_in_the_order_asked(shop: Realm) -> None:
    answers = services.play_many(shop, [PlayOf("zoe", "work"), PlayOf("ada", "work", count=2), PlayOf("zoe", "buy")])
    assert [answer.player_id for answer in answers if isinstance(answer, services.Recorded)] == ["zoe", "ada", "zoe"]
    assert scores(shop, "zoe") == {"xp": "1", "coins": "0"}
    assert scores(shop, "ada") == {"coins": "20"}


def test_what_is_refused_or_wrong_leaves_the_others_alone(shop: Realm) -> None:
    services.update_player(shop, "rui", enabled=False)
    answers = services.play_many(
        shop,
        [
            PlayOf("ada", "buy"),
            PlayOf("ada", "work", count=4),
            PlayOf("ada", "fly"),
            PlayOf("nobody", "work"),
            PlayOf("rui", "work"),
            PlayOf("ada", "work", count=0),
            PlayOf("ada", "work"),
        ],
    )
    assert kinds(answers) == [
        AccessDenied,
        ActionLimitReached,
        ActionNotFound,
        PlayerNotFound,
        AccessDenied,
        InvalidRequest,
        services.Recorded,
    ]
    assert scores(shop, "ada") == {"coins": "10"}
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == 1


def test_a_key_counts_once_within_a_call_and_from_call_to_call(shop: Realm) -> None:
    monday = PlayOf("ada", "work", idempotency_key="monday")
    first, second = services.play_many(shop, [monday, monday])
    (third,) = services.play_many(shop, [monday])
    assert isinstance(first, services.Recorded)
    assert not first.replayed
    for again in (second, third):
        assert isinstance(again, services.Recorded)
        assert again.replayed
        assert (again.call_id, again.events) == (first.call_id, first.events)
    other = services.play_many(shop, [PlayOf("ada", "work", count=2, idempotency_key="monday")])
    assert kinds(other) == [Conflict]
    assert scores(shop, "ada") == {"coins": "10"}


def test_late_plays_are_judged_at_their_instant(shop: Realm) -> None:
    hours = [NOON - timedelta(hours=hour) for hour in (1, 1, 1, 1, 5)]
    answers = services.play_many(shop, [PlayOf("ada", "work", at=hour) for hour in hours])
    assert kinds(answers) == [services.Recorded] * 3 + [ActionLimitReached, services.Recorded]
    assert [found.differences for found in check(shop)] == [()] * 4


def test_a_reset_lets_a_late_limit_begin_anew_too(shop: Realm) -> None:
    hour = NOON - timedelta(hours=1)
    late = [PlayOf("ada", "work", at=hour)] * 3
    assert kinds(services.play_many(shop, late)) == [services.Recorded] * 3
    services.reset_player(shop, "ada")
    assert kinds(services.play_many(shop, [*late, PlayOf("ada", "work", at=hour)])) == [
        services.Recorded,
        services.Recorded,
        services.Recorded,
        ActionLimitReached,
    ]
    services.reset_player(shop, "ada")
    services.play(shop, "ada", "work", count=3, at=hour)
    assert all(not found.differences for found in check(shop))


def test_without_a_game_nothing_can_be_played(db: None) -> None:
    with pytest.raises(ConfigurationError):
        services.play_many(Realm("none"), [PlayOf("ada", "work")])


def test_no_plays_are_no_work(shop: Realm, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert services.play_many(shop, []) == []
        assert kinds(services.play_many(shop, [PlayOf("ada", "work", count=0)])) == [InvalidRequest]


def test_a_chunk_costs_the_same_however_many_plays_and_players(
    shop: Realm, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dice.KeyedDice, "__call__", _rolls)
    services.play_many(shop, [PlayOf(player, "dig") for player in PLAYERS])
    few = [PlayOf("ada", "dig", scopes=({"id": "history", "entity_id": "ada"},), idempotency_key="few")]
    with django_assert_num_queries(QUERIES):
        services.play_many(shop, few)
    many = [
        PlayOf(player, "dig", scopes=({"id": "history", "entity_id": "ada"},), idempotency_key=str(number))
        for number in range(12)  # more rows than SQLite takes at once go in several statements
        for player in PLAYERS
    ]
    with django_assert_num_queries(QUERIES):
        services.play_many(shop, many)


PLAYS = st.builds(
    PlayOf,
    player_id=st.sampled_from([*PLAYERS, "nobody"]),
    action=st.sampled_from(["work", "buy", "dig", "fly"]),
    count=st.integers(1, 2),
    scopes=st.sampled_from([(), ({"id": "history", "entity_id": "ada"},)]),
    idempotency_key=st.sampled_from([None, None, "a", "b"]),
    at=st.sampled_from([None, None, NOON - timedelta(minutes=30), NOON - timedelta(hours=3)]),
)


@given(plays=st.lists(PLAYS, max_size=12), chunk=st.integers(1, 12))
@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
def test_many_plays_are_as_many_single_ones(
    shop: Realm, plays: list[PlayOf], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_playlyfe.engine.services.many_plays.CHUNK", chunk)
    monkeypatch.setattr(dice.KeyedDice, "__call__", _rolls)
    with rolled_back():
        one_by_one = [_single(shop, play) for play in plays]
        singly = _state(shop)
    with rolled_back():
        at_once = [_shown(answer) for answer in services.play_many(shop, plays)]
        assert (at_once, _state(shop)) == (one_by_one, singly)
        assert all(not found.differences for found in check(shop))


def _rolls(_dice: dice.KeyedDice, key: str) -> float:
    """The same chance for both ways; seeds differ."""
    return 0.25 if key.endswith("0") else 0.75


def _single(realm: Realm, play: PlayOf) -> Any:
    try:
        return _shown(
            services.play(
                realm,
                play.player_id,
                play.action,
                play.variables,
                count=play.count,
                scopes=play.scopes,
                idempotency_key=play.idempotency_key,
                at=play.at,
            )
        )
    except PlaylyfeError as error:
        return _shown(error)


def _shown(answer: services.Recorded | PlaylyfeError) -> Any:
    """An answer without the ids of its events."""
    if isinstance(answer, PlaylyfeError):
        return type(answer), answer.description
    events = {side: [{**event, "id": ""} for event in found] for side, found in answer.events.items()}
    return answer.player_id, answer.action, answer.at, answer.replayed, events


def _state(realm: Realm) -> str:
    return state_hash(realm)
