"""Boards of cycles and scopes as they are read: past ones, merged, detailed, with a trend, and how equals rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from django.db import connection

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import BoardRow, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.selectors import ranks, trends
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import AccessDenied, InvalidRequest, NotFound, PlayerNotFound

from ..boards.games import SUNDAY, ledger_design
from ..conftest import action, board, point, reward

pytestmark = pytest.mark.django_db
REALM = Realm("small")
Listing = list[tuple[int, str, str]]


@pytest.fixture
def weeks(db: None) -> Iterator[Realm]:
    """Ada, bob and eve in three weeks; the last one is the present."""
    activate(REALM, ledger_design())
    with time_machine.travel(SUNDAY - timedelta(days=14), tick=False) as clock:
        for player in ("ada", "bob", "eve"):
            services.create_player(REALM, player)
        for week in ({"ada": 5, "bob": 3}, {"bob": 4}, {"ada": 1, "bob": 1, "eve": 2}):
            for player, amount in week.items():
                clock.shift(timedelta(minutes=1))
                move(player, amount, (("art", player),))
            clock.shift(timedelta(days=7))
        clock.shift(timedelta(days=-7))
        yield REALM


def move(player: str, amount: int, scopes: tuple[tuple[str, str], ...] = ()) -> None:
    named = [{"id": scope, "entity_id": entity} for scope, entity in scopes]
    services.play(REALM, player, "move", {"amount": amount}, scopes=named)


def read(board_id: str = "top", **arguments: Any) -> Listing:
    page = selectors.leaderboard(REALM, board_id, **{"cycle": "weekly", **arguments})
    return [(row["rank"], row["score"], row["player"]["id"]) for row in page["data"]]


THIS_WEEK = [(1, "2", "eve"), (2, "1", "ada"), (2, "1", "bob")]


def test_a_cycle_lists_who_changed_in_it(weeks: Realm) -> None:
    assert read() == THIS_WEEK
    assert read(cycle="monthly") == [(1, "8", "bob"), (2, "6", "ada"), (3, "2", "eve")]
    assert read("double") == [(1, "4", "eve"), (2, "2", "ada"), (2, "2", "bob")]
    assert read(cycle="daily", timestamp=SUNDAY - timedelta(days=1)) == []


def test_a_past_cycle_is_read_by_any_of_its_instants(weeks: Realm) -> None:
    week = datetime(2024, 3, 17, tzinfo=timezone.utc)
    for inside in (week, SUNDAY - timedelta(days=14), week + timedelta(days=7, milliseconds=-1)):
        assert read(timestamp=inside) == [(1, "5", "ada"), (2, "3", "bob")]
    assert read(timestamp=week + timedelta(days=7)) == [(1, "4", "bob")]
    assert read(timestamp=week - timedelta(milliseconds=1)) == []
    assert read(timestamp=SUNDAY + timedelta(days=400)) == []


def test_the_week_after_the_clocks_went_forward_begins_an_hour_earlier(weeks: Realm) -> None:
    for moment, expected in ((datetime(2024, 4, 6, 22, 59, tzinfo=timezone.utc), 3), (SUNDAY, 3)):
        assert len(read(timestamp=moment)) == expected
    assert read(timestamp=datetime(2024, 4, 6, 23, tzinfo=timezone.utc)) == [], "midnight of Sunday in Lisbon"


def test_windows_pages_and_the_order_work_on_cycles(weeks: Realm) -> None:
    assert read(skip=1, limit=-1) == THIS_WEEK[1:]
    assert read(sort="ascending") == THIS_WEEK[::-1]
    assert read(ranking="relative", entity_id="bob", radius=0) == THIS_WEEK[2:]
    assert read(ranking="relative", entity_id="bob", radius=1) == THIS_WEEK[1:]
    with pytest.raises(PlayerNotFound):
        read(ranking="relative", entity_id="eve", timestamp=SUNDAY - timedelta(days=7))
    assert selectors.leaderboard_row(REALM, "top", "bob", cycle="weekly") == {
        "rank": 2,
        "score": "1",
        "player": {"id": "bob", "alias": "bob"},
    }


def test_disabled_players_leave_no_gap_in_a_cycle(weeks: Realm) -> None:
    services.update_player(REALM, "ada", enabled=False)
    assert read() == [(1, "2", "eve"), (2, "1", "bob")]
    assert read("genre", scope_id="art") == [(1, "2", "eve"), (2, "1", "bob")]


def test_a_scope_adds_up_what_several_players_credit(weeks: Realm) -> None:
    assert read("genre", cycle="alltime", scope_id="art") == [(1, "8", "bob"), (2, "6", "ada"), (3, "2", "eve")]
    move("bob", 3, (("art", "eve"),))
    assert read("genre", scope_id="art") == [(1, "5", "eve"), (2, "1", "ada"), (2, "1", "bob")]
    assert read("genre", cycle="alltime", scope_id="art", ranking="relative", entity_id="eve", radius=1) == [
        (2, "6", "ada"),
        (3, "5", "eve"),
    ]
    assert read("genre", cycle="alltime", scope_id="art", skip=2, sort="ascending") == [(1, "8", "bob")]
    services.delete_player(REALM, "bob")
    assert read("genre", scope_id="art") == [(1, "5", "eve"), (2, "1", "ada")], "what bob gave stays"


# --- merged and detailed ----------------------------------------------------------------------------------------------


def scores(**arguments: Any) -> list[list[str]]:
    return [row["score"] for row in selectors.leaderboard(REALM, "top", cycle="weekly", **arguments)["data"]]


def test_merged_boards_stand_beside_the_main_one(weeks: Realm) -> None:
    last = (SUNDAY - timedelta(days=14)).date()
    assert scores(merge_with=f"genre/art|alltime, top|weekly|{last}") == [
        ["top", "2", "genre", "2", "top", "0"],
        ["top", "1", "genre", "6", "top", "5"],
        ["top", "1", "genre", "8", "top", "3"],
    ]
    assert scores(merge_with="double|weekly", ranking="relative", entity_id="ada", radius=0) == [
        ["top", "1", "double", "2"]
    ]


@pytest.mark.parametrize(
    "merge_with",
    [
        "top",
        "|weekly",
        "top|hourly",
        "genre|weekly",
        "top|weekly|soon",
        "top|weekly|0|0",
        ",".join(["top|weekly"] * 21),
    ],
)
def test_what_cannot_be_merged_is_named(weeks: Realm, merge_with: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        scores(merge_with=merge_with)
    assert refusal.value.data["errors"][0]["path"] == "/merge_with"


def test_only_open_boards_of_the_same_entities_are_merged(quest: Realm) -> None:
    with pytest.raises(InvalidRequest, match="ranks teams"):
        selectors.leaderboard(quest, "top_readers", merge_with="club_cup|monthly")
    with pytest.raises(NotFound):
        selectors.leaderboard(quest, "top_readers", merge_with="nowhere|monthly")


def test_a_hidden_board_is_not_merged(activated: Callable[..., Realm]) -> None:
    rich = {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "ge", "value": "100"}}
    realm = activated(leaderboards=[board("top", "xp"), board("rich", "xp", requires=rich)])
    services.create_player(realm, "ada")
    with pytest.raises(AccessDenied):
        selectors.leaderboard(realm, "top", player_id="ada", merge_with="rich|alltime")


@pytest.mark.parametrize("scope", [{"type": "game"}, {"type": "custom"}])
@pytest.mark.parametrize("cycle", ["alltime", "weekly"])
def test_details_say_what_each_action_brought(activated: Callable[..., Realm], scope: Any, cycle: str) -> None:
    realm = activated(
        metrics=[point("xp", default="3")],
        actions=[action("read", reward("xp", "10")), action("lend", reward("xp", "4"))],
        leaderboards=[board("top", "xp", scope=scope, cycles=["alltime", "weekly"])],
    )
    services.create_player(realm, "ada")
    services.create_player(realm, "bob")
    named = [{"id": "art", "entity_id": "ada"}]
    for name, count in (("read", 1), ("lend", 2), ("read", 1)):
        services.play(realm, "ada", name, count=count, scopes=named)
    (row,) = selectors.leaderboard(realm, "top", cycle=cycle, scope_id="art", detailed=True)["data"]
    assert row["actions"] == [
        {"id": "lend", "name": "Lend", "score": "8"},
        {"id": "read", "name": "Read", "score": "20"},
    ]


# --- ties -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("competition", [1, 2, 2, 4, 5]), ("dense", [1, 2, 2, 3, 4]), ("first", [1, 2, 3, 4, 5])],
)
@pytest.mark.parametrize("cycle", ["alltime", "daily"])
def test_a_board_says_which_rank_equals_get(
    activated: Callable[..., Realm], monkeypatch: pytest.MonkeyPatch, ties: str, expected: list[int], cycle: str
) -> None:
    realm = activated(leaderboards=[board("top", "xp", ties=ties, cycles=["alltime", "daily"])])
    with time_machine.travel(SUNDAY, tick=False):
        for player, plays in (("a", 9), ("b", 5), ("c", 5), ("d", 2), ("e", 1)):
            services.create_player(realm, player)
            services.play(realm, player, "read", count=plays)
        for skip in range(5):
            page = selectors.leaderboard(realm, "top", cycle=cycle, skip=skip)
            assert [row["rank"] for row in page["data"]] == expected[skip:]
            upwards = selectors.leaderboard(realm, "top", cycle=cycle, skip=skip, sort="ascending")
            assert [row["rank"] for row in upwards["data"]] == expected[::-1][skip:]
        for most_at_once in (100, 1):
            monkeypatch.setattr(ranks, "_MOST_AT_ONCE", most_at_once)
            places = selectors.ranking(realm, "top", cycle=cycle).places(["b", "e", "a", "nobody", "d", "c"])
            assert [(player, place.rank) for player, place in places.items()] == [*zip("abcde", expected, strict=True)]
            assert selectors.ranking(realm, "top", cycle=cycle).places(["nobody"]) == {}
        for place, player in enumerate("abcde"):
            for radius in range(3):
                window = selectors.leaderboard(
                    realm, "top", cycle=cycle, ranking="relative", entity_id=player, radius=radius
                )
                assert [row["rank"] for row in window["data"]] == expected[max(place - radius, 0) : place + radius + 1]
            if cycle == "daily":
                (day,) = selectors.trend(realm, "top", cycle="daily", start=SUNDAY.date(), entity_id=player)
                assert day["rank"] == expected[place]


# --- trend ------------------------------------------------------------------------------------------------------------


def test_a_trend_has_every_cycle_of_its_days(weeks: Realm) -> None:
    trend = selectors.trend(
        REALM, "top", cycle="weekly", start=date(2024, 3, 12), end=date(2024, 3, 31), entity_id="ada"
    )
    assert trend == [
        {"date": "2024-03-10", "score": "0", "rank": -1},
        {"date": "2024-03-17", "score": "5", "rank": 1},
        {"date": "2024-03-24", "score": "0", "rank": -1},
        {"date": "2024-03-31", "score": "1", "rank": 2},
    ]


def test_a_trend_is_by_itself_the_readers_last_ten_cycles(weeks: Realm) -> None:
    trend = selectors.trend(REALM, "top", cycle="daily", player_id="bob")
    assert [day["date"] for day in trend] == [f"2024-03-{day}" for day in range(22, 32)]
    assert [day["rank"] for day in trend] == [-1, -1, 1, -1, -1, -1, -1, -1, -1, 2]
    assert selectors.trend(REALM, "top", cycle="daily", player_id="bob", start=date(2025, 1, 1)) == []


def test_a_long_trend_is_asked_for_in_parts(weeks: Realm, monkeypatch: pytest.MonkeyPatch, count_queries: Any) -> None:
    def ask() -> tuple[list[dict[str, Any]], int]:
        with count_queries() as counted:
            found = selectors.trend(REALM, "top", cycle="weekly", entity_id="bob")
        return found, sum("COUNT(" in sql for sql in counted)

    at_once, number = ask()
    assert [week["rank"] for week in at_once[-3:]] == [2, 1, 2]
    assert number == 1
    monkeypatch.setattr(trends, "_AT_ONCE", 2)
    assert ask() == (at_once, 2)


@pytest.mark.postgresql
def test_a_trend_looks_nothing_up_for_each_row_of_a_cycle(weeks: Realm, count_queries: Any) -> None:
    with count_queries() as counted:
        selectors.trend(REALM, "top", cycle="weekly", entity_id="bob")
    (counting,) = [sql for sql in counted if "COUNT(" in sql]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the tables of a test are tiny
        cursor.execute(f"EXPLAIN {counting}")
        plan = [line for (line,) in cursor.fetchall()]
    assert not any("SubPlan" in line for line in plan)
    conditions = [line for line in plan if "Index Cond" in line and "cycle" in line]
    assert len(conditions) == 3
    assert all("value > " in line for line in conditions), plan


def test_the_trend_of_a_scope_adds_up_what_others_credited(weeks: Realm) -> None:
    move("bob", 3, (("art", "eve"),))
    trend = selectors.trend(REALM, "genre", cycle="weekly", start=date(2024, 3, 24), entity_id="eve", scope_id="art")
    assert [(week["score"], week["rank"]) for week in trend] == [("0", -1), ("5", 1)]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"cycle": "alltime", "entity_id": "ada"}, "/cycle"),
        ({"cycle": "hourly", "entity_id": "ada"}, "/cycle"),
        ({"cycle": "daily"}, "/entity_id"),
        ({"cycle": "daily", "entity_id": "ada", "start": date(2020, 1, 1)}, "/start"),
    ],
)
def test_wrong_arguments_of_a_trend_are_named(weeks: Realm, arguments: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        selectors.trend(REALM, "top", **arguments)
    assert refusal.value.data["errors"][0]["path"] == path


# --- cost -------------------------------------------------------------------------------------------------------------


def test_a_cycle_costs_what_all_time_costs_however_long_it_is(weeks: Realm, count_queries: Any) -> None:
    def cost() -> list[int]:
        numbers = []
        for ask in (
            lambda: read(),
            lambda: read(skip=1, merge_with="double|weekly"),
            lambda: read(ranking="relative", entity_id="bob", radius=1, detailed=True),
            lambda: read("genre", scope_id="art", skip=1),
            lambda: selectors.trend(REALM, "top", cycle="daily", player_id="bob"),
        ):
            ask()
            with count_queries() as counted:
                ask()
            numbers.append(len(counted))
        return numbers

    before = cost()
    assert before == [3, 5, 8, 5, 4]
    game = Player.objects.get(player_id="ada").game
    crowd = Player.objects.bulk_create(
        Player(game=game, environment="production", player_id=f"p{n}") for n in range(99)
    )
    for row in BoardRow.objects.filter(entity__player_id="ada"):
        BoardRow.objects.bulk_create(
            BoardRow(
                game=game,
                environment="production",
                board=row.board,
                cycle=row.cycle,
                scope=row.scope,
                entity=player,
                player=player,
                is_own=True,
                value=row.value + place % 7 - 3,
                reached_at=row.reached_at,
            )
            for place, player in enumerate(crowd)
        )
    assert cost() == before
