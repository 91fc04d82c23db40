"""Many at once on shared boards: nobody waits for long, nothing is lost, ranks are right while histograms are made."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.boards import crediting, histograms
from django_playlyfe.engine.models import BoardRow, Call, Histogram
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.versions.activation import activate

from .games import ledger_design

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
REALM = Realm("small")
PLAYERS = [f"p{number}" for number in range(12)]


@pytest.fixture
def crowd(transactional_db: None) -> Realm:
    activate(REALM, ledger_design())
    for number, player in enumerate(PLAYERS):
        services.create_player(REALM, player)
        services.play(REALM, player, "move", {"amount": number})
    return REALM


def side_by_side(*works: Any) -> list[Any]:
    """Run these in a thread each, let go at once. Gives what each returned, or raises what one raised."""
    barrier = Barrier(len(works))

    def run(work: Any) -> Any:
        try:
            barrier.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(timeout=120) for future in [pool.submit(run, work) for work in works]]


def writer(seed: int, plays: int) -> Any:
    """Plays that credit others crosswise, in both orders."""

    def work() -> None:
        dice = random.Random(seed)
        for _ in range(plays):
            player, one, other = (dice.choice(PLAYERS) for _ in range(3))
            scopes = [{"id": scope, "entity_id": entity} for scope in ("art", "history") for entity in (one, other)]
            services.play(REALM, player, "move", {"amount": dice.randint(-40, 40)}, scopes=scopes)

    return work


def test_players_who_credit_each_other_do_not_wait_for_each_other(crowd: Realm) -> None:
    with transaction.atomic():
        services.play(REALM, "p0", "move", {"amount": 1}, scopes=[{"id": "art", "entity_id": "p1"}])
        side_by_side(  # while the first play is not committed
            lambda: services.play(REALM, "p1", "move", {"amount": 1}, scopes=[{"id": "art", "entity_id": "p0"}]),
            lambda: services.play(REALM, "p2", "move", {"amount": 1}, scopes=[{"id": "art", "entity_id": "p1"}]),
        )
    page = selectors.leaderboard(REALM, "genre", scope_id="art")
    assert [(row["player"]["id"], row["score"]) for row in page["data"]] == [("p1", "2"), ("p0", "1")]


def test_an_entity_that_goes_does_not_stop_a_play_that_credits_it(crowd: Realm) -> None:
    scopes = [{"id": "art", "entity_id": "p1"}]
    with transaction.atomic():
        services.play(REALM, "p0", "move", {"amount": 1}, scopes=scopes)
        side_by_side(lambda: services.delete_player(REALM, "p1"))
    assert selectors.leaderboard(REALM, "genre", scope_id="art")["data"] == []


def test_rows_and_ranks_are_right_with_writers_readers_and_a_histogram_in_the_making(
    crowd: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histograms, "LARGE", 5)
    monkeypatch.setattr(histograms, "BUCKETS", 4)
    monkeypatch.setattr(histograms, "FOLD_AT", 5)
    monkeypatch.setattr(histograms, "UNEVEN", 0.5)
    monkeypatch.setattr(histograms, "LEASE", 0.05)
    histograms.forget()
    over = Event()

    def reader() -> int:
        reads = 0
        while not over.is_set():
            for cycle in ("alltime", "weekly"):
                page = selectors.leaderboard(REALM, "top", cycle=cycle, limit=-1)
                scores = [int(row["score"]) for row in page["data"]]
                assert scores == sorted(scores, reverse=True)
                assert page["data"][0]["rank"] == 1
                selectors.ranking(REALM, "top", cycle=cycle).place("p5")
            reads += 1
            over.wait(0.01)
        return reads

    def writers() -> None:
        try:
            side_by_side(*(writer(seed, 60) for seed in range(3)))
            deadline = time.monotonic() + 60
            while not Histogram.objects.filter(is_counted=True).exists() and time.monotonic() < deadline:
                writer(9, 5)()
        finally:
            over.set()

    *reads, _ = side_by_side(reader, reader, writers)
    assert min(reads) > 0
    assert Histogram.objects.filter(is_counted=True).exists()
    game = find_game(REALM)
    assert histograms.differences(game.pk, "production") == []
    histograms.tend_all(game.pk, "production")
    assert histograms.differences(game.pk, "production") == []
    calls = Call.objects.filter(status=Call.Status.APPLIED).select_related("version").order_by("pk")
    stored = {crediting.key_of(row): crediting.standing_of(row).value for row in BoardRow.objects.all()}
    assert stored == {key: row.value for key, row in crediting.fold(calls).items()}
