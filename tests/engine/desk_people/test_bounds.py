"""No page of the desk looks at more rows than it shows, however many players there are and whatever was played."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from django_playlyfe.engine import services
from django_playlyfe.engine.admin import bounded
from django_playlyfe.engine.models import Call, Player, Score
from django_playlyfe.engine.realm import Realm

from .conftest import address

PLAYERS = reverse("admin:django_playlyfe_engine_player_changelist")
CALLS = reverse("admin:django_playlyfe_engine_call_changelist")
GROWING = ("player", "call", "score", "actioncount", "boardrow", "feedentry")
"""Tables with rows per player or play."""
ONE_PLAYER = re.compile(r'["`]?(?:player_id|id)["`]? (?:= \d+|IN \()')


def pages(player: Player) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page that looks something up."""
    yield PLAYERS, {}
    yield PLAYERS, {"q": player.player_id[:4]}
    yield PLAYERS, {"q": player.alias[:4]}
    yield address("explain", player, "xp"), {"before": "1000000"}
    yield PLAYERS, {"realm": "small:production"}
    yield CALLS, {}
    yield CALLS, {"q": player.player_id}
    yield CALLS, {"kind": "score"}
    yield CALLS, {"days": "7"}
    yield CALLS, {"kind": "play", "q": player.player_id, "realm": "small:production"}
    yield address("change", player), {}
    yield address("explain", player, "xp"), {}
    yield address("check", player), {}
    yield address("adjust", player, "xp"), {}
    yield address("reset", player), {}


def concerning_growing_tables(queries: list[str]) -> list[str]:
    named = re.compile(rf"FROM .django_playlyfe_engine_(?:{'|'.join(GROWING)})\b")
    return [sql for sql in queries if sql.startswith("SELECT") and named.search(sql)]


def test_every_query_has_a_limit_or_names_one_player(
    boss: Client, small: Realm, count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_playlyfe.engine.admin.read_only.ReadOnlyAdmin.list_per_page", 1)  # lists have pages
    for player_id in ("adam", "ada"):
        services.create_player(small, player_id)
        services.adjust_scores(small, player_id, [])
        services.play(small, player_id, "read")
    ada = Player.objects.select_related("game").get(player_id="ada")
    looked_at = 0
    for where, query in pages(ada):
        with count_queries() as counted:
            assert boss.get(where, query).status_code == 200
        for sql in concerning_growing_tables(counted):
            looked_at += 1
            is_rank = "COUNT(" in sql and "metric" in sql  # counts who is better, by the index of the ranks
            assert "LIMIT" in sql or ONE_PLAYER.search(sql) or is_rank, f"{where} {query}: {sql}"
    assert looked_at > 30


def test_a_search_stops_and_says_so_but_never_misses_the_exact_id(
    boss: Client, small: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_playlyfe.engine.admin.players.MOST_FOUND", 3)
    for number in (11, 12, 13, 14, 1):
        services.create_player(small, f"p{number}", alias=f"Number {number}")
    answer = boss.get(PLAYERS, {"q": "p1"})
    found = set(answer.context["cl"].queryset.values_list("player_id", flat=True))
    assert "p1" in found
    assert len(found) in (3, 4)
    assert "write more of it" in answer.content.decode()


@pytest.mark.parametrize("term", ["p_", "p%", "P1", "1", "'"])
def test_a_search_is_for_the_beginning_and_for_nothing_else(boss: Client, small: Realm, term: str) -> None:
    services.create_player(small, "p1")
    assert list(boss.get(PLAYERS, {"q": term}).context["cl"].queryset) == []


def test_a_list_of_players_ends_where_nobody_turns_pages(
    boss: Client, small: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_playlyfe.local_admin.MOST_PAGED", 2)
    for number in range(4):
        services.create_player(small, f"p{number}")
    assert boss.get(PLAYERS).context["cl"].result_count == 2


def test_a_kind_is_looked_for_among_the_newest_calls_only(
    boss: Client, small: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "NEWEST", 2)
    services.create_player(small, "ada")
    for _ in range(3):
        services.play(small, "ada", "read")
    assert boss.get(CALLS, {"kind": "play"}).context["cl"].result_count == 2
    assert boss.get(CALLS, {"kind": "play", "q": "ada"}).context["cl"].result_count == 3


# --- on PostgreSQL, with many -----------------------------------------------------------------------------------------

MANY = 50_000


def multiply(cursor: Any, model: type[Model], source: str, **others: str) -> None:
    """Rows like the one there is, in one statement: one per row of ``source``, with these columns others."""
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    values = ", ".join(others.get(column, f"one.{column}") for column in columns)
    one = f"(SELECT * FROM {table} ORDER BY id LIMIT 1) AS one"
    cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {one}, {source}")
    cursor.execute(f"ANALYZE {table}")


@pytest.fixture
def crowd(small: Realm) -> Player:
    """Many players with a score and a call each, written past the services. Returns the last one, the best."""
    services.create_player(small, "first")
    services.adjust_scores(small, "first", [{"metric": {"id": "xp", "type": "point"}, "verb": "set", "value": "1"}])
    Call.objects.exclude(kind=Call.Kind.SCORE).delete()
    others = f"(SELECT id FROM {Player._meta.db_table} WHERE player_id <> 'first') AS player"
    with connection.cursor() as cursor:
        number = "'p' || lpad(number::text, 6, '0')"
        multiply(cursor, Player, f"generate_series(1, {MANY}) AS number", player_id=number)
        multiply(cursor, Score, others, player_id="player.id", value="player.id")
        multiply(cursor, Call, others, player_id="player.id", seed="gen_random_uuid()")
    return Player.objects.select_related("game").get(player_id=f"p{MANY:06}")


def whole_tables(node: dict[str, Any], below: str = "") -> Iterator[str]:
    """The tables that a plan reads whole: scans but those that end at a limit soon, as most rows are wanted."""
    if node["Node Type"] == "Seq Scan" and not (below == "Limit" and node["Plan Rows"] > MANY / 2):
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from whole_tables(child, node["Node Type"])


@pytest.mark.postgresql
@pytest.mark.slow
def test_no_page_reads_a_whole_table_among_many_players(boss: Client, crowd: Player, count_queries: Any) -> None:
    big = {f"django_playlyfe_engine_{table}" for table in ("player", "score", "call")}
    for where, query in pages(crowd):
        with count_queries() as counted:
            assert boss.get(where, query).status_code == 200
        for sql in concerning_growing_tables(counted):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
                ((plan,),) = cursor.fetchall()
            found = json.loads(plan) if isinstance(plan, str) else plan
            assert not big & set(whole_tables(found[0]["Plan"])), (
                f"{where} {query}: {sql}\n{json.dumps(found, indent=1)}"
            )
