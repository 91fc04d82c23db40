"""What the client's budgets, redaction, throttle and log cost: its call over a bare ``requests.Session.post``.

``python -m benchmarks.client_calls [--rounds 30] [--calls 100]``. Both sides send the same bytes of body to the same
server over kept connections and read the same JSON; they take turns, so that a busy machine hits both alike. The ratio
is that of CPU time and of wall time, median of all rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import requests

from benchmarks import stand_in
from django_playlyfe.client import PlaylyfeClient

BODY = {"variables": {"pages": 320}}
ROUTE = "/runtime/actions/{action}/play"
BARE, OURS, UNPOOLED = "bare Session.post", "the client's call", "a new connection each"


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
    with stand_in.running() as url, requests.Session() as session:
        client = PlaylyfeClient(
            auth_url=f"{url}/auth/token", api_url=f"{url}/v2", client_id="id", client_secret="secret-of-the-benchmark"
        )
        compared = ways(client, session, url)
        check_same(compared, lambda: session.get(f"{url}/count").json())
        measure(compared, lambda: session.get(f"{url}/count").json(), options.rounds, options.calls)
        client.close()


def ways(client: PlaylyfeClient, session: requests.Session, url: str) -> dict[str, Callable[[], object]]:
    """The same play, four ways."""
    data = json.dumps(BODY).encode()
    headers = {"Authorization": f"Bearer {'t' * 40}", "Content-Type": "application/json", "Idempotency-Key": "k" * 36}

    def bare() -> object:
        return session.post(
            f"{url}/v2/runtime/actions/finish_book/play",
            params={"player_id": "ada"},
            data=data,
            headers=headers,
            timeout=(3.05, 10),
        ).json()

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

    def whole() -> object:
        return client.play("ada", "finish_book", {"pages": 320})

    def unpooled() -> object:
        return requests.post(f"{url}/v2/runtime/actions/x/play", data=data, headers=headers, timeout=10).json()

    return {BARE: bare, OURS: ours, "client.play() as a whole": whole, UNPOOLED: unpooled}


def check_same(compared: dict[str, Callable[[], object]], count: Callable[[], dict]) -> None:
    """Warm up, and see that both sides do the same."""
    answers = {}
    for name, way in compared.items():
        for _ in range(50):
            answers[name] = way()
    assert answers[BARE] == answers[OURS], "both sides read the same"
    compared[BARE]()
    sent = count()["last"]
    compared[OURS]()
    assert count()["last"] == sent == json.dumps(BODY), "both sides sent the same bytes"


def measure(compared: dict[str, Callable[[], object]], count: Callable[[], dict], rounds: int, calls: int) -> None:
    """Have them take turns, and print what each costs."""
    before = count()
    found = {name: [] for name in compared}
    for _ in range(rounds):
        for name, way in compared.items():
            found[name].append(timed(way, calls if name != UNPOOLED else calls // 5))
    new = count()["connections"] - before["connections"] - rounds * (calls // 5)
    print(f"{rounds} rounds of {calls} calls; connections made by the pooled sides: {new}")
    reference = found[BARE]
    for name, times in found.items():
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        ratios = [
            statistics.median(mine[kind] / other[kind] for mine, other in zip(times, reference, strict=True))
            for kind in (0, 1)
        ]
        times_us = f"{wall * 1e6:7.0f} us wall {cpu * 1e6:7.0f} us CPU"
        print(f"{name:26} {times_us}   x {ratios[0]:.2f} wall, x {ratios[1]:.2f} CPU")


if __name__ == "__main__":
    main()
