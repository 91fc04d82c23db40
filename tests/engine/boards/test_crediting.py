"""Rows of cycles and custom scopes: what plays credit, against a ledger kept by hand; undone; rebuilt from the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import services
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.models import BoardRow, Call, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import InvalidRequest
from tests.costs import queries

from ..conftest import action, board, design, point, reward
from .games import ALL_CYCLES, Entry, ledger_design, rows_by_hand, stored_rows

pytestmark = pytest.mark.django_db
REALM = Realm("small")
SPRING, AUTUMN = datetime(2024, 3, 31, 1, tzinfo=timezone.utc), datetime(2024, 10, 27, 1, tzinfo=timezone.utc)
PLAYERS = ["ada", "bob"]

instants = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([SPRING, AUTUMN]),
    st.integers(-12 * 24 * 60, 12 * 24 * 60),
)
scopes = st.lists(
    st.tuples(st.sampled_from(["history", "club/art", "genre/art"]), st.sampled_from([*PLAYERS, "nobody"])), max_size=2
).map(tuple)
entries = st.lists(
    st.builds(Entry, st.sampled_from(PLAYERS), instants, st.integers(-5, 5), scopes), min_size=1, max_size=8
)


@pytest.fixture
def ledger(db: None) -> Realm:
    """The game whose boards are summed up by hand, with two players and no bootstrap."""
    with time_machine.travel(datetime(2024, 1, 1, tzinfo=timezone.utc), tick=False):
        activate(REALM, ledger_design())
        for player in PLAYERS:
            services.create_player(REALM, player)
    return REALM


def play(entry: Entry, key: str | None = None, **options: Any) -> None:
    given = [{"id": scope, "entity_id": entity} for scope, entity in entry.scopes]
    with time_machine.travel(entry.at, tick=False):
        services.play(
            REALM, entry.player, "move", {"amount": entry.amount}, scopes=given, idempotency_key=key, **options
        )


def rows_from_the_log() -> dict[Any, Any]:
    calls = Call.objects.filter(status=Call.Status.APPLIED).select_related("version").order_by("pk")
    return crediting.fold(calls)


def rows_as_stored() -> dict[Any, Any]:
    return {
        crediting.RowKey(row.entity_id, row.board, row.cycle, row.scope, row.player_id): (row.value, row.reached_at)
        for row in BoardRow.objects.all()
    }


@given(played=entries, data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_the_sums_of_a_ledger_before_and_after_undoing_some_of_it(
    ledger: Realm, played: list[Entry], data: st.DataObject
) -> None:
    BoardRow.objects.all().delete()
    Call.objects.filter(kind__in=["play", "undo"]).delete()
    for player in Player.objects.all():
        player.scores.all().delete()
    for number, entry in enumerate(played):
        play(entry, str(number))
    assert stored_rows() == rows_by_hand(played, players=PLAYERS)
    undone = data.draw(st.sets(st.integers(0, len(played) - 1)))
    for number in undone:
        services.undo(REALM, played[number].player, "move", str(number))
    left = [entry for number, entry in enumerate(played) if number not in undone]
    assert stored_rows() == rows_by_hand(left, players=PLAYERS)
    assert rows_as_stored() == rows_from_the_log()


def test_a_late_play_counts_in_the_cycle_of_its_own_instant(ledger: Realm) -> None:
    happened = datetime(2024, 3, 30, 23, 59, tzinfo=timezone.utc)
    with time_machine.travel(SPRING + timedelta(days=3), tick=False):
        services.play(ledger, "ada", "move", {"amount": 3}, at=happened)
    assert stored_rows() == rows_by_hand([Entry("ada", happened, 3)])
    assert ("top", "d2024-03-30", "", "ada") in stored_rows()


def test_a_bootstrap_counts_and_a_default_does_not() -> None:
    activate(
        REALM,
        design(
            metrics=[point("xp", default="10")],
            leaderboards=[board("top", "xp", cycles=["daily"])],
            bootstrap={"scores": [reward("xp", "4")], "processes": [], "teams": []},
        ),
    )
    with time_machine.travel(SPRING, tick=False):
        services.create_player(REALM, "ada")
    assert stored_rows() == {("top", "d2024-03-31", "", "ada"): (4, SPRING)}


def test_a_zero_of_the_bootstrap_is_a_row(quest: Realm, ines: str) -> None:
    assert {key[1][0]: value for key, (value, _) in stored_rows().items()} == {"d": 0, "w": 0, "m": 0, "y": 0}


def test_a_young_compound_counts_from_where_it_stood(ledger: Realm) -> None:
    """Its board gets what changed, not all that the scores were worth before the compound existed."""
    document = ledger_design()
    bare = {**document, "metrics": document["metrics"][:1], "leaderboards": document["leaderboards"][:1]}
    activate(ledger, bare)
    play(Entry("ada", SPRING, 100))
    activate(ledger, document)
    play(Entry("ada", SPRING, 5))
    assert stored_rows()["double", "w2024-03-31", "", "ada"][0] == 10


def test_a_board_that_an_activation_adds_counts_from_then_on(ledger: Realm) -> None:
    document = ledger_design()
    activate(ledger, {**document, "leaderboards": []})
    play(Entry("ada", SPRING, 100))
    assert stored_rows() == {}
    activate(ledger, document)
    play(Entry("ada", SPRING, 5))
    assert stored_rows()["top", "w2024-03-31", "", "ada"] == (5, SPRING)


def test_a_scope_may_name_another_player_and_is_taken_back_from_that_one(ledger: Realm) -> None:
    play(Entry("ada", SPRING, 5, (("history", "bob"),)), "first")
    play(Entry("bob", SPRING, 2, (("history", "bob"),)))
    assert stored_rows()["genre", "", "history", "bob"] == (7, SPRING)
    services.undo(ledger, "ada", "move", "first")
    assert stored_rows()["genre", "", "history", "bob"] == (2, SPRING)


def test_follow_up_events_do_not_go_to_custom_scopes(quest: Realm, ines: str) -> None:
    document = {**_document(quest)}
    document["leaderboards"] = [
        board("of_impact", "impact", metric={"id": "impact", "type": "compound"}, scope={"type": "custom"})
    ]
    activate(quest, document)
    for pages in (100, 100, 100, 100, 600):
        services.play(quest, ines, "finish_book", {"pages": pages}, scopes=[{"id": "history", "entity_id": ines}])
    # 4 of the first four books and 6 of the fifth; the 50 of the badge came in an event of their own
    assert {key: value for key, (value, _) in stored_rows().items() if key[0] == "of_impact"} == {
        ("of_impact", "", "history", "ines"): 10
    }


def _document(realm: Realm) -> dict[str, Any]:
    from django_playlyfe.engine.realm import find_game, version_in_force

    return dict(version_in_force(find_game(realm), realm).document)


def test_sums_that_others_contributed_to_survive_an_erased_player(ledger: Realm) -> None:
    play(Entry("ada", SPRING, 5, (("history", "bob"),)))
    play(Entry("bob", SPRING, 2, (("history", "bob"), ("history", "ada"))))
    services.delete_player(ledger, "ada")
    assert stored_rows() == rows_by_hand([Entry("bob", SPRING, 2, (("history", "bob"),))], players=PLAYERS) | {
        ("genre", "", "history", "bob"): (7, SPRING),
        ("genre", "w2024-03-31", "history", "bob"): (7, SPRING),
        ("club", "m2024-03-01", "history", "bob"): (7, SPRING),
    }
    rebuilt = rows_from_the_log()
    assert {key: row for key, row in rebuilt.items() if Player.objects.filter(pk=key.entity)} == rows_as_stored()


def test_a_sum_that_no_column_holds_is_no_change(ledger: Realm) -> None:
    most = 2**63 - 1
    for amount in (most - 7, -most, -most, most, most):
        play(Entry("ada", SPRING, amount))
    assert abs(stored_rows()["top", "d2024-03-31", "", "ada"][0]) <= most
    assert rows_as_stored() == rows_from_the_log()


def test_a_scope_id_has_an_end(ledger: Realm) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        play(Entry("ada", SPRING, 1, (("h" * 201, "ada"),)))
    assert refusal.value.data["errors"][0]["path"] == "/scopes/0/id"


# --- cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("boards", [1, 9])
def test_a_play_costs_two_queries_more_however_many_boards_cycles_and_scopes(
    activated: Callable[..., Realm], count_queries: Any, boards: int
) -> None:
    def cost(**parts: Any) -> int:
        realm = activated(**parts)
        for entity in ("ada", "bob"):
            if not Player.objects.filter(player_id=entity):
                services.create_player(realm, entity)
        named = [{"id": f"s{number}", "entity_id": "ada"} for number in range(boards)]
        services.play(realm, "ada", "read", scopes=named)
        with count_queries() as counted:
            services.play(realm, "ada", "read", scopes=named)
        with count_queries() as foreign:
            services.play(realm, "ada", "read", scopes=[*named, {"id": "s0", "entity_id": "bob"}])
        assert len(foreign) - len(counted) == (1 if len(parts["leaderboards"]) > 1 else 0), (
            "the other player is looked up"
        )
        return len(counted)

    many = [board(f"b{number}", "xp", cycles=ALL_CYCLES) for number in range(boards)]
    custom = [board(f"c{number}", "xp", scope={"type": "custom"}, cycles=ALL_CYCLES[:2]) for number in range(3)]
    assert cost(leaderboards=[*many, *custom]) == cost(leaderboards=[]) + queries(2, together=1)
    assert cost(leaderboards=[board("top", "xp")], actions=[action("read", reward("xp", "10"))]) == cost(
        leaderboards=[]
    ), "all-time boards of the whole game are the scores themselves"
