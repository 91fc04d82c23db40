"""Feeds and news in the shapes of ``http-api.md`` §9."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
import time_machine

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.realm import Realm

from ..conftest import always

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)


@pytest.fixture
def story(quest: Realm) -> Iterator[Realm]:
    """Rui reads 600 pages at noon and becomes a Reader; Ines does so an hour later, and reads 10 pages after that."""
    with time_machine.travel(NOON, tick=False) as clock:
        services.create_player(quest, "ines", alias="Ines")
        services.create_player(quest, "rui", alias="Rui")
        services.play(quest, "rui", "finish_book", {"pages": 600}, dice=always(0.5))
        clock.shift(timedelta(hours=1))
        services.play(quest, "ines", "finish_book", {"pages": 600}, dice=always(0.5), idempotency_key="first")
        clock.shift(timedelta(hours=1))
        services.play(quest, "ines", "finish_book", {"pages": 10}, dice=always(0.5))
        yield quest


def types(events: list[dict[str, object]]) -> list[object]:
    return [event["event"] for event in events]


def test_an_own_feed_is_ascending_without_actor(story: Realm) -> None:
    feed = selectors.activity(story, "ines")
    assert types(feed) == ["action", "level", "action"]
    assert not any("actor" in event for event in feed)
    assert feed[0]["scopes"] == []
    assert "scopes" not in feed[1]
    assert [event["timestamp"] for event in feed] == [
        "2024-03-05T13:00:00.000Z",
        "2024-03-05T13:00:00.000Z",
        "2024-03-05T14:00:00.000Z",
    ]
    assert len({event["id"] for event in feed}) == 3


def test_a_feed_shows_the_last_day_unless_told_otherwise(story: Realm) -> None:
    with time_machine.travel(NOON + timedelta(hours=25, minutes=30), tick=False):
        assert types(selectors.activity(story, "ines")) == ["action"]
        assert len(selectors.activity(story, "ines", start=NOON)) == 3
        assert len(selectors.game_activity(story)) == 0
        assert len(selectors.game_activity(story, start=NOON)) == 2


def test_a_window_includes_its_start_and_excludes_its_end(story: Realm) -> None:
    one, two = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    assert types(selectors.activity(story, "ines", start=one, end=two)) == ["action", "level"]
    assert types(selectors.activity(story, "ines", start=two)) == ["action"]
    assert selectors.activity(story, "ines", start=NOON, end=one) == []


def test_the_games_feed_has_levels_and_badges_of_everybody(story: Realm) -> None:
    feed = selectors.game_activity(story)
    assert types(feed) == ["level", "level"]
    assert [event["actor"] for event in feed] == [{"id": "rui", "alias": "Rui"}, {"id": "ines", "alias": "Ines"}]
    own = selectors.activity(story, "ines")[1]
    assert feed[1] == {**own, "actor": {"id": "ines", "alias": "Ines"}}


def test_the_latest_come_first(story: Realm) -> None:
    ascending = selectors.activity(story, "ines")
    assert selectors.latest_activity(story, "ines", 20) == ascending[::-1]
    assert selectors.latest_activity(story, "ines", 2) == ascending[::-1][:2]
    assert selectors.latest_activity(story, None, 20) == selectors.game_activity(story)[::-1]
    assert selectors.latest_activity(story, None, 1) == selectors.game_activity(story)[1:]
    assert selectors.latest_activity(story, "ines", 0) == []


def test_names_in_feeds_are_todays(story: Realm) -> None:
    services.update_player(story, "rui", alias="Rui Costa")
    assert selectors.game_activity(story)[0]["actor"]["alias"] == "Rui Costa"


def test_news_since_a_cursor(story: Realm) -> None:
    first, second = selectors.results_after(story, "ines", 0)
    assert first["kind"] == "play"
    assert first["action"] == {"id": "finish_book", "name": "Finish a book"}
    assert first["at"] == "2024-03-05T13:00:00.000Z"
    assert types(first["events"]["local"]) == ["action"]
    assert types(first["events"]["global"]) == ["level"]
    assert selectors.results_after(story, "ines", first["call_id"]) == [second]
    assert selectors.results_after(story, "ines", 0, limit=1) == [first]
    assert selectors.newest_call_id(story, "ines") == second["call_id"]
    assert selectors.results_after(story, "ines", second["call_id"]) == []


def test_an_undone_play_is_news_but_in_no_feed(story: Realm) -> None:
    cursor = selectors.newest_call_id(story, "ines")
    services.undo(story, "ines", "finish_book", "first")
    assert types(selectors.activity(story, "ines")) == ["action"]
    assert types(selectors.game_activity(story)) == ["level"]
    (news,) = selectors.results_after(story, "ines", cursor)
    assert news["kind"] == "undo"
    assert news["action"] == {"id": "finish_book", "name": "Finish a book"}
    assert news["events"]["local"][0]["player"] == {"id": "ines", "alias": "Ines"}
    assert len(selectors.results_after(story, "ines", 0)) == 2


def test_a_backdated_play_stands_where_it_happened(story: Realm) -> None:
    services.play(story, "ines", "finish_book", {"pages": 20}, at=NOON, dice=always(0.5))
    feed = selectors.activity(story, "ines")
    assert feed[0]["timestamp"] == "2024-03-05T12:00:00.000Z"
    assert feed[0]["action"]["vars"]["pages"] == 20
    (*_, newest) = selectors.results_after(story, "ines", 0)
    assert newest["at"] == "2024-03-05T12:00:00.000Z"
