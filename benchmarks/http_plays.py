"""Plays over HTTP: what the server costs, and how many calls it takes.

``python benchmarks/http_plays.py [--rounds 40] [--calls 20] [--load SECONDS]``, on gunicorn with PostgreSQL:

* a play over HTTP, over a play in process and a call of a plain Django view that answers as much JSON, by turns; both
  sides have to tell of the same changes, and afterwards the log has to hold as many plays of each;
* with ``--load``, callers over as many kept connections for so long: plays, profiles, boards, lists of actions. Every
  answer has to be a success, and afterwards each play that was answered has to be in the log, once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import engine_site

PLAYERS = 200
SECRET = "secret-of-the-benchmark-" * 4
PLAY = json.dumps({"variables": {"pages": 120}})
READS = (
    "/v2/runtime/player?player_id={player}",
    "/v2/runtime/actions?player_id={player}",
    "/v2/runtime/leaderboards/top?cycle=alltime&player_id={player}",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--load", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--callers", type=int, default=8)
    options = parser.parse_args()
    with engine_site.postgresql("playlyfe_benchmark_http") as url:
        os.environ.update(
            SECRET_KEY="k" * 50, ALLOWED_HOSTS="127.0.0.1", CACHE_URL="locmemcache://", LOG_LEVEL="WARNING"
        )
        os.environ["DJANGO_SETTINGS_MODULE"] = "http_settings"
        sys.path.insert(0, str(engine_site.ROOT / "deploy"))
        engine_site.start_django(url)
        realm = engine_site.set_up(PLAYERS)
        token = new_token(realm)
        if options.load:
            with gunicorn(workers=2, threads=4) as port:
                load(port, token, options.load, options.callers)
        else:
            with gunicorn(workers=1, threads=1) as port:
                compare(realm, port, token, options.rounds, options.calls)


def new_token(realm: Any) -> str:
    """Of a client that plays, and may read."""
    from django_playlyfe.engine.server.auth import clients, tokens

    clients.register(realm, "benchmark", client_id="benchmark", secret=SECRET)
    return tokens.issue("benchmark", SECRET).text


@contextmanager
def gunicorn(workers: int, threads: int) -> Iterator[int]:
    """The server on a free port, with kept connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = f"-w {workers} -k gthread --threads {threads} --keep-alive 60 -b 127.0.0.1:{port} --log-level error"
    places = [str(Path(__file__).parent), str(engine_site.ROOT / "deploy"), str(engine_site.ROOT)]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options.split(), "django.core.wsgi:get_wsgi_application()"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                Caller(port, "").call("GET", "/health")
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


class Caller:
    """One kept connection."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        self.connection.request(method, path, body, self.headers)
        response = self.connection.getresponse()
        return response.status, response.read()


# --- what it costs ----------------------------------------------------------------------------------------------------


def compare(realm: Any, port: int, token: str, rounds: int, calls: int) -> None:
    """Print the ratios of each round's lower quartiles, which other work on the machine disturbs least."""
    from django_playlyfe.engine import selectors, services

    caller = Caller(port, token)

    def over_http() -> Any:
        status, content = caller.call("POST", "/v2/runtime/actions/read/play?player_id=p0", PLAY)
        assert status == 200, content
        return json.loads(content)

    answer = json.dumps(over_http())

    def in_process() -> Any:
        recorded = services.play(realm, "p1", "read", {"pages": 120})
        status, content = caller.call("POST", "/plain", answer)
        assert status == 200
        json.loads(content)
        return recorded.events

    def with_actions() -> Any:
        """What a play over HTTP answers, and the one in process does not look at."""
        events = in_process()
        return {"events": events, "actions": selectors.actions(realm, "p1")}

    sides = {"over HTTP": over_http, "in process and plain": in_process, "the same with actions": with_actions}
    for side in sides.values():
        for _ in range(30):
            side()
    assert changed(over_http()["events"]) == changed(in_process()) == {"xp", "coins", "impact"}
    before = plays_of("p0"), plays_of("p1")
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(statistics.quantiles((timed(side) for _ in range(calls)), n=4)[0])
    after = plays_of("p0"), plays_of("p1")
    assert (after[0] - before[0], after[1] - before[1]) == (rounds * calls, 2 * rounds * calls)
    for name, times in found.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(found["over HTTP"], times, strict=True))
        print(f"{name:24} {statistics.median(times) * 1e3:7.2f} ms   a play over HTTP is {ratio:.2f} x of it")


def changed(events: Any) -> set[str]:
    """The metrics that a play has changed."""
    return {change["metric"]["id"] for event in events["local"] for change in event["changes"]}


def timed(side: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    side()
    return time.perf_counter() - begin


def plays_of(player_id: str) -> int:
    from django_playlyfe.engine.models import Call

    return Call.objects.filter(kind=Call.Kind.PLAY, player__player_id=player_id).count()


# --- what it takes ----------------------------------------------------------------------------------------------------


def load(port: int, token: str, seconds: float, callers: int) -> None:
    """Print the rate and the latencies. Fails if any answer is none, or no success, or a play is lost or doubled."""
    from django_playlyfe.engine.models import Call

    told: list[tuple[str, int, float]] = []
    end = time.monotonic() + seconds

    def go_on(number: int) -> None:
        chance, caller = random.Random(number), Caller(port, token)
        while time.monotonic() < end:
            player, begin = f"p{chance.randrange(PLAYERS)}", time.perf_counter()
            if chance.random() < 0.5:
                kind, path = "play", f"/v2/runtime/actions/read/play?player_id={player}"
                status, _ = caller.call("POST", path, PLAY)
            else:
                kind = "read"
                status, _ = caller.call("GET", chance.choice(READS).format(player=player))
            told.append((kind, status, time.perf_counter() - begin))

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = [status for _, status, _ in told if status != 200]
    played = sum(kind == "play" for kind, _, _ in told)
    print(f"{len(told)} calls in {seconds:.0f} s, {len(told) / seconds:.0f} a second, {len(wrong)} errors")
    for kind in ("play", "read"):
        times = sorted(spent for of, _, spent in told if of == kind)
        p50, p95 = (times[int(len(times) * share)] * 1e3 for share in (0.5, 0.95))
        print(f"{kind}: {len(times)}, p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    assert not wrong, wrong[:10]
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == played, "a play was lost or doubled"


if __name__ == "__main__":
    main()
