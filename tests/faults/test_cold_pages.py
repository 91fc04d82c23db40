"""R1: a hundred cold pages in several processes cost one call of the game (``reliability.md`` §4, §5)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.faultserver.handle import ROOT
from tests.faultserver.steps import ALWAYS, Step

REDIS = "redis://127.0.0.1:6379/5"


@pytest.fixture
def redis():
    """Its keys name the port of the misbehaving server, so they are this run's own."""
    redis = pytest.importorskip("redis", reason="the package redis is not installed")
    server = redis.Redis.from_url(REDIS)
    try:
        server.ping()
    except redis.ConnectionError:
        pytest.skip(f"no Redis at {REDIS}")
    yield REDIS
    server.close()


@pytest.mark.parametrize(("processes", "threads"), [(4, 25)])
def test_R1_a_hundred_cold_pages_of_several_processes_ask_once(redis, remote, tmp_path, processes, threads):
    remote.reset(Step(on="get", delay=0.3, times=ALWAYS))
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.reading", str(processes), str(threads)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}",
            "CACHE_URL": redis,
            "FAULT_SERVER": remote.url,
            "PAGE_BUDGET": "30",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == {"ada": processes * threads}
    assert len(remote.requests("/v2/admin/players/ada")) == 1
    assert remote.token_requests == 1
