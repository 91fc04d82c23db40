"""Metrics, boards, feeds and the status page (``http-api.md`` §6.6-6.8, §7.1, §9.2)."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate

from ..conftest import LIBRARY_QUEST
from .conftest import Api, error, problems

BOARD = "/runtime/leaderboards/top_readers"


@pytest.fixture
def readers(ines: Api, quest: Realm) -> Api:
    """Four more players; from ines to eva they have read 500, 400, 300, 300 and 100 pages."""
    for player_id, pages in (("ines", 500), ("ada", 400), ("bea", 300), ("cleo", 300), ("eva", 100)):
        if player_id != "ines":
            services.create_player(quest, player_id)
        services.play(quest, player_id, "finish_book", {"pages": pages})
    return ines


def ranks(response: Any) -> list[tuple[int, str]]:
    assert response.status_code == 200, response.content
    return [(row["rank"], row["player"]["id"]) for row in response.json()["data"]]


def test_metrics_are_what_the_engine_says(ines: Api, quest: Realm) -> None:
    assert ines.get("/runtime/definitions/metrics").json() == selectors.metrics(quest)


def test_one_metric_is_an_object(ines: Api) -> None:
    assert ines.get("/runtime/definitions/metrics/xp").json() == {
        "id": "xp",
        "name": "Experience",
        "type": "point",
        "description": "Reading experience",
    }
    assert error(ines.get("/runtime/definitions/metrics/fame")) == (404, "metric_not_found")
    assert error(ines.get("/runtime/definitions/metrics/Experience")) == (404, "metric_not_found")


def test_boards_are_what_the_engine_says(ines: Api, quest: Realm) -> None:
    assert ines.get("/runtime/leaderboards").json() == selectors.leaderboards(quest, "ines")


def test_a_board_lists_the_best_first_and_ties_share_a_rank(readers: Api) -> None:
    response = readers.get(f"{BOARD}?cycle=alltime")
    assert ranks(response) == [(1, "ines"), (2, "ada"), (3, "bea"), (3, "cleo"), (5, "eva")]
    assert response.json()["total"] == 5
    assert response.json()["data"][0] == {"rank": 1, "score": "50", "player": {"id": "ines", "alias": "Ines"}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("skip=1&limit=2", [(2, "ada"), (3, "bea")]),
        ("sort=ascending&limit=2", [(5, "eva"), (3, "cleo")]),
        ("limit=-1&skip=4", [(5, "eva")]),
        ("timestamp=0", [(1, "ines"), (2, "ada"), (3, "bea"), (3, "cleo"), (5, "eva")]),
        ("ranking=relative&radius=1", [(1, "ines"), (2, "ada")]),
        ("ranking=relative&radius=0&entity_id=bea", [(3, "bea")]),
        ("ranking=relative&entity_id=bea&radius=1&skip=9&limit=1", [(2, "ada"), (3, "bea"), (3, "cleo")]),
        ("ranking=relative&entity_id=", [(1, "ines"), (2, "ada"), (3, "bea"), (3, "cleo"), (5, "eva")]),
    ],
)
def test_a_board_is_read_in_pages_or_around_somebody(readers: Api, query: str, expected: Any) -> None:
    response = readers.get(f"{BOARD}?cycle=alltime&{query}")
    assert ranks(response) == expected
    assert response.json()["total"] == 5


def test_the_own_row_of_a_relative_answer_is_primary(readers: Api) -> None:
    rows = readers.get(f"{BOARD}?cycle=alltime&ranking=relative&radius=1&entity_id=ada").json()["data"]
    assert [row["player"]["id"] for row in rows if row.get("primary") is True] == ["ada"]


def test_a_relative_read_of_somebody_who_is_not_there_finds_no_player(readers: Api) -> None:
    assert error(readers.get(f"{BOARD}?cycle=alltime&ranking=relative&entity_id=nobody")) == (404, "player_not_found")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "/cycle"),
        ("cycle=", "/cycle"),
        ("cycle=hourly", "/cycle"),
        ("cycle=alltime&sort=up", "/sort"),
        ("cycle=alltime&ranking=best", "/ranking"),
        ("cycle=alltime&radius=-1", "/radius"),
        ("cycle=alltime&radius=x", "/radius"),
        ("cycle=alltime&timestamp=soon", "/timestamp"),
        ("cycle=alltime&detailed=perhaps", "/detailed"),
        ("cycle=alltime&merge_with=by_genre|alltime", "/merge_with"),
        ("cycle=alltime&ranking=relative&entity_id=:x", "/entity_id"),
        ("cycle=alltime&limit=x", "/limit"),
        ("cycle=alltime&merge_with=by_genre/%00|alltime", "/merge_with"),
    ],
)
def test_a_board_read_with_wrong_parameters_is_wrong_input(ines: Api, query: str, path: str) -> None:
    assert [found for found, _ in problems(ines.get(f"{BOARD}?{query}"))] == [path]


def test_a_cycle_a_scope_and_other_boards_are_parameters(ines: Api, quest: Realm) -> None:
    at = "2024-03-05T12:00:00Z"
    with time_machine.travel(at.replace("Z", "+00:00"), tick=False):
        scopes = [{"id": "history", "entity_id": "ines"}]
        services.play(quest, "ines", "finish_book", {"pages": 600}, scopes=scopes)
    (row,) = ines.get(f"{BOARD}?cycle=daily&timestamp={at}&merge_with=by_genre/history|weekly|1709640000").json()[
        "data"
    ]
    assert row == {
        "rank": 1,
        "score": ["top_readers", "60", "by_genre", "60"],
        "player": {"id": "ines", "alias": "Ines"},
    }
    board = f"/runtime/leaderboards/by_genre?cycle=weekly&timestamp={at}&scope_id=history"
    (row,) = ines.get(f"{board}&detailed=true").json()["data"]
    assert row["actions"] == [{"id": "finish_book", "name": "Finish a book", "score": "60"}]


@pytest.mark.parametrize("board", ["/runtime/leaderboards/by_genre", "/runtime/leaderboards/by_genre/trend"])
def test_a_scope_that_no_play_can_name_is_wrong_input(ines: Api, board: str) -> None:
    assert problems(ines.get(f"{board}?cycle=weekly&scope_id=%00")) == [("/scope_id", "INVALID_FORMAT")]


EDGES = ["0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59.999Z", "0"]


@pytest.mark.parametrize("timestamp", EDGES)
@pytest.mark.parametrize("cycle", ["daily", "weekly", "monthly", "yearly"])
def test_a_cycle_at_the_edge_of_the_calendar_is_empty(ines: Api, cycle: str, timestamp: str) -> None:
    for more in ("detailed=true", f"merge_with=by_genre/history|weekly|{timestamp}"):
        read = ines.get(f"{BOARD}?cycle={cycle}&timestamp={timestamp}&{more}")
        assert (read.status_code, read.json()) == (200, {"data": [], "total": 0})


@pytest.mark.parametrize("cycle", ["daily", "weekly", "monthly", "yearly"])
def test_a_trend_ends_between_1970_and_the_end_of_the_calendar(ines: Api, cycle: str) -> None:
    trend = f"{BOARD}/trend?cycle={cycle}"
    for end in ("0001-01-01", "1969-12-31"):
        assert problems(ines.get(f"{trend}&end={end}")) == [("/end", "MINIMUM")]
        assert problems(ines.get(f"{trend}&start=0001-01-01&end={end}")) == [("/end", "MINIMUM")]
    for end in ("1970-01-01", "9999-12-31"):
        assert {row["rank"] for row in ines.get(f"{trend}&end={end}").json()} == {-1}
    assert ines.get(f"{trend}&start=9999-12-31&end=1970-01-01").json() == []


def test_a_trend_goes_from_day_to_day(ines: Api, quest: Realm) -> None:
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=False):
        services.play(quest, "ines", "finish_book", {"pages": 600})
    trend = "/runtime/leaderboards/top_readers/trend?cycle=daily"
    assert ines.get(f"{trend}&start=2024-03-04&end=2024-03-05").json() == [
        {"date": "2024-03-04", "score": "0", "rank": -1},
        {"date": "2024-03-05", "score": "60", "rank": 1},
    ]
    assert len(ines.get(f"{trend}&entity_id=nobody").json()) == 10
    for wrong in ("start=5.3.2024", "start=2024-02-30", "end=yesterday"):
        assert [path for path, _ in problems(ines.get(f"{trend}&{wrong}"))] == [f"/{wrong.partition('=')[0]}"]
    assert error(ines.get("/runtime/leaderboards/nowhere/trend?cycle=daily")) == (404, "leaderboard_not_found")


@pytest.mark.parametrize(
    "end", ["2024-03-05T23:59:59.999Z", "1709640000", "1709640000000", "2024-03-06T00:30:00%2B01:00"]
)
def test_a_trend_takes_instants_for_the_days_that_they_lie_in(ines: Api, end: str) -> None:
    trend = "/runtime/leaderboards/top_readers/trend?cycle=daily"
    days = ines.get(f"{trend}&start=2024-03-03T22:30:00-02:00&end={end}").json()
    assert [day["date"] for day in days] == ["2024-03-04", "2024-03-05"]


def test_a_trend_from_the_beginning_begins_with_the_game(ines: Api) -> None:
    Game.objects.update(created_at=datetime(2024, 3, 1, 23, 59, tzinfo=timezone.utc))
    trend = "/runtime/leaderboards/top_readers/trend?cycle=daily&start=0"
    days = [day["date"] for day in ines.get(f"{trend}&end=2024-03-03").json()]
    assert days == ["2024-03-01", "2024-03-02", "2024-03-03"]
    long = ines.get(f"{trend}&end=2034-03-03").json()
    assert (len(long), long[-1]["date"]) == (1000, "2034-03-03")  # as many as a trend shows


def test_an_unknown_board_is_not_found(ines: Api) -> None:
    response = ines.get("/runtime/leaderboards/nowhere?cycle=alltime")
    assert error(response) == (404, "leaderboard_not_found")
    assert response.json()["error_description"] == "The leaderboard 'nowhere' does not exist"


def test_a_board_that_the_player_may_not_see_is_left_out_and_refused(ines: Api, quest: Realm) -> None:
    hidden = copy.deepcopy(LIBRARY_QUEST)
    for board in hidden["leaderboards"]:
        if board["id"] == "top_readers":
            board["requires"] = {
                "type": "metric",
                "context": {"id": "xp", "type": "point", "operator": "ge", "value": "50"},
            }
    activate(quest, hidden)
    assert "top_readers" not in [board["id"] for board in ines.get("/runtime/leaderboards").json()]
    for path in (BOARD, f"{BOARD}/trend"):
        assert error(ines.get(f"{path}?cycle=daily")) == (401, "access_denied")
    services.play(quest, "ines", "finish_book", {"pages": 500})
    assert "top_readers" in [board["id"] for board in ines.get("/runtime/leaderboards").json()]
    assert ranks(ines.get(f"{BOARD}?cycle=alltime")) == [(1, "ines")]


def test_disabled_players_are_absent_from_boards(readers: Api, quest: Realm) -> None:
    services.update_player(quest, "ada", enabled=False)
    assert ranks(readers.get(f"{BOARD}?cycle=alltime&limit=2")) == [(1, "ines"), (2, "bea")]


# --- feeds ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(ines: Api, quest: Realm) -> Any:
    """Ines read on the 1st (and became a Reader), the 4th and the 5th of March; it is noon on the 5th."""
    with time_machine.travel("2024-03-01T12:00:00+00:00", tick=False) as clock:
        token = Api(ines.token, "ines")
        services.play(quest, "ines", "finish_book", {"pages": 600})
        clock.move_to("2024-03-04T18:00:00+00:00")
        services.play(quest, "ines", "finish_book", {"pages": 10})
        clock.move_to("2024-03-05T12:00:00+00:00")
        services.play(quest, "ines", "finish_book", {"pages": 20})
        # Tokens live a day; this one was made by today's real clock, which is later.
        yield token


FEEDS = ["/runtime/activity", "/admin/players/ines/activity"]


@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", ["04", "05"]),
        ("?start=0", ["01", "01", "04", "05"]),
        ("?start=2024-03-04", ["04", "05"]),
        ("?start=2024-03-01&end=2024-03-05", ["01", "01", "04"]),
        ("?start=1709575200", ["04", "05"]),
        ("?start=2024-03-04T18:00:00.000Z&end=2024-03-05T12:00:00.000Z", ["04"]),
        ("?start=2024-03-06", []),
        ("?start=2024-03-06&end=2024-03-01", []),
    ],
)
def test_a_feed_is_oldest_first_and_bounded_by_start_and_end(
    history: Api, path: str, query: str, days: list[str]
) -> None:
    events = history.get(path + query).json()
    assert [event["timestamp"][8:10] for event in events] == days
    assert not any("actor" in event for event in events)


def test_the_game_feed_shows_levels_of_all_and_no_action(history: Api) -> None:
    assert history.get("/admin/activity").json() == []
    (event,) = history.get("/admin/activity?start=0").json()
    assert event["event"] == "level"
    assert event["actor"] == {"id": "ines", "alias": "Ines"}


@pytest.mark.parametrize("value", ["soon", "-5", "2024-02-30", "", "1e9", "0001-01-01T00:00:00%2B23:00"])
def test_another_instant_is_wrong_input(ines: Api, value: str) -> None:
    for path in (*FEEDS, "/admin/activity"):
        for name in ("start", "end"):
            assert problems(ines.get(f"{path}?{name}={value}")) == [(f"/{name}", "INVALID_FORMAT")]


def test_the_feed_of_an_unknown_player_is_not_found(site: Api) -> None:
    assert error(site.get("/admin/players/nobody/activity")) == (404, "player_not_found")


# --- status -----------------------------------------------------------------------------------------------------------


def test_the_status_page_names_the_game(site: Api) -> None:
    status = site.get("/admin").json()
    created = status["game"].pop("created")
    assert created.endswith("Z")
    assert status == {
        "name": "Playlyfe Hermes",
        "version": "v1",
        "status": "ok",
        "game": {
            "id": "library_quest",
            "title": "Library Quest",
            "description": "",
            "timezone": "Europe/Lisbon",
            "type": "native",
            "template": "custom",
            "listed": False,
            "access": "PRIVATE",
            "image": "default-game",
        },
    }


def test_a_read_costs_a_fixed_number_of_queries(readers: Api, count_queries: Any) -> None:
    bounds = {
        "/runtime/player": 4,
        "/runtime/actions": 4,
        "/runtime/definitions/metrics": 2,
        "/runtime/leaderboards": 5,
        f"{BOARD}?cycle=alltime": 8,
        "/runtime/activity": 3,
        "/admin/players": 4,
    }
    for path, bound in bounds.items():
        readers.get(path)
        with count_queries() as counted:
            readers.get(path)
        assert len(counted) <= bound, (path, counted)


def test_nothing_of_a_day_ago_is_missing_at_the_edge_of_the_window(history: Api) -> None:
    with time_machine.travel("2024-03-05T18:00:00+00:00", tick=False) as clock:
        assert [event["timestamp"][8:10] for event in history.get("/runtime/activity").json()] == ["04", "05"]
        clock.shift(timedelta(milliseconds=1))
        assert [event["timestamp"][8:10] for event in history.get("/runtime/activity").json()] == ["05"]
