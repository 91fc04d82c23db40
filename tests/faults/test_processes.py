"""D4 to D17 and D30: processes that are killed, stopped and told to stop, and a fresh one after them.

Each case runs on SQLite (a file), and on PostgreSQL and MariaDB where they are present, against a server that announces
keys and one that does not. :mod:`.killing` is the site; the server's own record says what arrived.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

import pytest

from tests.clusters import Cluster, binaries
from tests.faultserver.handle import ROOT

KILLED = 9
POINTS = ["D5", "D6", "D7", "D8", "D9", "D10", "D11", "D12"]
POINTS += [f"{point}-score" for point in POINTS]
"""With plays in flight, and with edited scores."""
PERSON = ["D13", "D13-score"]
OTHERS = ["D4", "D14", "D15", "D16", "D17", "D30"]


def sqlite(tmp_path_factory):
    yield f"sqlite:///{tmp_path_factory.mktemp('killed') / 'site.sqlite3'}"


def postgresql(_):
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    try:
        server = psycopg.connect("postgres://postgres@127.0.0.1:5432/postgres", autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL at 127.0.0.1:5432")
    name = f"pl_killed_{uuid.uuid4().hex[:8]}"
    server.execute(f"CREATE DATABASE {name}")
    yield f"postgres://postgres@127.0.0.1:5432/{name}"
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def mariadb(_):
    pymysql = pytest.importorskip("pymysql", reason="pymysql is not installed")
    try:
        server = pymysql.connect(host="127.0.0.1", user="root", autocommit=True)
    except pymysql.MySQLError:
        pytest.skip("no MariaDB at 127.0.0.1:3306")
    name = f"pl_killed_{uuid.uuid4().hex[:8]}"
    server.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield f"mysql://root@127.0.0.1:3306/{name}"
    server.cursor().execute(f"DROP DATABASE {name}")
    server.close()


def killed(database, server, mode, cases, **environment):
    """What :mod:`.killing` prints of these cases."""
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.killing", *cases],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database,
            "FAULT_SERVER": server.url,
            "CACHE_URL": "locmemcache://",
            "FAULT_MODE": mode,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "canary" not in finished.stdout + finished.stderr
    return json.loads(finished.stdout)


ONCE = ("play", "score")


class Outcome:
    """What one run of the site left behind."""

    def __init__(self, cases, server):
        self.cases = cases
        self._record = server.record()

    def applied(self, players):
        """Plays and edits that took effect, in their order, as player and action or metric."""
        return [
            (entry["player"], entry["action"])
            for entry in self._record["applied"]
            if entry["kind"] in ONCE and entry["player"] in players
        ]

    def posts(self, key):
        """Requests under a row's key."""
        return [request for request in self._record["requests"] if request["headers"].get("idempotency-key") == key]


@pytest.fixture(scope="module", params=[sqlite, postgresql, mariadb], ids=lambda make: make.__name__)
def database(request, tmp_path_factory):
    yield from request.param(tmp_path_factory)


@pytest.fixture(scope="module")
def run(database, fault_process):
    """``run(mode)``: all cases in one process, against a server that has "announced" keys, or "not"."""
    done = {}

    def run(mode):
        if mode not in done:
            fault_process.reset(announces=mode == "announced")
            cases = POINTS + (OTHERS if mode == "announced" else PERSON)
            if database.startswith("sqlite"):
                cases = [case for case in cases if case != "D17"]
            done[mode] = None  # if it fails, once is enough
            done[mode] = Outcome(killed(database, fault_process, mode, cases), fault_process)
        assert done[mode] is not None
        return done[mode]

    return run


def in_order(actions):
    return actions == sorted(actions)


def check_nothing_lost_doubled_or_out_of_order(outcome, case, *, may_hold=False, keeps_order=True):
    """By the server's own record."""
    rows = case["rows"]
    states = {row[3] for row in rows}
    assert states <= {"delivered", "uncertain"} if may_hold else states == {"delivered"}, rows
    players = {row[0] for row in rows}
    plays = [(subject, action) for subject, kind, action, _, _ in rows if kind in ONCE]
    applied = outcome.applied(players)
    assert len(applied) == len(set(applied)), "doubled"
    held = {(row[0], row[2]) for row in rows if row[3] == "uncertain"}
    assert set(plays) - set(applied) <= held, "lost"
    for player in players if keeps_order else ():
        assert in_order([action for subject, action in applied if subject == player]), "out of order"
    return held


@pytest.mark.parametrize("point", POINTS)
def test_D5_D6_D7_D8_D9_D10_D11_D12_a_killed_drainer_loses_nothing_and_doubles_nothing(point, run):
    outcome = run("announced")
    case = outcome.cases[point]
    assert case["exits"][-1] == 0
    assert set(case["exits"][:-1]) == {KILLED}, "it was killed there"
    check_nothing_lost_doubled_or_out_of_order(outcome, case)
    if point.removesuffix("-score") in {"D9", "D10", "D11", "D12"}:
        assert max(len(outcome.posts(row[4])) for row in case["rows"]) == 2, "the same key twice"


@pytest.mark.parametrize("point", POINTS)
def test_D6_D7_D8_D9_D10_D11_D12_without_keys_a_play_in_flight_is_held(point, run):
    outcome = run("not")
    case = outcome.cases[point]
    assert set(case["exits"][:-1]) == {KILLED}
    held = check_nothing_lost_doubled_or_out_of_order(outcome, case, may_hold=True)
    assert len(held) <= 1
    if point.removesuffix("-score") == "D5":
        assert held == set(), "nothing had been claimed"
    if point.removesuffix("-score") in {"D8", "D9", "D12"}:
        assert len(held) == 1


def test_D4_killed_after_the_commit_before_the_kick(run):
    outcome = run("announced")
    case = outcome.cases["D4"]
    assert case["exits"] == [KILLED, 0]
    assert len(case["rows"]) == 5
    check_nothing_lost_doubled_or_out_of_order(outcome, case)


@pytest.mark.parametrize("name", PERSON)
def test_D13_killed_while_a_person_settles_a_row(name, run):
    outcome = run("not")
    case = outcome.cases[name]
    assert case["exits"] == [KILLED, 0, KILLED, 0]
    assert case["held"] == 1, "what the person had begun came to nothing"
    # A held row holds nobody up, so what a person sends again comes after the player's later plays.
    check_nothing_lost_doubled_or_out_of_order(outcome, case, keeps_order=False)


def test_D14_four_drainers_send_each_row_once(run):
    outcome = run("announced")
    case = outcome.cases["D14"]
    assert case["exits"] == [0, 0, 0, 0]
    assert len(case["rows"]) == 18
    check_nothing_lost_doubled_or_out_of_order(outcome, case)
    assert {len(outcome.posts(row[4])) for row in case["rows"]} == {1}


def test_D15_an_old_owner_that_wakes_after_its_lease_settles_nothing(run):
    outcome = run("announced")
    case = outcome.cases["D15"]
    assert case["exits"] == [0, 7], "the log says late"
    assert case["untouched"]
    check_nothing_lost_doubled_or_out_of_order(outcome, case)


def test_D16_a_row_that_somebody_has_locked_is_settled_when_it_is_free(run):
    outcome = run("announced")
    case = outcome.cases["D16"]
    failures, fresh = case["exits"]
    assert (1 <= failures < 99, fresh) == (True, 0), "it was locked, and settled all the same"
    check_nothing_lost_doubled_or_out_of_order(outcome, case)
    assert {len(outcome.posts(row[4])) for row in case["rows"]} == {1}, "nothing was sent again"


def test_D17_a_database_that_ends_the_session_between_send_and_settle(run, database):
    if database.startswith("sqlite"):
        pytest.skip("SQLite has no server that could fail over")
    outcome = run("announced")
    case = outcome.cases["D17"]
    assert case["exits"] == [0, 0]
    check_nothing_lost_doubled_or_out_of_order(outcome, case)


@pytest.fixture(scope="module")
def cluster():
    """A PostgreSQL server of these tests' own."""
    if binaries() is None:
        pytest.skip("initdb and pg_ctl are not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    cluster = Cluster.create()
    yield cluster
    cluster.remove()


@pytest.mark.parametrize("mode", ["announced", "not"])
@pytest.mark.parametrize("how", ["D17-restarted", "D17-stopped"])
def test_D17_a_postgresql_that_goes_down_between_send_and_settle(cluster, fault_process, mode, how):
    fault_process.reset(announces=mode == "announced")
    outcome = Outcome(killed(cluster.url, fault_process, mode, [how], CLUSTER=str(cluster.folder)), fault_process)
    case = outcome.cases[how]
    assert case["exits"] == [0, 0]
    if how == "D17-stopped":
        assert "sending" in case["between"], "the answer could not be kept"
    held = check_nothing_lost_doubled_or_out_of_order(outcome, case, may_hold=mode == "not")
    assert len(held) <= 1
    if how == "D17-stopped" and mode == "not":
        assert len(held) == 1, "sent, and nobody knows what came of it"
    if how == "D17-stopped" and mode == "announced":
        assert max(len(outcome.posts(row[4])) for row in case["rows"]) == 2, "the same key twice"


def test_D30_sigterm_lets_the_row_in_hand_end_and_a_second_one_does_not(run):
    outcome = run("announced")
    one, two = outcome.cases["D30"]["one"], outcome.cases["D30"]["two"]
    assert one["exits"] == [0, 0]
    assert one["seconds"] < 15
    assert one["states"].count("delivered") <= 1, "no new claim"
    assert two["exits"][0] != 0
    assert two["seconds"] < 15
    for case in (one, two):
        check_nothing_lost_doubled_or_out_of_order(outcome, case)
