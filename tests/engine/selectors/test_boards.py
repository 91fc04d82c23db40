"""Boards: who is listed, with which rank, in which order, at which cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import Player, Score
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.selectors.sheets import score_rows
from django_playlyfe.exceptions import AccessDenied, InvalidRequest, NotFound, PlayerNotFound

from ..conftest import action, board, point, reward

pytestmark = pytest.mark.django_db
START = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
RICH = {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "ge", "value": "100"}}


def seat(realm: Realm, *values: tuple[str, int, int]) -> None:
    """Players with a score of xp: (id, value, reached so many seconds after the start)."""
    game = find_game(realm)
    players = Player.objects.bulk_create(
        Player(game=game, environment=realm.environment, player_id=player_id, alias=player_id.upper())
        for player_id, _, _ in values
    )
    Score.objects.bulk_create(
        Score(
            game=game,
            environment=realm.environment,
            player=player,
            metric="xp",
            value=value,
            reached_at=START + timedelta(seconds=second),
        )
        for player, (_, value, second) in zip(players, values, strict=True)
    )


def listing(page: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(row["rank"], row["score"], row["player"]["id"]) for row in page["data"]]


@pytest.fixture
def race(small: Realm) -> Realm:
    """Two at 40: bea was there first; two at 10 at the same instant; one negative, one beyond a float."""
    seat(small, ("bea", 40, 1), ("abe", 40, 2), ("zoe", 2**62 + 1, 9), ("eve", 10, 5), ("dan", 10, 5), ("low", -3, 0))
    return small


ALL_ROWS = [
    (1, str(2**62 + 1), "zoe"),
    (2, "40", "bea"),
    (2, "40", "abe"),
    (4, "10", "dan"),
    (4, "10", "eve"),
    (6, "-3", "low"),
]


def test_equal_scores_share_a_rank_and_leave_a_gap(race: Realm) -> None:
    page = selectors.leaderboard(race, "top")
    assert page["data"][0] == {"rank": 1, "score": str(2**62 + 1), "player": {"id": "zoe", "alias": "ZOE"}}
    assert listing(page) == ALL_ROWS
    assert page["total"] == 6


@pytest.mark.parametrize("skip", range(8))
@pytest.mark.parametrize("limit", [0, 1, 2, 3, 10**10, -1])
def test_every_page_shows_the_ranks_of_the_whole(race: Realm, skip: int, limit: int) -> None:
    expected = ALL_ROWS[skip:] if limit == -1 else ALL_ROWS[skip : skip + limit]
    page = selectors.leaderboard(race, "top", skip=skip, limit=limit)
    assert listing(page) == expected
    assert page["total"] == 6
    upwards = ALL_ROWS[::-1]
    expected = upwards[skip:] if limit == -1 else upwards[skip : skip + limit]
    assert listing(selectors.leaderboard(race, "top", skip=skip, limit=limit, sort="ascending")) == expected


@pytest.mark.parametrize("radius", range(7))
@pytest.mark.parametrize("entity", [row[2] for row in ALL_ROWS])
def test_a_window_around_a_player(race: Realm, entity: str, radius: int) -> None:
    place = [row[2] for row in ALL_ROWS].index(entity)
    page = selectors.leaderboard(race, "top", ranking="relative", entity_id=entity, radius=radius)
    assert listing(page) == ALL_ROWS[max(place - radius, 0) : place + radius + 1]
    assert [row["player"]["id"] for row in page["data"] if row.get("primary")] == [entity]
    assert page["total"] == 6


def test_a_window_may_be_read_upwards(race: Realm) -> None:
    page = selectors.leaderboard(race, "top", ranking="relative", player_id="abe", radius=1, sort="ascending")
    assert listing(page) == [ALL_ROWS[3], ALL_ROWS[2], ALL_ROWS[1]]


def test_the_readers_own_row(race: Realm) -> None:
    assert selectors.leaderboard_row(race, "top", "eve") == {
        "rank": 4,
        "score": "10",
        "player": {"id": "eve", "alias": "EVE"},
    }
    services.create_player(race, "new")
    assert selectors.leaderboard_row(race, "top", "new") is None


def test_disabled_players_leave_no_gap(race: Realm) -> None:
    services.update_player(race, "zoe", enabled=False)
    page = selectors.leaderboard(race, "top", limit=2)
    assert listing(page) == [(1, "40", "bea"), (1, "40", "abe")]
    assert page["total"] == 5
    with pytest.raises(PlayerNotFound):
        selectors.leaderboard(race, "top", ranking="relative", entity_id="zoe")


def test_whoever_never_scored_is_not_listed_and_a_zero_is(quest: Realm, small: Realm) -> None:
    services.create_player(quest, "rui")
    assert listing(selectors.leaderboard(quest, "top_readers")) == [(1, "0", "rui")]
    services.create_player(small, "rui")
    assert selectors.leaderboard(small, "top") == {"data": [], "total": 0}


def test_a_later_tie_does_not_overtake(small: Realm, noon: Any) -> None:
    for player_id in ("ada", "bob"):
        services.create_player(small, player_id)
    services.play(small, "bob", "read")
    noon.shift(0.001)
    services.play(small, "ada", "read")
    assert [row[2] for row in listing(selectors.leaderboard(small, "top"))] == ["bob", "ada"]


@given(
    scores=st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), max_size=12),
    skip=st.integers(0, 12),
    limit=st.integers(0, 6),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ranks_agree_with_counting_by_hand(small: Realm, scores: list[tuple[int, int]], skip: int, limit: int) -> None:
    Player.objects.all().delete()
    seat(small, *((f"p{index:02}", value, second) for index, (value, second) in enumerate(scores)))
    ordered = sorted(
        ((-value, second, f"p{index:02}") for index, (value, second) in enumerate(scores)),
    )
    by_hand = [
        (1 + sum(other < value for other, _, _ in ordered), str(-value), player_id) for value, _, player_id in ordered
    ]
    assert listing(selectors.leaderboard(small, "top", skip=skip, limit=limit)) == by_hand[skip : skip + limit]
    upwards = selectors.leaderboard(small, "top", skip=skip, limit=limit, sort="ascending")
    assert listing(upwards) == by_hand[::-1][skip : skip + limit]


# --- cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("players", [40, 400])
def test_a_page_costs_the_same_whatever_the_length_of_the_board(small: Realm, count_queries: Any, players: int) -> None:
    seat(small, *((f"p{number}", number % 7, number) for number in range(players)))
    for arguments, cost in (
        ({}, 3),  # game, total, page
        ({"skip": 10}, 4),  # and the rank of the first row
        ({"skip": 10, "sort": "ascending"}, 4),
        ({"ranking": "relative", "entity_id": "p9"}, 7),  # game, own row, above, below, place, rank, total
        ({"ranking": "relative", "entity_id": "p9", "radius": 0}, 4),
    ):
        selectors.leaderboard(small, "top", **arguments)  # type: ignore[arg-type] # arguments differ
        with count_queries() as counted:
            selectors.leaderboard(small, "top", **arguments)  # type: ignore[arg-type] # arguments differ
        assert len(counted) == cost, counted
    with count_queries() as counted:
        selectors.leaderboard_row(small, "top", "p9")
    assert len(counted) == 3, counted


def test_a_page_is_read_in_the_order_of_the_index(small: Realm) -> None:
    seat(small, *((f"p{number}", number % 7, number) for number in range(50)))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # fifty rows are sorted sooner than looked up
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    rows = score_rows(find_game(small), "production", "xp").order_by("-score", "since")
    assert "playlyfe_score_rank" in rows.explain()


# --- what may be read -------------------------------------------------------------------------------------------------


def test_boards_are_listed_as_the_design_says(quest: Realm, ines: str) -> None:
    boards = selectors.leaderboards(quest, ines)
    metric = {"id": "xp", "type": "point", "name": "Experience"}
    assert boards == [
        {
            "id": "by_genre",
            "name": "By genre",
            "entity_type": "players",
            "metric": metric,
            "scope": {"type": "custom"},
            "cycles": ["alltime", "weekly"],
        },
        {
            "id": "club_cup",
            "name": "Club cup",
            "entity_type": "teams",
            "metric": metric,
            "scope": {"type": "team_definition", "id": "book_club"},
            "cycles": ["monthly"],
        },
        {
            "id": "inside_club",
            "name": "Inside each club",
            "entity_type": "players",
            "metric": {"id": "impact", "type": "compound", "name": "Impact"},
            "scope": {"type": "team_instance", "id": "book_club"},
            "cycles": ["alltime"],
        },
        {
            "id": "top_readers",
            "name": "Top readers",
            "entity_type": "players",
            "metric": metric,
            "scope": {"type": "game"},
            "cycles": ["alltime", "yearly", "monthly", "weekly", "daily"],
        },
    ]
    assert selectors.leaderboards(quest) == boards


def test_a_board_with_a_condition_is_for_those_who_meet_it(activated: Callable[..., Realm]) -> None:
    realm = activated(
        metrics=[point("xp"), point("coins")],
        actions=[action("read", reward("xp", "100"))],
        leaderboards=[board("rich", "xp", requires=RICH), board("top", "xp")],
    )
    services.create_player(realm, "ada")
    assert [entry["id"] for entry in selectors.leaderboards(realm)] == ["top"]
    assert [entry["id"] for entry in selectors.leaderboards(realm, "ada")] == ["top"]
    for reader in (None, "ada"):
        with pytest.raises(AccessDenied):
            selectors.leaderboard(realm, "rich", player_id=reader)
    services.play(realm, "ada", "read")
    assert [entry["id"] for entry in selectors.leaderboards(realm, "ada")] == ["rich", "top"]
    assert selectors.leaderboard(realm, "rich", player_id="ada")["total"] == 1


def test_an_unknown_board_is_named_as_such(small: Realm) -> None:
    with pytest.raises(NotFound) as refusal:
        selectors.leaderboard(small, "bottom")
    assert refusal.value.code == "leaderboard_not_found"
    with pytest.raises(PlayerNotFound):
        selectors.leaderboard(small, "top", player_id="nobody")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"cycle": "hourly"}, "/cycle"),
        ({"skip": -1}, "/skip"),
        ({"skip": "1"}, "/skip"),
        ({"limit": -2}, "/limit"),
        ({"limit": 1.5}, "/limit"),
        ({"sort": "up"}, "/sort"),
        ({"ranking": "near"}, "/ranking"),
        ({"ranking": "relative"}, "/entity_id"),
        ({"ranking": "relative", "entity_id": "a", "radius": -1}, "/radius"),
        ({"ranking": "relative", "entity_id": ":a"}, "/entity_id"),
    ],
)
def test_wrong_arguments_are_named(small: Realm, arguments: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        selectors.leaderboard(small, "top", **arguments)
    assert refusal.value.data["errors"][0]["path"] == path


def test_boards_of_teams_are_empty_until_there_are_teams(quest: Realm) -> None:
    assert selectors.leaderboard(quest, "club_cup", cycle="monthly") == {"data": [], "total": 0}
    with pytest.raises(InvalidRequest, match="/team_instance_id"):
        selectors.leaderboard(quest, "inside_club")
    with pytest.raises(NotFound) as refusal:
        selectors.leaderboard(quest, "inside_club", scope_id="night_readers")
    assert refusal.value.code == "team_not_found"


def test_a_custom_board_needs_a_scope_and_an_unused_one_is_empty(quest: Realm) -> None:
    with pytest.raises(InvalidRequest, match="/scope_id"):
        selectors.leaderboard(quest, "by_genre")
    assert selectors.leaderboard(quest, "by_genre", scope_id="history") == {"data": [], "total": 0}
