"""Streaks in the tables (``engine.md`` §17.4): what is stored of them is what the log says, whatever came late, was
taken back or begun anew, and wherever the player went."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import history, services
from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.load import normalise
from django_playlyfe.engine.history import transfer
from django_playlyfe.engine.models import ActionCount, Call, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import streaks
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import PlaylyfeError
from tests.costs import queries_of_a_play
from tests.examples import examples

from ..conftest import action, design, point, reward

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
REALM = Realm("small")


def streak(value: int, **more: Any) -> dict[str, Any]:
    return {"type": "streak", "context": {"operator": "ge", "value": str(value), **more}}


def badge(badge_id: str, requires: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"earn_{badge_id}",
        "name": badge_id,
        "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": [{"key": badge_id, "value": "1"}]},
        "requires": requires,
    }


BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {"items": [{"id": name, "name": name} for name in ("three", "weeks", "months", "idle")]},
}
PARTS: dict[str, Any] = {
    "metrics": [point("xp"), BADGES],
    "actions": [
        action("read", reward("xp", "10"), rate=[20, 86_400_000, "FIXED"]),
        action("write", reward("xp", "1")),
        action("brag", reward("xp", "100"), requires=streak(2)),
    ],
    "rules": [
        badge("three", streak(3, action="read")),
        badge("weeks", streak(2, unit="week")),
        badge("months", streak(2, unit="month", action="write")),
        badge("idle", {"type": "and", "expression": [streak(5), {**streak(1, action="read"), "not": True}]}),
    ],
}


@pytest.fixture
def game(activated: Callable[..., Realm]) -> Iterator[time_machine.Coordinates]:
    """A game of streaks with the player ada, at noon of 5 March 2024; its clock."""
    with time_machine.travel(NOON, tick=False) as clock:
        realm = activated(**PARTS)
        services.create_player(realm, "ada")
        yield clock


def held() -> set[str]:
    return set(Score.objects.filter(player__player_id="ada", metric="badges", value=1).values_list("item", flat=True))


def play(key: str, action_id: str = "read", **more: Any) -> None:
    services.play(REALM, "ada", action_id, idempotency_key=key, **more)


def days(action_id: str = "read") -> list[date]:
    stored = ActionCount.objects.filter(player__player_id="ada", action=action_id).first()
    return list(streaks.dates(stored.days)) if stored is not None else []


def nothing_differs() -> bool:
    return not [checked for checked in history.check(REALM) if checked.differences]


def test_three_days_one_after_the_other_earn_the_badge(game: time_machine.Coordinates) -> None:
    for number in range(3):
        play(str(number))
        play(f"again {number}")
        assert held() == ({"three"} if number == 2 else set())
        game.shift(DAY)
    assert days() == [date(2024, 3, 5), date(2024, 3, 6), date(2024, 3, 7)]
    assert nothing_differs()


def test_a_missed_day_begins_the_streak_anew(game: time_machine.Coordinates) -> None:
    for number, pause in enumerate((1, 2, 1, 1)):
        play(str(number))
        assert "three" not in held()
        game.shift(DAY * pause)
    play("last")
    assert "three" in held()


def test_an_action_may_ask_for_a_streak(game: time_machine.Coordinates) -> None:
    play("first", "write")
    game.shift(DAY)
    with pytest.raises(PlaylyfeError):  # the streak is that before the play, as every score is
        play("too early", "brag")
    play("second")
    play("now", "brag")
    game.shift(3 * DAY)
    with pytest.raises(PlaylyfeError):
        play("broken", "brag")


def test_a_late_play_closes_the_gap_for_the_next_one(game: time_machine.Coordinates) -> None:
    play("sunday", at=NOON - 2 * DAY)
    play("today")
    assert held() == set()
    play("monday", at=NOON - DAY)  # judged as of Monday, when it was the second
    assert held() == set()
    assert days() == [date(2024, 3, 3), date(2024, 3, 4), date(2024, 3, 5)]
    play("any", "write")
    assert held() >= {"three"}
    assert nothing_differs()


def test_undo_leaves_what_never_having_played_gives(game: time_machine.Coordinates) -> None:
    for number in range(3):
        play(str(number))
        game.shift(DAY)
    assert held() == {"three"}
    services.undo(REALM, "ada", "read", "1")
    assert held() == set()
    assert days() == [date(2024, 3, 5), date(2024, 3, 7)]
    assert nothing_differs()


def test_undo_of_one_of_two_plays_of_a_day_leaves_the_day(game: time_machine.Coordinates) -> None:
    for number in range(3):
        play(str(number))
        play(f"again {number}")
        game.shift(DAY)
    services.undo(REALM, "ada", "read", "1")
    services.undo(REALM, "ada", "read", "again 2")
    assert held() == {"three"}
    assert days() == [date(2024, 3, 5), date(2024, 3, 6), date(2024, 3, 7)]
    assert nothing_differs()


def test_a_play_that_needed_the_streak_becomes_void(game: time_machine.Coordinates) -> None:
    play("one")
    game.shift(DAY)
    play("two")
    play("brag", "brag")
    services.undo(REALM, "ada", "read", "one")
    assert Call.objects.get(idempotency_key="brag").status == Call.Status.VOID
    assert nothing_differs()


def test_a_reset_forgets_the_days_and_undo_behind_it_does_not_bring_them_back(game: time_machine.Coordinates) -> None:
    play("one")
    game.shift(DAY)
    play("two")
    services.reset_player(REALM, "ada")
    assert days() == []
    game.shift(DAY)
    play("three")
    services.undo(REALM, "ada", "read", "one")
    assert held() == set()
    assert days() == [date(2024, 3, 7)]
    assert nothing_differs()


def test_the_days_of_who_moves_to_another_zone_stay_as_they_were_lived(game: time_machine.Coordinates) -> None:
    """Noon in London is the next day on Kiritimati already, and the day before in Pago Pago not yet over."""
    player = Player.objects.filter(player_id="ada")
    play("in the game's zone")
    player.update(timezone="Pacific/Kiritimati")
    play("further east")
    assert days() == [date(2024, 3, 5), date(2024, 3, 6)]
    player.update(timezone="Pacific/Pago_Pago")
    game.shift(10 * timedelta(hours=1))
    play("and back over the date line")
    assert days() == [date(2024, 3, 5), date(2024, 3, 6)]
    assert held() == set()
    game.shift(2 * DAY)
    play("the seventh")
    assert held() == {"three"}
    assert nothing_differs()
    services.undo(REALM, "ada", "read", "and back over the date line")
    assert held() == {"three"}
    services.undo(REALM, "ada", "read", "further east")
    assert held() == set()
    assert nothing_differs()


def test_what_was_played_before_the_rule_existed_counts_and_is_owed(activated: Callable[..., Realm]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        realm = activated(metrics=[point("xp"), BADGES])
        services.create_player(realm, "ada")
        for number in range(3):
            play(str(number))
            clock.shift(DAY)
        clock.shift(30 * DAY)
        plan = compile_design(normalise(design(**PARTS)))
        (found,) = history.owed(realm, plan)
        assert {shift.item for shift in found.shifts} == {"three"}
        (judged,) = history.what_if(realm, plan)
        assert {shift.item for shift in judged.shifts} == {"three"}
        activate(realm, design(**PARTS))
        services.award(realm, "ada")
        assert held() == {"three"}
        assert nothing_differs()


def test_explain_judges_a_play_with_the_streak_of_its_day(activated: Callable[..., Realm]) -> None:
    rules = [
        {"requires": streak(1), "rewards": [reward("xp", "5")]},
        {"requires": {}, "rewards": [reward("xp", "10")]},
    ]
    with time_machine.travel(NOON, tick=False) as clock:
        realm = activated(actions=[{**action("read"), "rules": rules}])
        services.create_player(realm, "ada")
        play("one")
        clock.shift(DAY)
        play("two")
        clock.shift(9 * DAY)
        told = list(history.explain(realm, "ada", "xp"))
        (newest,) = history.explain_recent(realm, "ada", "xp", calls=1).movements
        assert newest.parts == told[-1].parts
    assert [[part.reward for part in movement.parts] for movement in told] == [[(1, 0)], [(0, 0), (1, 0)]]


def test_an_exported_game_has_its_streaks(game: time_machine.Coordinates) -> None:
    Player.objects.update(timezone="Pacific/Kiritimati")
    play("one")
    transfer.clone_game(REALM, "copy")
    (copied,) = ActionCount.objects.filter(player__game__game_id="copy")
    assert list(streaks.dates(copied.days)) == [date(2024, 3, 6)]
    assert history.state_hash(Realm("copy")) == history.state_hash(REALM)


def test_a_streak_costs_no_query(game: time_machine.Coordinates, count_queries: Any) -> None:
    for number in range(40):
        play(str(number))
        game.shift(DAY)
    services.play(REALM, "ada", "read")
    with count_queries() as counted:
        services.play(REALM, "ada", "read")
    assert len(counted) == queries_of_a_play(6, together=3), counted


# --- at random --------------------------------------------------------------------------------------------------------

ZONES = ("", "Europe/Lisbon", "Pacific/Kiritimati", "Pacific/Pago_Pago")


def live(seed: int) -> None:
    """A month or so at random: plays in time and late, some taken back, now and then a reset or another zone."""
    chance = random.Random(seed)
    start = datetime(2024, chance.choice((3, 10, 12)), 20, tzinfo=timezone.utc)
    with time_machine.travel(start, tick=False) as clock:
        zone = {"id": "small", "title": "Small", "timezone": chance.choice(ZONES[1:])}
        activate(REALM, design(**{**PARTS, "game": zone}))
        services.create_player(REALM, "ada")
        for number in range(chance.randrange(5, 30)):
            clock.shift(timedelta(hours=chance.randrange(40)))
            _step(chance, number)


def _step(chance: random.Random, number: int) -> None:
    name, choice = chance.choice(("read", "read", "write", "brag")), chance.random()
    try:
        if choice < 0.1:
            Player.objects.update(timezone=chance.choice(ZONES))
        elif choice < 0.14:
            services.reset_player(REALM, "ada")
        elif choice < 0.35:
            services.undo(REALM, "ada", name, str(chance.randrange(max(number, 1))))
        elif choice < 0.5:
            at = datetime.now(timezone.utc) - timedelta(hours=chance.randrange(1, 200))
            play(str(number), name, at=at)
        else:
            play(str(number), name)
    except PlaylyfeError:
        pass  # refused, or nothing to undo


@given(st.integers(0, 2**32))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_log_gives_the_streaks_that_are_stored(db: None, seed: int) -> None:
    with transaction.atomic():
        live(seed)
        for checked in history.check(REALM):
            assert list(map(str, checked.differences)) == []
        before = history.state_hash(REALM)
        list(history.replay(REALM))
        assert history.state_hash(REALM) == before
        transaction.set_rollback(True)
