"""Statements of the hot path: the same rows as Django's own queries read and write, on every database."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from django_playlyfe.engine import services
from django_playlyfe.engine.database import statements, storing
from django_playlyfe.engine.database.statements import Reading
from django_playlyfe.engine.database.storing import Below, Upsert
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.models import ActionCount, BoardRow, Call, FeedEntry, Player, Score
from django_playlyfe.engine.realm import Realm, find_player, version_in_force
from django_playlyfe.exceptions import ActionNotFound
from tests.costs import queries

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
SCORES = Reading(
    lambda player, metric: Score.objects.filter(metric=metric, player=player).values_list(
        "metric", "value", "reached_at"
    ),
    int,
    str,
)
COUNTS = Reading(lambda player: ActionCount.objects.filter(player=player).values_list("action", "usage"), int)
KEY, VALUES = ("player", "metric", "item"), ("value", "state", "reached_at")


@pytest.fixture
def ada(small: Realm) -> Player:
    services.create_player(small, "ada")
    return find_player(small, "ada")


def score(player: Player, metric: str, value: int) -> Score:
    return Score(
        game_id=player.game_id,
        environment=player.environment,
        player_id=player.pk,
        metric=metric,
        value=value,
        reached_at=NOON,
    )


def call(player: Player) -> Call:
    version = version_in_force(player.game, Realm("small"))
    return log.new_call(player, version, at=NOON, zone="UTC", kind=Call.Kind.RULE, inputs={"ü": ["'", "%s", "\\"]})


def test_values_come_to_their_places_whatever_the_order_in_the_text(ada: Player) -> None:
    Score.objects.bulk_create([score(ada, "xp", 7), score(ada, "coins", 3)])
    for metric, value in (("xp", 7), ("coins", 3)):
        assert statements.read("default", (SCORES, (ada.pk, metric))) == [[(metric, value, NOON)]]
    assert statements.read("default", (SCORES, (ada.pk + 1, "xp"))) == [[]]


def test_several_readings_are_answered_each_for_itself(ada: Player, count_queries: Any) -> None:
    Score.objects.bulk_create([score(ada, "xp", 7)])
    ActionCount.objects.create(player=ada, action="read", count=1, usage={"plays": [[1, 2]]})
    with count_queries() as counted:
        found = statements.read("default", (SCORES, (ada.pk, "xp")), (COUNTS, (ada.pk,)), (SCORES, (ada.pk, "no")))
    assert found == [[("xp", 7, NOON)], [("read", {"plays": [[1, 2]]})], []]
    assert len(counted) == queries(3, together=1)


def test_a_driver_that_binds_at_the_server_gets_one_statement_at_a_time(
    ada: Player, count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "server_side_binding", True)
    with count_queries() as counted:
        assert statements.read("default", (COUNTS, (ada.pk,)), (COUNTS, (ada.pk,))) == [[], []]
    assert len(counted) == 2


def test_a_query_that_leaves_a_value_out_is_not_run(ada: Player) -> None:
    forgetful = Reading(lambda player, _: Score.objects.filter(player=player).values_list("pk"), int, str)
    with pytest.raises(ValueError, match="does not use every value"):
        statements.read("default", (forgetful, (ada.pk, "xp")))


def test_a_row_is_inserted_with_what_stands_beside_and_below_it(ada: Player, count_queries: Any) -> None:
    old = score(ada, "xp", 7)
    old.save()
    new = call(ada)
    changed = [storing.row_of(score(ada, "xp", 8)), storing.row_of(score(ada, "coins", 1))]
    entries = [
        storing.row_of(FeedEntry(game_id=ada.game_id, environment=ada.environment, player=ada, tick=tick, at=NOON))
        for tick in (0, 1)
    ]
    with count_queries() as counted:
        storing.insert(
            "default",
            new,
            [Upsert(Score, changed, KEY, VALUES), Upsert(Score, [], KEY, VALUES)],
            Below(FeedEntry, entries, "call"),
        )
    assert len(counted) == queries(3, together=1)
    stored = Call.objects.get(seed=new.seed)
    assert stored.pk == new.pk
    assert stored.inputs == {"ü": ["'", "%s", "\\"]}
    assert (stored.at, stored.local_date, stored.idempotency_key) == (NOON, NOON.date(), None)
    assert list(FeedEntry.objects.order_by("tick").values_list("call_id", "tick")) == [(new.pk, 0), (new.pk, 1)]
    assert list(Score.objects.order_by("metric").values_list("metric", "value")) == [("coins", 1), ("xp", 8)]
    assert Score.objects.get(metric="xp").pk == old.pk
    new.status = Call.Status.VOID
    new.save()
    assert Call.objects.get(pk=new.pk).status == Call.Status.VOID


def test_a_call_has_the_fields_of_its_table_and_no_others(ada: Player) -> None:
    made = call(ada)
    assert (made.pk, made.status, made.dice, made.credits, made.backdated) == (None, Call.Status.APPLIED, {}, [], False)
    assert made.player is ada
    assert made.version == ada.game.production
    with pytest.raises(TypeError, match="A call has no weight"):
        log.new_call(ada, made.version, at=NOON, zone="UTC", weight=1)


def test_a_row_may_be_inserted_alone(ada: Player) -> None:
    first, second = call(ada), call(ada)
    storing.insert("default", first)
    storing.insert("default", second)
    assert second.pk == first.pk + 1
    assert Call.objects.get(pk=second.pk).seed == second.seed


# --- in the caller's transaction --------------------------------------------------------------------------------------


def test_a_play_in_the_callers_transaction_needs_no_savepoint(ada: Player) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        services.play(Realm("small"), "ada", "read")
        with pytest.raises(ActionNotFound):
            services.play(Realm("small"), "ada", "swim")
    assert not [query["sql"] for query in captured if "SAVEPOINT" in query["sql"]]
    assert Score.objects.get().value == 10


@pytest.mark.django_db(transaction=True)
def test_a_play_whose_writes_fail_takes_the_callers_transaction_with_it(
    ada: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise DatabaseError

    def play_and_go_on() -> None:
        with transaction.atomic():
            services.create_player(Realm("small"), "bob")
            with pytest.raises(DatabaseError):
                services.play(Realm("small"), "ada", "read")
            Player.objects.count()

    for broken in (storing, "insert"), (statements, "read"):
        with monkeypatch.context() as patched:
            patched.setattr(*broken, fail)
            with pytest.raises(transaction.TransactionManagementError):
                play_and_go_on()
        assert list(Player.objects.values_list("player_id", flat=True)) == ["ada"]
    assert not Call.objects.filter(kind=Call.Kind.PLAY).exists()


# --- boards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("looked_for", [32, 0])
def test_rows_of_boards_that_were_not_looked_for_are_read_later(
    quest: Realm, looked_for: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_playlyfe.engine.boards.crediting._LOOKED_FOR", looked_for)
    services.create_player(quest, "ines")
    for _ in range(3):
        services.play(quest, "ines", "finish_book", {"pages": 100})
    rows = BoardRow.objects.filter(player__player_id="ines", board="top_readers")
    experience = Score.objects.get(player__player_id="ines", metric="xp").value
    assert [row.value for row in rows] == [experience] * 4, "a year, a month, a week, a day"
