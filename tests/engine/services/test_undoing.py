"""Undo: the state afterwards is what judging the history without that play gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import ActionCount, Call, FeedEntry, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ActionLimitReached, NotFound, PlaylyfeError
from tests.costs import queries_of_a_play
from tests.engine.conftest import NOON, action, always, point, reward, rolled_back

pytestmark = pytest.mark.django_db
Activate = Callable[..., Realm]
RICH = {"type": "metric", "context": {"id": "coins", "type": "point", "operator": "ge", "value": "10"}}


@pytest.fixture
def shop(activated: Activate) -> Iterator[Realm]:
    """Work gives coins, tax takes them; buying needs and takes ten."""
    realm = activated(
        metrics=[point("xp"), point("coins")],
        actions=[
            action("work", reward("coins", "10")),
            action("tax", reward("coins", "10", "remove")),
            action("buy", reward("coins", "10", "remove"), reward("xp", "1"), requires=RICH),
        ],
    )
    with time_machine.travel(NOON, tick=False):
        services.create_player(realm, "ada", alias="Ada")
        yield realm


def scores(realm: Realm, player_id: str = "ada") -> dict[str, Any]:
    return {entry["metric"]["id"]: entry["value"] for entry in selectors.profile(realm, player_id)["scores"]}


def statuses(player_id: str = "ada") -> list[str]:
    calls = Call.objects.filter(player__player_id=player_id, kind=Call.Kind.PLAY).order_by("pk")
    return list(calls.values_list("status", flat=True))


def test_an_undone_play_never_happened(shop: Realm) -> None:
    services.play(shop, "ada", "work", idempotency_key="monday")
    undone = services.undo(shop, "ada", "work", "monday")
    assert scores(shop) == {}
    assert not ActionCount.objects.exists()
    assert statuses() == ["undone"]
    assert undone.kind == "undo"
    assert undone.events["global"] == []
    (score,) = undone.events["local"]
    identifier = score.pop("id")
    assert identifier.startswith("e4716000-dae7-11ee-")
    assert score == {
        "event": "score",
        "player": {"id": "ada", "alias": "Ada"},
        "changes": [{"metric": {"id": "coins", "name": "Coins", "type": "point"}, "delta": {"old": "10", "new": "0"}}],
        "timestamp": "2024-03-05T12:00:00.000Z",
    }


def test_what_it_caused_goes_with_it(shop: Realm) -> None:
    services.play(shop, "ada", "work", idempotency_key="monday")
    services.play(shop, "ada", "buy")
    services.undo(shop, "ada", "work", "monday")
    assert statuses() == ["undone", "void"]
    assert scores(shop) == {}
    assert selectors.activity(shop, "ada") == []
    void = Call.objects.get(status=Call.Status.VOID)
    assert (void.events, void.writes) == ([], [])
    assert void.inputs["variables"] == {}


def test_a_void_play_counts_again_once_it_fits(shop: Realm) -> None:
    services.play(shop, "ada", "work", idempotency_key="first")
    services.play(shop, "ada", "tax", idempotency_key="tax")
    services.play(shop, "ada", "work", idempotency_key="second")
    services.play(shop, "ada", "buy")
    services.undo(shop, "ada", "work", "second")
    assert statuses()[-1] == "void"
    services.undo(shop, "ada", "tax", "tax")
    assert statuses()[-1] == "applied"
    assert scores(shop) == {"xp": "1", "coins": "0"}


def test_a_void_play_can_be_undone_and_replayed(shop: Realm) -> None:
    services.play(shop, "ada", "work", idempotency_key="one")
    services.play(shop, "ada", "buy", idempotency_key="two")
    services.undo(shop, "ada", "work", "one")
    replay = services.play(shop, "ada", "buy", idempotency_key="two")
    assert replay.replayed
    assert replay.events == {"local": [], "global": []}
    undone = services.undo(shop, "ada", "buy", "two")
    assert undone.events["local"][0]["changes"] == []
    assert statuses() == ["undone", "undone"]


def test_the_key_can_be_used_anew(shop: Realm) -> None:
    first = services.play(shop, "ada", "work", idempotency_key="monday")
    services.undo(shop, "ada", "work", "monday")
    again = services.play(shop, "ada", "work", idempotency_key="monday")
    assert not again.replayed
    assert again.call_id != first.call_id
    assert scores(shop)["coins"] == "10"
    services.undo(shop, "ada", "work", "monday")
    assert scores(shop) == {}


def test_a_key_that_was_never_played_is_not_found(shop: Realm) -> None:
    services.play(shop, "ada", "work", idempotency_key="monday")
    for wrong_action, key in (("work", "tuesday"), ("buy", "monday")):
        with pytest.raises(NotFound) as refusal:
            services.undo(shop, "ada", wrong_action, key)
        assert refusal.value.code == "event_not_found"
    services.undo(shop, "ada", "work", "monday")
    with pytest.raises(NotFound):
        services.undo(shop, "ada", "work", "monday")


def test_undo_gives_a_rate_limit_back(quest: Realm) -> None:
    with time_machine.travel(NOON, tick=False):
        services.create_player(quest, "ines")
        for number in range(5):
            services.play(quest, "ines", "finish_book", {"pages": 600}, idempotency_key=str(number))
        with pytest.raises(ActionLimitReached):
            services.play(quest, "ines", "finish_book", {"pages": 1})
        services.undo(quest, "ines", "finish_book", "2")
        services.play(quest, "ines", "finish_book", {"pages": 1})
        with pytest.raises(ActionLimitReached):
            services.play(quest, "ines", "finish_book", {"pages": 1})


def test_a_level_and_a_badge_go_back(quest: Realm) -> None:
    with time_machine.travel(NOON, tick=False):
        services.create_player(quest, "ines", alias="Ines")
        for number in range(5):
            services.play(quest, "ines", "finish_book", {"pages": 110}, idempotency_key=str(number), dice=always(0.5))
        assert FeedEntry.objects.count() == 2
        undone = services.undo(quest, "ines", "finish_book", "0")
    (score,), (level,) = undone.events["local"], undone.events["global"]
    assert [(change["metric"]["id"], change["delta"]) for change in score["changes"]] == [
        ("xp", {"old": "55", "new": "44"}),
        ("badges", {"Bookworm": {"old": "1", "new": "0"}}),
        ("impact", {"old": "56", "new": "4"}),
    ]
    assert level["event"] == "level"
    assert level["changes"][0]["delta"] == {"old": "Reader", "new": "Visitor"}
    assert level["rule"] == {"id": "ranking_up"}
    assert level["id"][8:] == score["id"][8:]
    assert not FeedEntry.objects.exists()
    assert selectors.game_activity(quest, start=NOON) == []


def test_others_are_left_alone(shop: Realm) -> None:
    services.create_player(shop, "bob")
    services.play(shop, "bob", "work", idempotency_key="one")
    services.play(shop, "ada", "work", idempotency_key="one")
    services.undo(shop, "ada", "work", "one")
    assert scores(shop, "bob") == {"coins": "10"}
    assert statuses("bob") == ["applied"]


def test_an_undo_goes_with_the_callers_transaction(shop: Realm) -> None:
    services.play(shop, "ada", "work", idempotency_key="one")
    with rolled_back():
        services.undo(shop, "ada", "work", "one")
    assert statuses() == ["applied"]
    assert scores(shop) == {"coins": "10"}


def test_first_to_reach_a_score_stays_so(shop: Realm) -> None:
    """Undoing and replaying must not make an old score young: ties on boards are ordered by it."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        services.play(shop, "ada", "work")
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        services.play(shop, "ada", "work", idempotency_key="late")
    with time_machine.travel(NOON + timedelta(hours=3), tick=False):
        services.undo(shop, "ada", "work", "late")
    assert Score.objects.get(metric="coins").reached_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize("later", [1, 30])
def test_the_cost_depends_on_changed_plays_only_in_bulk(shop: Realm, count_queries: Any, later: int) -> None:
    services.play(shop, "ada", "work", idempotency_key="one")
    for _ in range(later):
        services.play(shop, "ada", "work")
    with count_queries() as counted:
        services.undo(shop, "ada", "work", "one")
    # player, play, scores, counts, later plays; feed, changed plays, score, count, player; key, the undo's own row
    assert len(counted) == queries_of_a_play(12, together=11), counted


def test_a_wrong_key_is_wrong_input(shop: Realm) -> None:
    with pytest.raises(PlaylyfeError) as refusal:
        services.undo(shop, "ada", "work", "")
    assert refusal.value.code == "validation_exception"
