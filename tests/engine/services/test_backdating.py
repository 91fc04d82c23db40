"""Plays that happened earlier: judged at their own instant, logged when they arrive (``engine.md`` §17.14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine

from django_playlyfe.engine import services
from django_playlyfe.engine.models import ActionCount, Call, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ActionLimitReached, InvalidRequest
from tests.costs import queries_of_a_play
from tests.engine.conftest import action, point, reward

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
Activate = Callable[..., Realm]
NIGHT = {"type": "time", "context": {"func": "hour_of_day", "operator": "ge", "value": "22"}}


def limited(activated: Activate, *rate: Any, zone: str = "UTC") -> Realm:
    realm = activated(
        game={"id": "small", "title": "Small", "timezone": zone},
        actions=[action("read", reward("xp", "1"), rate=list(rate))],
    )
    services.create_player(realm, "ada")
    return realm


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def read(realm: Realm, at: datetime | None = None, count: int = 1) -> services.Recorded:
    return services.play(realm, "ada", "read", at=at, count=count)


def test_the_events_carry_the_plays_instant_and_the_log_the_arrival(activated: Activate) -> None:
    realm = limited(activated, 5, 86_400_000, "FIXED")
    recorded = read(realm, NOON - timedelta(days=2, microseconds=1500))
    (event,) = recorded.events["local"]
    assert event["timestamp"] == "2024-03-03T11:59:59.998Z"
    call = Call.objects.get(pk=recorded.call_id)
    assert call.backdated
    assert call.recorded_at == NOON
    assert call.local_date == date(2024, 3, 3)
    assert call.inputs["at"] == "2024-03-03T11:59:59.998Z"


@pytest.mark.parametrize(
    "at",
    [
        NOON + timedelta(milliseconds=1),
        NOON - timedelta(days=31),
        datetime(1500, 1, 1, tzinfo=timezone.utc),
        datetime.max.replace(tzinfo=timezone.utc),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=5))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
        datetime(2024, 3, 5, 11),  # noqa: DTZ001 - a naive one is the point
        "2024-03-05T11:00:00Z",
        1_709_640_000,
    ],
)
def test_instants_that_are_refused(small: Realm, at: Any) -> None:
    services.create_player(small, "ada")
    with pytest.raises(InvalidRequest) as refusal:
        read(small, at)
    assert refusal.value.data["errors"][0]["path"] == "/played_at"
    assert not Score.objects.exists()


def test_the_bound_is_a_setting(small: Realm, settings: Any) -> None:
    services.create_player(small, "ada")
    read(small, NOON - timedelta(days=30))
    settings.PLAYLYFE_SERVER = {"BACKDATE_DAYS": 1}
    with pytest.raises(InvalidRequest, match="at most 1 days ago"):
        read(small, NOON - timedelta(days=2))


def test_a_repeated_play_may_have_grown_old(small: Realm) -> None:
    services.create_player(small, "ada")
    first = services.play(small, "ada", "read", at=NOON, idempotency_key="one")
    with time_machine.travel(NOON + timedelta(days=90), tick=False):
        assert services.play(small, "ada", "read", at=NOON, idempotency_key="one").events == first.events


def test_conditions_see_the_plays_own_hour(activated: Activate) -> None:
    rules = [{"requires": NIGHT, "rewards": [reward("xp", "7")]}]
    realm = activated(actions=[action("read", rules=rules)])
    services.create_player(realm, "ada")
    read(realm)
    assert not Score.objects.exists()
    read(realm, NOON - 13 * HOUR)
    assert Score.objects.get().value == 7


def test_a_past_day_takes_no_more_than_its_limit(activated: Activate) -> None:
    realm = limited(activated, 2, 86_400_000, "FIXED")
    yesterday = NOON - 24 * HOUR
    read(realm)
    read(realm)
    read(realm, yesterday)
    read(realm, yesterday - 2 * HOUR)  # earlier on the same day, arriving later
    for at in (yesterday - 3 * HOUR, yesterday + 3 * HOUR, None):
        with pytest.raises(ActionLimitReached):
            read(realm, at)
    assert ActionCount.objects.get().usage == {"start": 1709596800000, "used": 2}


def test_late_arrivals_of_a_past_day_leave_today_its_room(activated: Activate) -> None:
    realm = limited(activated, 2, 86_400_000, "FIXED")
    read(realm)
    read(realm, NOON - 24 * HOUR)
    read(realm)
    with pytest.raises(ActionLimitReached):
        read(realm)


def test_days_are_the_games_days(activated: Activate) -> None:
    realm = limited(activated, 1, 86_400_000, "FIXED", zone="Pacific/Auckland")  # UTC+13 then: midnight is at 11:00 UTC
    read(realm, NOON - HOUR - timedelta(minutes=1))
    read(realm)
    with pytest.raises(ActionLimitReached):
        read(realm, NOON - timedelta(minutes=30))


def test_a_rolling_window_is_the_one_before_the_play(activated: Activate) -> None:
    realm = limited(activated, 2, 3_600_000, "ROLLING")
    read(realm, NOON - 3 * HOUR)
    read(realm, NOON - 3 * HOUR + timedelta(minutes=30))
    with pytest.raises(ActionLimitReached) as refusal:
        read(realm, NOON - 3 * HOUR + timedelta(minutes=40))
    assert refusal.value.retry_at == NOON - 2 * HOUR
    read(realm, NOON - 2 * HOUR)
    read(realm)
    assert ActionCount.objects.get().usage == {"plays": [[1709640000000, 1]]}


def test_a_bucket_is_as_full_as_it_was_then(activated: Activate) -> None:
    realm = limited(activated, 2, 7_200_000, "LEAKY")
    read(realm, count=2)
    with pytest.raises(ActionLimitReached):
        read(realm)
    read(realm, NOON - 5 * HOUR, count=2)
    with pytest.raises(ActionLimitReached):
        read(realm, NOON - 5 * HOUR + timedelta(minutes=30))
    read(realm, NOON - 4 * HOUR)
    assert ActionCount.objects.get().usage["at"] == 1709640000000


def test_a_late_play_makes_no_score_younger(activated: Activate) -> None:
    realm = activated(metrics=[point("xp")], actions=[action("read", reward("xp", "1"))])
    services.create_player(realm, "ada")
    read(realm)
    read(realm, NOON - HOUR)
    assert Score.objects.get().reached_at == NOON
    with time_machine.travel(NOON + HOUR, tick=False):
        read(realm)
    assert Score.objects.get().reached_at == NOON + HOUR


def test_the_local_date_follows_the_players_zone(small: Realm) -> None:
    services.create_player(small, "ada")
    Player.objects.update(timezone="Pacific/Auckland")
    assert Call.objects.get(pk=read(small, NOON - HOUR).call_id).local_date == date(2024, 3, 6)
    assert Call.objects.get(pk=read(small, NOON - HOUR - timedelta(minutes=1)).call_id).local_date == date(2024, 3, 5)


def test_a_late_play_of_a_limited_action_costs_one_query_more(activated: Activate, count_queries: Any) -> None:
    realm = limited(activated, 50, 86_400_000, "ROLLING")
    read(realm)
    for number in range(3):
        with count_queries() as counted:
            read(realm, NOON - number * HOUR)
        assert len(counted) == queries_of_a_play(7, together=4), counted
