"""Check, repair, replay and the hash of the state: what is stored is what the log says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from django.db.models import F

from django_playlyfe.engine import history, services
from django_playlyfe.engine.models import ActionCount, BoardRow, Call, FeedEntry, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate

from ..conftest import action, board, point, reward

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {"items": [{"id": "worm", "name": "Worm", "max": "3"}]},
}
WORM = {
    "id": "worm",
    "name": "Worm",
    "type": "achievement",
    "achievement": {"metric": {"id": "badges"}, "items": [{"key": "worm", "value": "1"}]},
    "requires": {"type": "action", "context": {"id": "read", "operator": "ge", "value": "2"}},
}


@pytest.fixture
def club(activated: Callable[..., Realm]) -> Iterator[Realm]:
    """Four readers; one of whose plays is undone, and one was erased who had credited another."""
    realm = activated(
        metrics=[point("xp"), BADGES],
        actions=[action("read", reward("xp", "10"), rate=[50, 86_400_000, "ROLLING"])],
        rules=[WORM],
        leaderboards=[board("top", "xp", cycles=["alltime", "daily"]), board("genre", "xp", scope={"type": "custom"})],
    )
    with time_machine.travel(NOON, tick=False) as clock:
        for name in ("ada", "bob", "eve", "Zoe"):
            services.create_player(realm, name)
        for number in range(3):
            for name in ("ada", "bob", "eve"):
                clock.shift(timedelta(minutes=1))
                scopes = [{"id": "history", "entity_id": "ada"}]
                services.play(realm, name, "read", scopes=scopes, idempotency_key=str(number))
        services.undo(realm, "bob", "read", "1")
        services.delete_player(realm, "eve")
        yield realm


def differences(realm: Realm, **selection: Any) -> dict[str, list[str]]:
    found = {checked.player_id: list(map(str, checked.differences)) for checked in history.check(realm, **selection)}
    return {player_id: texts for player_id, texts in found.items() if texts}


def pk(player_id: str) -> int:
    return Player.objects.get(player_id=player_id).pk


def test_what_was_played_undone_and_erased_differs_nowhere(club: Realm) -> None:
    assert [checked.player_id for checked in history.check(club)] == ["ada", "bob", "Zoe", ""]
    assert differences(club) == {}
    assert BoardRow.objects.filter(player=None).exists()


DAMAGES: dict[str, tuple[Callable[[], Any], str, str]] = {
    "a score": (
        lambda: Score.objects.filter(player__player_id="ada", metric="xp").update(value=31),
        "ada",
        "score xp: stored value 31 reached_at 2024-03-05T12:07:00.000Z, by the log value 30 "
        "reached_at 2024-03-05T12:07:00.000Z",
    ),
    "the instant of a score": (
        lambda: Score.objects.filter(player__player_id="ada", metric="xp").update(reached_at=NOON),
        "ada",
        "score xp: stored value 30 reached_at 2024-03-05T12:00:00.000Z, by the log value 30 "
        "reached_at 2024-03-05T12:07:00.000Z",
    ),
    "a score that is gone": (
        lambda: Score.objects.filter(player__player_id="bob", metric="badges").delete(),
        "bob",
        "score badges.worm: stored nothing, by the log value 1 reached_at 2024-03-05T12:08:00.000Z",
    ),
    "a count": (
        lambda: ActionCount.objects.filter(player__player_id="bob").update(count=3, usage={}),
        "bob",
        "count read: stored count 3 usage {} days 2024-03-05 1, by the log count 2 usage {'plays': "
        "[[1709640120000, 1], [1709640480000, 1]]} days 2024-03-05 1",
    ),
    "the days of a streak": (
        lambda: ActionCount.objects.filter(player__player_id="ada").update(days="2024-03-04 3"),
        "ada",
        "count read: stored count 3 usage {'plays': [[1709640060000, 1], [1709640240000, 1], [1709640420000, 1]]} "
        "days 2024-03-04 3, by the log",
    ),
    "a feed": (lambda: FeedEntry.objects.filter(player__player_id="ada").delete(), "ada", "feed event 1 of call"),
    "a row of a board": (
        lambda: BoardRow.objects.filter(player__player_id="bob", board="genre").update(value=F("value") + 1),
        "bob",
        "board genre alltime history entity",
    ),
    "a row that nobody earned": (
        lambda: BoardRow.objects.filter(player__player_id="bob", board="top").update(cycle="d2024-03-04"),
        "bob",
        "board top d2024-03-05 entity",
    ),
    "what an erased player left": (
        lambda: BoardRow.objects.filter(player=None).update(value=1),
        "",
        "board genre alltime history entity",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_named_and_repaired(club: Realm, damage: str) -> None:
    before = history.state_hash(club)
    harm, player_id, text = DAMAGES[damage]
    harm()
    found = differences(club)
    assert list(found) == [player_id]
    assert found[player_id][0].startswith(text)
    assert history.state_hash(club) != before
    repaired = {checked.player_id: checked.differences for checked in history.repair(club) if checked.differences}
    assert [str(difference) for difference in repaired[player_id]] == found[player_id]
    assert differences(club) == {}
    assert history.state_hash(club) == before


def test_a_gap_in_the_log_is_found_and_no_repair_hides_it(club: Realm) -> None:
    lost = Call.objects.filter(player__player_id="ada", kind="play").order_by("pk")[1]
    lost.delete()
    found = differences(club, player_id="ada")["ada"]
    assert "says that xp was 20 before, the calls so far say 10" in found[0]
    list(history.repair(club))
    left = differences(club)["ada"]
    assert left
    assert all(text.startswith("call ") for text in left)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_a_replay_makes_everything_anew(club: Realm, batch_size: int) -> None:
    before = history.state_hash(club)
    for model in (Score, ActionCount, FeedEntry, BoardRow):
        model._default_manager.all().delete()
    assert history.state_hash(club) != before
    replayed = [name for batch in history.replay(club, batch_size=batch_size) for name in batch.player_ids]
    assert replayed == ["ada", "bob", "Zoe"]
    assert history.state_hash(club) == before
    assert history.state_hash(club, batch_size=batch_size) == before
    assert differences(club) == {}


def test_the_hash_knows_no_order_of_arrival(club: Realm) -> None:
    lines = [line.split('"player":"')[1][:3] for line in history.state_hash.__globals__["state_lines"](club)]
    assert lines == ["Zoe", "ada", "bob"]


def test_another_environment_is_another_world(club: Realm) -> None:
    staging = Realm("small", "staging")
    activate(staging, Call.objects.select_related("version").first().version.document)  # type: ignore[union-attr]
    services.create_player(staging, "ada")
    services.play(staging, "ada", "read")
    assert [checked.player_id for checked in history.check(staging)] == ["ada", ""]
    assert history.state_hash(staging) != history.state_hash(club)


def test_check_goes_on_behind_a_player(club: Realm) -> None:
    assert [checked.player_id for checked in history.check(club, after="ada", batch_size=1)] == ["bob", "Zoe", ""]


def test_the_queries_of_a_check_grow_with_batches_only(club: Realm, count_queries: Any) -> None:
    with count_queries() as one:
        list(history.check(club, batch_size=100))
    for _ in range(20):
        services.play(club, "ada", "read")
    for number in range(10):
        services.create_player(club, f"p{number}")
    with count_queries() as more:
        list(history.check(club, batch_size=100))
    assert len(one) == len(more), more


def test_a_player_who_plays_while_being_checked_is_no_difference(club: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two reads a play arrives: the player is looked at again, at rest."""
    from django_playlyfe.engine.history import projected

    from_log, waiting = projected.from_log, [lambda: services.play(club, "ada", "read")]

    def and_then_a_play(players: Any) -> Any:
        found = from_log(players)
        if waiting:
            waiting.pop()()
        return found

    monkeypatch.setattr(projected, "from_log", and_then_a_play)
    assert differences(club) == {}
    assert not waiting


def test_an_undo_brings_no_erased_player_back_to_a_board(club: Realm) -> None:
    services.create_player(club, "tim")
    for number in range(2):
        scopes = [{"id": "history", "entity_id": "tim"}]
        services.play(club, "bob", "read", scopes=scopes, idempotency_key=f"tim{number}")
    services.delete_player(club, "tim")
    services.undo(club, "bob", "read", "tim0")
    assert differences(club) == {}
