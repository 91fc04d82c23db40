"""Statements that PostgreSQL plans once for each connection: when they are prepared, when not, and what is when one is
lost."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from django_playlyfe.engine import services
from django_playlyfe.engine.database import prepared
from django_playlyfe.engine.database.prepared import PREPARE_AT
from django_playlyfe.engine.models import Score
from django_playlyfe.engine.realm import Realm

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")
pytestmark = pytest.mark.django_db
SUM = "SELECT 1 + %s"
"""Not one of ours, so no other test has prepared it."""


def another_connection(**settings: Any) -> BaseDatabaseWrapper:
    """A connection to the database of the tests of which nothing is known yet."""
    other = connection.copy()
    other.settings_dict = {**connection.settings_dict, **settings}
    return other


@pytest.fixture
def fresh() -> Iterator[BaseDatabaseWrapper]:
    with closing(another_connection()) as other:
        yield other


def run_often(on: BaseDatabaseWrapper, text: str = SUM, times: int = PREPARE_AT + 2) -> list[str]:
    """Run a sum so often. Returns what was sent."""
    with CaptureQueriesContext(on) as captured:
        for number in range(times):
            assert prepared.run(on, (text, (number,))) == [[(number + 1,)]]
    assert len(captured) == times, "preparing costs no round trip"
    return [query["sql"] for query in captured]


def kept_by(on: BaseDatabaseWrapper) -> list[str]:
    """The texts that the server holds prepared for a connection, without the other ones that were sent along."""
    with on.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
        return [text.partition(";EXECUTE")[0] for (text,) in cursor.fetchall()]


def test_a_statement_gives_its_rows_on_every_database() -> None:
    for number in range(PREPARE_AT + 2):
        found = prepared.run(
            connection, ("SELECT 1 + %s", (number,)), ("SELECT 1 * %(a)s * %(a)s - %(b)s", {"a": number, "b": 2})
        )
        assert found == [[(number + 1,)], [(number * number - 2,)]]


@on_postgresql
def test_a_statement_that_is_used_often_is_prepared_and_then_run_by_name(fresh: BaseDatabaseWrapper) -> None:
    sent = run_often(fresh)
    assert sent[: PREPARE_AT - 1] == [f"SELECT 1 + {number}" for number in range(PREPARE_AT - 1)]
    assert sent[PREPARE_AT - 1].startswith("SELECT pg_backend_pid();SELECT")
    assert "PREPARE" in sent[PREPARE_AT]
    assert sent[PREPARE_AT + 1].startswith("EXECUTE playlyfe_")
    assert [text.partition(" AS ")[2] for text in kept_by(fresh)] == ["SELECT 1 + $1"]


@on_postgresql
def test_all_places_of_a_name_are_one_parameter(fresh: BaseDatabaseWrapper) -> None:
    text = 'SELECT %(a)s::int %% 3, %(b)s::text, %(a)s::int FROM (SELECT 1) "django_playlyfe_engine_nothing"'
    for number in range(PREPARE_AT + 2):
        assert prepared.run(fresh, (text, {"b": "%s", "a": number})) == [[(number % 3, "%s", number)]]
    assert [text.partition(" AS ")[2] for text in kept_by(fresh)] == [
        'SELECT $1::int % 3, $2::text, $1::int FROM (SELECT 1) "django_playlyfe_engine_nothing"'
    ]


@on_postgresql
def test_a_statement_without_values_is_run_by_name_too(fresh: BaseDatabaseWrapper) -> None:
    for _ in range(PREPARE_AT + 2):
        assert prepared.run(fresh, ("SELECT 4 + 3", ())) == [[(7,)]]
    assert [text.partition(" AS ")[2] for text in kept_by(fresh)] == ["SELECT 4 + 3"]


@on_postgresql
def test_several_statements_are_prepared_in_one_round_trip(fresh: BaseDatabaseWrapper) -> None:
    texts = ["SELECT 1 WHERE %s", "SELECT 2 WHERE %s", "SELECT 1 WHERE %s"]
    for number in range(PREPARE_AT + 2):
        with CaptureQueriesContext(fresh) as captured:
            found = prepared.run(fresh, *((text, (number % 2 == 0,)) for text in texts))
        assert found == ([[(1,)], [(2,)], [(1,)]] if number % 2 == 0 else [[], [], []])
        assert len(captured) == 1
    assert len(kept_by(fresh)) == 2


@on_postgresql
def test_plays_of_one_connection_become_executions(small: Realm) -> None:
    services.create_player(small, "ada")
    with CaptureQueriesContext(connection) as captured:
        for _ in range(PREPARE_AT + 2):
            services.play(small, "ada", "read")
    assert all("EXECUTE playlyfe_" in query["sql"] for query in captured.captured_queries[-3:])
    assert Score.objects.get(metric="xp").value == 10 * (PREPARE_AT + 2)


# --- where nothing is prepared ----------------------------------------------------------------------------------------


@on_postgresql
def test_nothing_is_prepared_where_the_site_says_that_a_pooler_is_between() -> None:
    with closing(another_connection(DISABLE_SERVER_SIDE_CURSORS=True)) as pooled:
        assert not [text for text in run_often(pooled) if not text.startswith("SELECT ")]
        assert kept_by(pooled) == []


@on_postgresql
def test_nothing_is_prepared_where_the_server_binds_values() -> None:
    options = {**connection.settings_dict["OPTIONS"], "server_side_binding": True}
    with closing(another_connection(OPTIONS=options)) as binding:
        run_often(binding, "SELECT 1 + %s::int")
        assert kept_by(binding) == []


class _Greeter(socketserver.BaseRequestHandler):
    """Passes all on between a client and the server, but greets with a process of its own, as poolers do."""

    def handle(self) -> None:
        settings = connection.get_connection_params()
        with socket.create_connection((settings["host"], int(settings.get("port", 5432)))) as server:
            threading.Thread(target=self._pass_on, args=(server,), daemon=True).start()
            answers = server.makefile("rb")
            while head := answers.read(5):
                body = answers.read(struct.unpack("!i", head[1:])[0] - 4)
                if head[:1] == b"K":
                    body = struct.pack("!i", 4_000_000) + body[4:]
                self.request.sendall(head + body)

    def _pass_on(self, server: socket.socket) -> None:
        with suppress(OSError):
            while asked := self.request.recv(65_536):
                server.sendall(asked)
            server.shutdown(socket.SHUT_WR)


@pytest.fixture
def pooler() -> Iterator[int]:
    """The port of something that greets as a pooler does."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Greeter) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield listening.server_address[1]
        listening.shutdown()


@on_postgresql
def test_nothing_is_prepared_where_another_process_answers_than_the_one_that_greeted(pooler: int) -> None:
    options = {**connection.settings_dict["OPTIONS"], "sslmode": "disable", "gssencmode": "disable"}
    with closing(another_connection(HOST="127.0.0.1", PORT=pooler, OPTIONS=options)) as pooled:
        sent = run_often(pooled, times=PREPARE_AT + 4)
        assert [text for text in sent if "pg_backend_pid" in text] == [sent[PREPARE_AT - 1]], "asked once"
        assert kept_by(pooled) == []


# --- when something fails ---------------------------------------------------------------------------------------------


@on_postgresql
def test_whoever_discards_what_is_prepared_makes_one_statement_fail(fresh: BaseDatabaseWrapper) -> None:
    run_often(fresh)
    with fresh.cursor() as cursor:
        cursor.execute("DISCARD ALL")
    with pytest.raises(DatabaseError, match="does not exist"):
        prepared.run(fresh, (SUM, (1,)))
    run_often(fresh)
    assert kept_by(fresh) == [], "it might be discarded again"


@on_postgresql
def test_a_statement_that_fails_when_it_is_prepared_is_run_as_it_is_from_then_on(fresh: BaseDatabaseWrapper) -> None:
    run_often(fresh)
    text = "SELECT 4 / %s"
    for number in range(PREPARE_AT + 3):
        zero = number in (PREPARE_AT - 1, PREPARE_AT + 1)
        if zero:
            with pytest.raises(DatabaseError, match="division by zero"):
                prepared.run(fresh, (text, (0,)))
        else:
            assert prepared.run(fresh, (text, (2,))) == [[(2,)]]
    assert len(kept_by(fresh)) == 2, "the one that failed was prepared before it failed"


@on_postgresql
def test_what_a_rolled_back_transaction_has_prepared_stays_prepared() -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        for number in range(PREPARE_AT + 2):
            prepared.run(connection, ("SELECT 1 - %s", (number,)))
        raise ZeroDivisionError
    assert prepared.run(connection, ("SELECT 1 - %s", (3,))) == [[(-2,)]]
