"""How many token requests real processes make together (``reliability.md`` §1.6 I1-I4, I9). Numbers are printed."""

from __future__ import annotations

import contextlib
import getpass
import json
import shutil
import signal
import socket
import subprocess
import time
import uuid

import pytest

from ..processes import workers
from ..servers import Game, Reply
from ..worker import make_client

REDIS = "redis://127.0.0.1:6379/5"
POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "postgres",
    "USER": "postgres",
    "HOST": "127.0.0.1",
    "PORT": 5432,
}


@pytest.fixture
def redis_place():
    """URL and a prefix of this test's own; its keys are removed afterwards."""
    redis = pytest.importorskip("redis", reason="the package redis is not installed")
    server = redis.Redis.from_url(REDIS)
    try:
        server.ping()
    except redis.ConnectionError:
        pytest.skip(f"no Redis at {REDIS}")
    prefix = f"playlyfe-test-{uuid.uuid4().hex}"
    yield f"{REDIS} {prefix}"
    for key in server.scan_iter(f"{prefix}*"):
        server.delete(key)
    server.close()


@pytest.fixture
def memcached_place():
    """Address and a prefix of this test's own."""
    pytest.importorskip("pymemcache", reason="the package pymemcache is not installed")
    prefix = f"playlyfe-test-{uuid.uuid4().hex}"
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 11211), timeout=2).close()
        yield f"127.0.0.1:11211 {prefix}"
        return
    if (program := shutil.which("memcached")) is None:
        pytest.skip("no Memcached at 127.0.0.1:11211, and none is installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([program, "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(port), "-U", "0"])
    give_up_at = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            break
        except OSError:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
    yield f"127.0.0.1:{port} {prefix}"
    server.terminate()
    server.wait()


@pytest.fixture(params=["redis", "memcached"])
def shared(request):
    """Kind and place of a cache in which processes meet: exactly one request there."""
    return request.param, request.getfixturevalue(f"{request.param}_place")


def says(capsys, text):
    with capsys.disabled():
        print(f"\n    {text}", end="")


@pytest.mark.parametrize(("processes", "threads"), [(25, 4), (4, 16)])
def test_cold_callers_make_one_request_and_one_more_when_it_is_revoked(
    remote: Game, shared, processes, threads, capsys
):
    """I1, I2."""
    callers = processes * threads
    remote.token_delay = 0.2
    with workers(processes, remote.auth_url, remote.api_url, *shared) as site:
        assert site.round(threads) == {"ok": callers}
        cold = len(remote.token_requests)
        remote.revoke_at = len(remote.requests) + callers + callers // 2
        assert site.round(threads, calls=5) == {"ok": 5 * callers}
        revoked = len(remote.token_requests) - cold
    how_many = f"{processes} processes x {threads} threads"
    says(capsys, f"{shared[0]}, {how_many}: {cold} token request cold, {revoked} after a revocation")
    assert (cold, revoked) == (1, 1)
    client = make_client(remote.auth_url, remote.api_url, *shared)
    counted = client.tokens.counts_of_all()
    client.tokens._store.sharing._cache().close()
    assert sum(day["requests"] for day in counted.values()) == 2, "what playlyfe_status of any process says"
    assert sum(day["refused"] for day in counted.values()) == remote.refused


@pytest.mark.parametrize(("processes", "threads"), [(25, 4), (4, 16)])
def test_on_a_file_cache_it_is_one_request_for_the_host(remote: Game, tmp_path, processes, threads, capsys):
    remote.token_delay = 0.2
    with workers(processes, remote.auth_url, remote.api_url, "file", str(tmp_path)) as site:
        assert site.round(threads) == {"ok": processes * threads}
        cold = len(remote.token_requests)
        remote.revoke()
        assert site.round(threads) == {"ok": processes * threads}
        revoked = len(remote.token_requests) - cold
    how_many = f"{processes} processes x {threads} threads"
    says(capsys, f"files, {how_many}: {cold} token request cold, {revoked} after a revocation")
    assert (cold, revoked) == (1, 1)


def test_on_locmem_it_is_one_request_for_each_process(remote: Game):
    remote.token_delay = 0.1
    with workers(2, remote.auth_url, remote.api_url, "locmem", "") as site:
        assert site.round(threads=16) == {"ok": 32}
        assert len(remote.token_requests) == 2
        remote.revoke()
        assert site.round(threads=16) == {"ok": 32}
        assert len(remote.token_requests) == 4


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_place(request, tmp_path):
    """Where DatabaseCache keeps a table of this test's own."""
    table = f"playlyfe_client_{uuid.uuid4().hex[:8]}"
    if request.param == "sqlite":
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "cache.sqlite3")}
        yield json.dumps({"database": database, "table": table})
        return
    if request.param == "mariadb":
        yield from mariadb_place(table)
        return
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    try:
        connection = psycopg.connect("postgres://postgres@127.0.0.1:5432/postgres", autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL at 127.0.0.1:5432")
    yield json.dumps({"database": POSTGRESQL, "table": table})
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.close()


def mariadb_place(table):
    """A database of this test's own."""
    pymysql = pytest.importorskip("pymysql", reason="pymysql is not installed")
    try:
        connection = pymysql.connect(host="127.0.0.1", user="root", autocommit=True)
    except pymysql.MySQLError:
        pytest.skip("no MariaDB at 127.0.0.1:3306")
    connection.cursor().execute(f"CREATE DATABASE {table} CHARACTER SET utf8mb4")
    server = {"ENGINE": "django.db.backends.mysql", "HOST": "127.0.0.1", "USER": "root", "NAME": table}
    yield json.dumps({"database": server, "table": "kept"})
    connection.cursor().execute(f"DROP DATABASE {table}")
    connection.close()


def test_on_a_database_cache_every_call_succeeds_and_the_number_is_measured(
    remote: Game, database_place, request, capsys
):
    remote.token_delay = 0.2
    with workers(2, remote.auth_url, remote.api_url, "database", database_place) as site:
        assert site.round(threads=8) == {"ok": 16}
        cold = len(remote.token_requests)
        remote.revoke()
        assert site.round(threads=8) == {"ok": 16}
        revoked = len(remote.token_requests) - cold
    kind = request.node.callspec.params["database_place"]
    says(capsys, f"DatabaseCache on {kind}, 2 processes x 8 threads: {cold} cold, {revoked} after a revocation")
    assert 1 <= cold <= 2
    assert 1 <= revoked <= 2


def test_a_failing_endpoint_is_asked_once_by_all_processes(remote: Game, shared):
    """I3."""
    remote.token_replies += [Reply(401, {"error": "client_auth_fail", "error_description": "No"}, delay=0.2)] * 9
    with workers(2, remote.auth_url, remote.api_url, *shared) as site:
        assert site.round(threads=16, calls=3) == {"AuthenticationError(client_rejected)": 96}
    assert len(remote.token_requests) == 1
    assert remote.requests == []


def test_a_lease_of_files_dies_with_its_holder(remote: Game, tmp_path):
    """I4: the holder is killed in the middle of its request; the next process gets a token at once."""
    remote.token_delay = 0.3
    place = (remote.auth_url, remote.api_url, "file", str(tmp_path))
    with workers(1, *place) as killed, workers(1, *place) as next_one:
        killed.start(threads=1)
        while not remote.token_requests:
            pass
        killed.processes[0].send_signal(signal.SIGKILL)
        killed.processes[0].wait()
        assert next_one.round(threads=4) == {"ok": 4}
    assert len(remote.token_requests) == 2
