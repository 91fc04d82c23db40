"""Ranks of large boards: the histogram says what a count says, whatever happens to the rows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe import instants
from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.boards import histograms, sheet_sql
from django_playlyfe.engine.models import BucketChange, Histogram, Player, Score
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.versions.activation import activate

from .games import ledger_design

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor not in ("postgresql", "sqlite"), reason="ranks are plain counts there"),
]
REALM = Realm("small")
PLAYERS = [f"p{number:02}" for number in range(24)]


@pytest.fixture
def large(db: None, monkeypatch: pytest.MonkeyPatch) -> Realm:
    """A board of 24 players that counts as large, with scores from 7 to 76."""
    monkeypatch.setattr(histograms, "LARGE", 20)
    monkeypatch.setattr(histograms, "BUCKETS", 6)
    monkeypatch.setattr(histograms, "FOLD_AT", 10)
    activate(REALM, ledger_design())
    for number, player in enumerate(PLAYERS):
        services.create_player(REALM, player)
        move(player, number * 3)
    return REALM


def move(player: str, amount: int, **options: Any) -> None:
    services.play(REALM, player, "move", {"amount": amount}, **options)


def read(cycle: str = "alltime", **arguments: Any) -> Any:
    return selectors.leaderboard(REALM, "top", cycle=cycle, limit=-1, **arguments)


def grow(monkeypatch: pytest.MonkeyPatch, cycle: str = "alltime") -> Histogram:
    """Let readers make the histogram of a board, as they would within a few minutes."""
    monkeypatch.setattr(histograms, "LEASE", -1.0)
    if connection.vendor == "postgresql":
        _as_if_other_transactions_had_ended(monkeypatch)
    for _ in range(3):
        read(cycle)
    monkeypatch.setattr(histograms, "LEASE", 3600.0)
    histograms.forget()
    histogram = Histogram.objects.get(board="" if cycle == "alltime" else "top")
    assert histogram.is_counted
    return histogram


def _as_if_other_transactions_had_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is one transaction, which is open itself."""
    monkeypatch.setattr(sheet_sql, "open_transactions", lambda: (1, 1))


def by_window(cycle: str = "alltime") -> list[tuple[int, str, int]]:
    """Rank, player, score by a window function of the database: a second opinion that knows no histogram."""
    from django.db.models import F, Window
    from django.db.models.functions import Rank

    from django_playlyfe.engine.models import BoardRow

    if cycle == "alltime":
        rows = Score.objects.filter(metric="xp", player__enabled=True).annotate(who=F("player__player_id"))
    else:
        rows = BoardRow.objects.filter(board="top", cycle__startswith=cycle[0], entity__enabled=True).annotate(
            who=F("entity__player_id")
        )
    ranked = rows.annotate(rank=Window(Rank(), order_by=F("value").desc()))
    return list(ranked.order_by("-value", "reached_at", "who").values_list("rank", "who", "value"))


def agrees(cycle: str = "alltime") -> None:
    expected = by_window(cycle)
    page = read(cycle)
    assert [(row["rank"], row["player"]["id"], int(row["score"])) for row in page["data"]] == expected
    assert page["total"] == len(expected)
    ranking = selectors.ranking(REALM, "top", cycle=cycle)
    for rank, player, score in expected:
        assert ranking.place(player) == (rank, score)
        window = selectors.leaderboard(REALM, "top", cycle=cycle, ranking="relative", entity_id=player, radius=2)
        place = [who for _, who, _ in expected].index(player)
        assert [(row["rank"], row["player"]["id"]) for row in window["data"]] == [
            (rank, who) for rank, who, _ in expected[max(place - 2, 0) : place + 3]
        ]
    game = find_game(REALM)
    assert histograms.differences(game.pk, "production") == []


@pytest.mark.parametrize("cycle", ["alltime", "weekly"])
def test_a_histogram_says_what_a_window_function_says(
    large: Realm, monkeypatch: pytest.MonkeyPatch, cycle: str
) -> None:
    agrees(cycle)
    histogram = grow(monkeypatch, cycle)
    assert 4 <= histogram.buckets.count() <= 9
    agrees(cycle)


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("move"), st.sampled_from(PLAYERS[:8]), st.integers(-60, 60)),
            st.tuples(st.just("undo"), st.sampled_from(PLAYERS[:8]), st.just(0)),
            st.tuples(st.just("disable"), st.sampled_from(PLAYERS), st.integers(0, 1)),
            st.tuples(st.just("delete"), st.sampled_from(PLAYERS[8:]), st.just(0)),
            st.tuples(st.just("tend"), st.just(""), st.just(0)),
        ),
        max_size=12,
    )
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_the_rows_the_ranks_stay_right(large: Realm, steps: list[tuple[str, str, int]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        histograms.discard(find_game(REALM).pk, "production")
        histograms.forget()
        Player.objects.update(enabled=True)
        for player in PLAYERS:
            if not Player.objects.filter(player_id=player):
                services.create_player(REALM, player)
                move(player, 30)
        grow(monkeypatch)
        grow(monkeypatch, "weekly")
        histograms.forget()
        keys: dict[str, list[str]] = {}
        gone = set()
        for number, (what, player, amount) in enumerate(steps):
            if player in gone:
                continue
            if what == "move" and Player.objects.get(player_id=player).enabled:
                keys.setdefault(player, []).append(f"{Score.objects.count()}:{number}:{instants.now()}")
                move(player, amount, idempotency_key=keys[player][-1])
            elif what == "undo" and keys.get(player):
                services.undo(REALM, player, "move", keys[player].pop(0))
            elif what == "disable":
                services.update_player(REALM, player, enabled=bool(amount))
            elif what == "delete":
                services.delete_player(REALM, player)
                gone.add(player)
            elif what == "tend":
                histograms.tend_all(find_game(REALM).pk, "production")
        agrees()
        agrees("weekly")


def test_a_play_changes_nothing_that_others_use(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    histogram = grow(monkeypatch)
    before = list(histogram.buckets.order_by("number").values_list("count", "above"))
    move("p00", 1000)
    assert list(histogram.buckets.order_by("number").values_list("count", "above")) == before
    assert sorted(BucketChange.objects.values_list("delta", flat=True)) == [-1, 1]
    move("p00", 1)
    assert BucketChange.objects.count() == 2, "the same bucket"
    histograms.tend(histogram.pk)
    assert BucketChange.objects.count() == 0
    agrees()


def test_a_read_folds_what_has_become_much(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(monkeypatch)
    for number in range(6):
        move("p00", (-1) ** number * 1000)
    assert BucketChange.objects.count() == 12
    read()
    assert BucketChange.objects.count() == 0
    agrees()


def test_a_bucket_that_has_grown_too_large_is_cut_anew(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    first = grow(monkeypatch)
    for number, player in enumerate(PLAYERS):
        move(player, 1000 + number)
    histograms.tend(first.pk)
    assert Histogram.objects.filter(metric="xp").count() == 2, "both are kept in step until the new one counts"
    histograms.forget()
    move("p03", 5)
    agrees()
    second = Histogram.objects.latest("pk")
    monkeypatch.setattr(histograms, "LEASE", -1.0)
    histograms.tend(second.pk)
    histograms.tend(second.pk)
    assert list(Histogram.objects.all()) == [second]
    histograms.forget()
    agrees()


def test_rows_are_not_counted_before_every_process_knows(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histograms, "LEASE", 30.0)
    read()
    histogram = Histogram.objects.get()
    histograms.tend(histogram.pk)
    assert not Histogram.objects.get().is_counted
    if connection.vendor == "postgresql":
        _as_if_other_transactions_had_ended(monkeypatch)
    with time_machine.travel(instants.now() + timedelta(seconds=61), tick=False):
        histograms.tend(histogram.pk)
        histograms.tend(histogram.pk)
    assert Histogram.objects.get().is_counted


def test_a_change_that_was_missed_is_found(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(monkeypatch)
    Score.objects.filter(player__player_id="p00", metric="xp").update(value=999)
    game = find_game(REALM)
    assert len(histograms.differences(game.pk, "production")) == 2
    histograms.discard(game.pk, "production", metric="xp")
    assert histograms.differences(game.pk, "production") == []


def test_a_small_board_has_none(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histograms, "LARGE", 25)
    read()
    assert Histogram.objects.count() == 0


def test_the_rank_of_a_player_costs_one_query(
    large: Realm, monkeypatch: pytest.MonkeyPatch, count_queries: Any
) -> None:
    grow(monkeypatch)
    ranking = selectors.ranking(REALM, "top")
    ranking.place("p00")
    with count_queries() as counted:
        assert ranking.place("p10") == (14, 37)
    assert len(counted) == 1, counted
    assert not any("COUNT" in query and "bucket" not in query for query in counted), "nothing is counted in full"
    with count_queries() as counted:
        assert ranking.place("nobody") is None
    assert len(counted) == 2, "who is not found by the histogram is looked for on the board"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the words of SQLite's plan")
def test_disabled_players_are_found_by_an_index(large: Realm) -> None:
    texts, game = sheet_sql.texts(True, "sqlite"), find_game(REALM)
    key = sheet_sql.SheetKey(game.pk, "production", "xp")
    values = {**key._asdict(), "histogram": 1, "number": 1, "score": 10, "player": "p05"}
    for text in (texts.place, texts.better):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)
            plan = str(cursor.fetchall())
        assert "playlyfe_player_enabled (game_id=? AND environment=? AND enabled=?)" in plan


# --- sets, percentiles, distributions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_large", [False, True])
def test_places_percentiles_and_distributions(large: Realm, monkeypatch: pytest.MonkeyPatch, is_large: bool) -> None:
    if is_large:
        grow(monkeypatch)
    assert selectors.standing(REALM, "top", ["p00", "p23", "p10", "nobody"]) == [
        {"rank": 1, "score": "76", "player_id": "p23"},
        {"rank": 14, "score": "37", "player_id": "p10"},
        {"rank": 24, "score": "7", "player_id": "p00"},
    ]
    ranking = selectors.ranking(REALM, "top")
    assert ranking.better_than("p23") == 100
    assert ranking.better_than("p00") == 0
    assert ranking.better_than("p10") == pytest.approx(100 * 10 / 23)
    assert ranking.better_than("nobody") is None
    assert selectors.distribution(REALM, "top", 7) == [
        {"low": str(low), "high": str(min(low + 9, 76)), "count": number}
        for low, number in ((7, 4), (17, 3), (27, 3), (37, 4), (47, 3), (57, 3), (67, 4))
    ]


def test_changes_are_folded_in_where_only_single_places_are_asked_for(
    large: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    histogram = grow(monkeypatch)
    for number in range(8):
        move(PLAYERS[number], 60)
    waiting = BucketChange.objects.filter(histogram=histogram)
    assert waiting.count() > histograms.FOLD_AT
    ranking = selectors.ranking(REALM, "top")
    histograms.forget()
    assert ranking.place("p23") == next((rank, score) for rank, who, score in by_window() if who == "p23")
    assert not waiting.exists()
    move("p09", 60)
    assert ranking.place("p09") == next((rank, score) for rank, who, score in by_window() if who == "p09")
    assert waiting.exists(), "not each time"


def test_pages_far_down_a_large_board_begin_near_their_place(
    large: Realm, monkeypatch: pytest.MonkeyPatch, count_queries: Any
) -> None:
    histogram = grow(monkeypatch)
    monkeypatch.setattr("django_playlyfe.engine.selectors.ranks._FAR", 0)
    services.update_player(REALM, "p20", enabled=False)
    for number in range(6):  # in no bucket yet; two of them with equal scores
        move(PLAYERS[number], 60)
    assert BucketChange.objects.filter(histogram=histogram).exists()
    expected = by_window()
    for sort, rows in (("descending", expected), ("ascending", expected[::-1])):
        for skip in range(len(expected) + 2):
            page = selectors.leaderboard(REALM, "top", skip=skip, limit=3, sort=sort)["data"]
            found = [(row["rank"], row["player"]["id"], int(row["score"])) for row in page]
            assert found == rows[skip : skip + 3], (sort, skip)
    with count_queries() as counted:
        selectors.leaderboard(REALM, "top", skip=17, limit=3)
    assert len(counted) == 6, counted


def test_a_page_far_down_a_board_that_is_not_counted_yet_is_right(
    large: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_playlyfe.engine.selectors.ranks._FAR", 0)
    read()
    histograms.forget()
    assert not Histogram.objects.get().is_counted
    page = selectors.leaderboard(REALM, "top", skip=10, limit=2)["data"]
    assert [(row["rank"], row["player"]["id"]) for row in page] == [row[:2] for row in by_window()[10:12]]


def test_a_distribution_of_a_large_board_reads_no_rows_but_the_ends(
    large: Realm, monkeypatch: pytest.MonkeyPatch, count_queries: Any
) -> None:
    plain = [selectors.distribution(REALM, "top", number) for number in (1, 4, 1000)]
    grow(monkeypatch)
    assert [selectors.distribution(REALM, "top", number) for number in (1, 4, 1000)] == plain
    ranking = selectors.ranking(REALM, "top")
    with count_queries() as counted:
        ranking.distribution(4)
    assert len(counted) == 2 + 4, counted
    move("p00", 500)
    services.update_player(REALM, "p01", enabled=False)
    assert ranking.distribution(2) == [(13, 260, 22), (261, 507, 1)]


def test_ranks_of_a_set_are_counted_at_once_until_the_histogram_is(
    large: Realm, monkeypatch: pytest.MonkeyPatch, count_queries: Any
) -> None:
    read()
    histograms.forget()
    assert not Histogram.objects.get().is_counted
    ranking = selectors.ranking(REALM, "top")
    ranking.places(["p00"])
    with count_queries() as counted:
        assert ranking.places(["p00", "p23", "p10"]) == {"p23": (1, 76), "p10": (14, 37), "p00": (24, 7)}
    assert len(counted) == 3, counted


def test_who_is_not_eligible_leaves_no_gap(large: Realm) -> None:
    ranking = selectors.ranking(REALM, "top", without=["p23", "p21"])
    assert ranking.place("p22") == (1, 73)
    assert ranking.place("p20") == (2, 67)
    assert ranking.place("p23") is None
    assert ranking.places(["p20", "p21"]) == {"p20": (2, 67)}
    assert sum(number for _, _, number in ranking.distribution()) == 22


@pytest.mark.parametrize("ties", ["competition", "first", "dense"])
def test_the_trend_of_a_large_board_is_read_from_its_histogram(
    large: Realm, monkeypatch: pytest.MonkeyPatch, count_queries: Any, ties: str
) -> None:
    design = ledger_design()
    design["leaderboards"][0]["ties"] = ties
    activate(REALM, design)
    move("p03", 3)  # as many as p04
    grow(monkeypatch, "weekly")
    ranks = {row["player"]["id"]: row["rank"] for row in read("weekly")["data"]}
    today = instants.now().date()
    for player in PLAYERS:
        with count_queries() as counted:
            (week,) = selectors.trend(REALM, "top", cycle="weekly", start=today, entity_id=player)
        assert week["rank"] == ranks[player]
        counts_rows = any(re.search(r"COUNT\((DISTINCT )?.django_playlyfe_engine_boardrow", sql) for sql in counted)
        assert counts_rows == (ties == "dense")
