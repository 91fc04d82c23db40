"""The trace of ``engine.md`` §16.2, steps 0 to 7, through the services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
import time_machine

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.ledger import event_ids, log
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import AccessDenied, ActionLimitReached

from .conftest import always

NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
FAILS = always(0.5)
XP = {"id": "xp", "name": "Experience", "type": "point"}
IMPACT = {"id": "impact", "name": "Impact", "type": "compound"}
INES = {"id": "ines", "alias": "Ines"}


@pytest.fixture
def players(quest: Realm) -> Iterator[Realm]:
    with time_machine.travel(NOON, tick=False):
        services.create_player(quest, "ines", alias="Ines")
        services.create_player(quest, "rui", alias="Rui")
        yield quest


def values(realm: Realm, player_id: str) -> dict[str, object]:
    return {entry["metric"]["id"]: entry["value"] for entry in selectors.profile(realm, player_id)["scores"]}


def finish_book(realm: Realm, times: int = 1, **variables: object) -> services.Recorded:
    for _ in range(times):
        recorded = services.play(realm, "ines", "finish_book", variables, dice=FAILS)
    return recorded


def test_a_new_player_has_what_the_bootstrap_gives_and_no_events(players: Realm) -> None:
    profile = selectors.profile(players, "ines")
    assert profile["scores"] == [
        {"metric": XP, "value": "0"},
        {
            "metric": {"id": "rank", "name": "Rank", "type": "state"},
            "value": {"name": "Visitor", "description": ""},
            "meta": {"low": "0", "high": "49", "next": "Reader", "base_metric": {"id": "xp", "name": "Experience"}},
        },
        {"metric": IMPACT, "value": "0"},
    ]
    assert selectors.activity(players, "ines") == []
    assert selectors.game_activity(players) == []


def test_each_of_the_first_books_moves_experience_and_impact(players: Realm) -> None:
    first = finish_book(players, pages=100)
    (event,) = first.events["local"]
    assert event["changes"] == [
        {"metric": XP, "delta": {"old": "0", "new": "10"}},
        {"metric": IMPACT, "delta": {"old": "0", "new": "1"}},
    ]
    assert first.events["global"] == []
    finish_book(players, times=3, pages=100)
    assert values(players, "ines")["xp"] == "40"
    assert values(players, "ines")["impact"] == "4"


def test_the_fifth_book_gives_a_level_and_a_badge(players: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    finish_book(players, times=4, pages=100)
    example = iter([0x123A, 0x5BD1E20C47F9])
    monkeypatch.setattr(log, "new_seed", lambda at: event_ids.first_id(at, lambda bits: next(example)))
    fifth = services.play(
        players,
        "ines",
        "finish_book",
        {"pages": 600, "genre": "history"},
        scopes=[{"id": "history", "entity_id": "ines"}],
        dice=FAILS,
    )
    assert fifth.events == {
        "local": [
            {
                "event": "action",
                "actor": INES,
                "action": {"id": "finish_book", "name": "Finish a book", "vars": {"pages": 600, "genre": "history"}},
                "count": 1,
                "changes": [
                    {"metric": XP, "delta": {"old": "40", "new": "100"}},
                    {"metric": XP, "delta": {"old": "100", "new": "125"}},
                    {"metric": IMPACT, "delta": {"old": "4", "new": "13"}},
                ],
                "timestamp": "2024-03-05T12:00:00.000Z",
                "scopes": [{"id": "history", "entity_id": "ines"}],
                "id": "e4716000-dae7-11ee-923a-5bd1e20c47f9",
            }
        ],
        "global": [
            {
                "event": "level",
                "actor": INES,
                "changes": [
                    {
                        "metric": {"id": "rank", "name": "Rank", "type": "state"},
                        "delta": {"old": "Visitor", "new": "Reader"},
                    }
                ],
                "rule": {"id": "ranking_up"},
                "timestamp": "2024-03-05T12:00:00.000Z",
                "id": "e4716001-dae7-11ee-923a-5bd1e20c47f9",
            },
            {
                "event": "achievement",
                "actor": INES,
                "changes": [
                    {
                        "metric": {"id": "badges", "name": "Badges", "type": "set"},
                        "delta": {"Bookworm": {"old": None, "new": "1"}},
                    },
                    {"metric": IMPACT, "delta": {"old": "13", "new": "63"}},
                ],
                "rule": {"id": "earn_bookworm"},
                "timestamp": "2024-03-05T12:00:00.000Z",
                "id": "e4716002-dae7-11ee-923a-5bd1e20c47f9",
            },
        ],
    }


def five_books(realm: Realm) -> services.Recorded:
    finish_book(realm, times=4, pages=100)
    scopes = [{"id": "history", "entity_id": "ines"}]
    return services.play(realm, "ines", "finish_book", {"pages": 600, "genre": "history"}, scopes=scopes, dice=FAILS)


def test_the_boards_after_five_books(players: Realm) -> None:
    five_books(players)
    for cycle in ("alltime", "daily"):
        assert selectors.leaderboard(players, "top_readers", player_id="rui", cycle=cycle) == {
            "data": [
                {"rank": 1, "score": "125", "player": INES},
                {"rank": 2, "score": "0", "player": {"id": "rui", "alias": "Rui"}},
            ],
            "total": 2,
        }
    assert selectors.leaderboard(players, "by_genre", scope_id="history") == {
        "data": [{"rank": 1, "score": "85", "player": INES}],
        "total": 1,
    }


def test_a_revert_takes_the_fifth_book_from_the_boards(players: Realm) -> None:
    fifth = five_books(players)
    services.revert(players, "ines", [fifth.events["local"][0]["id"]])
    for cycle in ("alltime", "daily", "yearly"):
        page = selectors.leaderboard(players, "top_readers", cycle=cycle)
        assert [(row["player"]["id"], row["score"]) for row in page["data"]] == [("ines", "40"), ("rui", "0")]
    assert selectors.leaderboard(players, "by_genre", scope_id="history") == {
        "data": [{"rank": 1, "score": "0", "player": INES}],
        "total": 1,
    }


def test_a_sixth_book_of_a_day_is_refused(players: Realm) -> None:
    five_books(players)
    with pytest.raises(ActionLimitReached) as refusal:
        finish_book(players, pages=10)
    assert refusal.value.description == "The Action 'finish_book' can only be triggered 5 times every day"
    assert refusal.value.retry_at == datetime(2024, 3, 6, tzinfo=timezone.utc)
    (listed,) = [action for action in selectors.actions(players, "ines") if action["id"] == "finish_book"]
    assert listed["count"] == 5
    assert values(players, "ines")["xp"] == "125"


def test_a_bookmark_cannot_be_bought_without_coins(players: Realm) -> None:
    five_books(players)
    with pytest.raises(AccessDenied) as refusal:
        services.play(players, "ines", "buy_bookmark")
    assert refusal.value.code == "access_denied"
