"""What the client's budgets, redaction, throttle and log cost: its call over a bare ``requests.Session.post``.

``python -m benchmarks.client_calls [--rounds 30] [--calls 100]``. Both sides send the same bytes of body to the same
server over kept connections and read the same JSON; they take turns, so that a busy machine hits both alike. The ratio
is that of CPU time and of wall time, median of all rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from django_playlyfe.client import PlaylyfeClient

BODY = {"variables": {"pages": 320}}
ROUTE = "/runtime/actions/{action}/play"


def timed(call: Callable[[], object], calls: int) -> tuple[float, float]:
    """Seconds of wall and of CPU for one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    return (time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stand_in"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    client = PlaylyfeClient(
        auth_url=f"{url}/auth/token", api_url=f"{url}/v2", client_id="id", client_secret="secret-of-the-benchmark"
    )
    session = requests.Session()
    data = json.dumps(BODY).encode()
    headers = {"Authorization": f"Bearer {'t' * 40}", "Content-Type": "application/json", "Idempotency-Key": "k" * 36}

    def ours() -> object:
        return client.call(
            "POST",
            ROUTE,
            ids={"action": "finish_book"},
            player_id="ada",
            body=BODY,
            kind="play",
            idempotency_key="k" * 36,
        ).data

    def bare() -> object:
        return session.post(
            f"{url}/v2/runtime/actions/finish_book/play",
            params={"player_id": "ada"},
            data=data,
            headers=headers,
            timeout=(3.05, 10),
        ).json()

    def whole() -> object:
        return client.play("ada", "finish_book", {"pages": 320})

    def unpooled() -> object:
        return requests.post(f"{url}/v2/runtime/actions/x/play", data=data, headers=headers, timeout=10).json()

    sides = {
        "bare Session.post": bare,
        "the client's call": ours,
        "client.play() as a whole": whole,
        "a new connection each": unpooled,
    }
    answers = {}
    for name, side in sides.items():
        for _ in range(50):
            answers[name] = side()
    assert answers["bare Session.post"] == answers["the client's call"], "both sides read the same"
    bare()
    sent = session.get(f"{url}/count").json()["last"]
    ours()
    assert session.get(f"{url}/count").json()["last"] == sent == data.decode(), "both sides sent the same bytes"
    before = session.get(f"{url}/count").json()
    found = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, side in sides.items():
            found[name].append(timed(side, options.calls if name != "a new connection each" else options.calls // 5))
    after = session.get(f"{url}/count").json()
    new = after["connections"] - before["connections"] - options.rounds * (options.calls // 5)
    print(f"{options.rounds} rounds of {options.calls} calls; connections made by the pooled sides: {new}")
    reference = found["bare Session.post"]
    for name, times in found.items():
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        ratios = [
            statistics.median(mine[kind] / other[kind] for mine, other in zip(times, reference, strict=True))
            for kind in (0, 1)
        ]
        times_us = f"{wall * 1e6:7.0f} us wall {cpu * 1e6:7.0f} us CPU"
        print(f"{name:26} {times_us}   x {ratios[0]:.2f} wall, x {ratios[1]:.2f} CPU")
    client.close()
    session.close()
    server.stdin.close()
    server.wait()


if __name__ == "__main__":
    main()
