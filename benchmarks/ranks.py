"""The rank of a random player among a million, over Redis: ``ZREVRANK`` by redis-py on the same scores.

``python benchmarks/ranks.py`` asks both sides for the same players by turns, on PostgreSQL and SQLite, first quiet,
then with a writer that plays all the time (and moves the same members in Redis). All scores differ at the start, so the
ranks must be equal: they are compared while nothing is written, and again at the end. Then the time of a play among a
million players over one among a thousand.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import engine_site
import redis

KEY = "playlyfe:benchmark:ranks"
PRIME = 15_485_863
"""Multiples of a number modulo a prime are a permutation: no two players have the same score."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--players", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/9")
    parser.add_argument("--only", choices=["postgresql", "sqlite"])
    parser.add_argument("--writer", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.writer:
        write(options)
    else:
        databases = {"postgresql": engine_site.postgresql, "sqlite": engine_site.sqlite}
        for name in [options.only] if options.only else databases:
            command = [sys.executable, __file__, *sys.argv[1:]]
            if options.only:
                with databases[name]() as url:
                    compare(options, url)
            else:
                subprocess.run([*command, "--only", name], check=True)


def score_of(number: int) -> int:
    return number * 7_654_321 % PRIME


def compare(options: argparse.Namespace, url: str) -> None:
    engine_site.start_django(url)
    from django.db import connection

    from django_playlyfe.engine import selectors

    realm = engine_site.set_up(0)
    fill(realm, options.players)
    server = redis.Redis.from_url(options.redis)
    server.delete(KEY)
    for start in range(0, options.players, 10_000):
        numbers = range(start, min(start + 10_000, options.players))
        server.zadd(KEY, {f"p{number}": score_of(number) for number in numbers})
    make_histogram(realm)
    ranking = selectors.ranking(realm, "top")
    vendor = connection.vendor

    def ours(player: str) -> int:
        place = ranking.place(player)
        return place.rank if place else 0

    def theirs(player: str) -> int:
        return int(server.zrevrank(KEY, player)) + 1  # type: ignore[arg-type] # the stubs allow for a coroutine

    def whole(player: str) -> int:
        place = selectors.ranking(realm, "top").place(player)
        return place.rank if place else 0

    check(ours, theirs, options)
    report(f"{vendor}: rank among {options.players:,}, quiet", by_turns(ours, theirs, options))
    report(f"{vendor}: the same, board and game looked up each time", by_turns(whole, theirs, options))
    writer = subprocess.Popen(
        [sys.executable, __file__, "--writer", url, "--redis", options.redis, "--players", str(options.players)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    writer.stdout.readline()  # it plays
    started = time.perf_counter()
    report(f"{vendor}: rank among {options.players:,}, a writer beside", by_turns(ours, theirs, options))
    seconds = time.perf_counter() - started
    plays, _ = writer.communicate("stop\n")
    print(f"  the writer made {int(plays) / seconds:.0f} plays a second")
    compare_all(ranking, server, options)
    server.delete(KEY)
    few = engine_site.design()
    few["game"] = {"id": "few"}
    report(f"{vendor}: time of a play, {options.players:,} players over 1,000", plays_by_turns(realm, few, options))


def fill(realm: Any, players: int) -> None:
    """Players with scores by bulk SQL, as the engine would store them."""
    from django.db import connection
    from django.utils import timezone as clock

    from django_playlyfe.engine.models import Player, Score
    from django_playlyfe.engine.realm import find_game, version_in_force

    game = find_game(realm)
    version = version_in_force(game, realm)
    now = clock.now()
    numbers = (
        "SELECT generate_series(0, %s) AS n"
        if connection.vendor == "postgresql"
        else "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < %s) SELECT n FROM s"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Player._meta.db_table} (game_id, environment, player_id, alias, email, enabled, timezone, "
            "created_at, judged_version_id) SELECT %s, 'production', 'p' || n, 'p' || n, '', %s, '', %s, %s "
            f"FROM ({numbers}) numbers",
            [game.pk, True, now, version.pk, players - 1],
        )
        cursor.execute(
            f"INSERT INTO {Score._meta.db_table} (game_id, environment, player_id, metric, item, value, state, "
            "reached_at) SELECT game_id, environment, id, 'xp', '', "
            "CAST(SUBSTR(player_id, 2) AS BIGINT) * 7654321 %% %s, '', %s "
            f"FROM {Player._meta.db_table} WHERE game_id = %s",
            [PRIME, now, game.pk],
        )
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def make_histogram(realm: Any) -> None:
    """Let a reader begin it, and be sure that no process needs time to hear of it."""
    from django_playlyfe.engine import selectors
    from django_playlyfe.engine.boards import histograms
    from django_playlyfe.engine.models import Histogram

    lease, histograms.LEASE = histograms.LEASE, 0.0
    until = time.monotonic() + 120  # on PostgreSQL it waits for whoever has a transaction open on the same server
    while not Histogram.objects.filter(is_counted=True).exists():
        assert time.monotonic() < until, "the histogram is never counted"
        selectors.leaderboard(realm, "top", limit=1)
        time.sleep(0.1)
    histograms.LEASE = lease


def by_turns(
    ours: Callable[[str], int], theirs: Callable[[str], int], options: argparse.Namespace
) -> tuple[Sequence[float], Sequence[float]]:
    """Microseconds a call: the median of each round, both sides asked for the same players."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_number in range(options.rounds):
        dice = random.Random(round_number)
        players = [f"p{dice.randrange(options.players)}" for _ in range(options.asked)]
        for ask, taken in zip((ours, theirs), times, strict=True):
            each = []
            for player in players:
                started = time.perf_counter()
                ask(player)
                each.append(time.perf_counter() - started)
            taken.append(statistics.median(each) * 1e6)
    return times


def check(ours: Callable[[str], int], theirs: Callable[[str], int], options: argparse.Namespace) -> None:
    for number in range(0, options.players, max(options.players // 2000, 1)):
        player = f"p{number}"
        assert ours(player) == theirs(player), (player, ours(player), theirs(player))


def compare_all(ranking: Any, server: redis.Redis, options: argparse.Namespace) -> None:
    """Scores may be equal by now, so Redis is asked how many have a better one."""
    for number in range(0, options.players, max(options.players // 500, 1)):
        place = ranking.place(f"p{number}")
        assert place.score == server.zscore(KEY, f"p{number}")
        assert place.rank == int(server.zcount(KEY, f"({place.score}", "+inf")) + 1, number  # type: ignore[arg-type] # the stubs allow for a coroutine
    from django_playlyfe.engine.boards import histograms

    assert not histograms.differences(ranking.sheet.key.game, "production")


def plays_by_turns(realm: Any, few: dict[str, Any], options: argparse.Namespace) -> tuple[list[float], list[float]]:
    from django_playlyfe.engine import services
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.engine.versions.activation import activate

    small = Realm("few")
    activate(small, few)
    for number in range(1000):
        services.create_player(small, f"p{number}")
    times: tuple[list[float], list[float]] = ([], [])
    for round_number in range(options.rounds):
        dice = random.Random(round_number)
        for (where, players), taken in zip(((realm, options.players), (small, 1000)), times, strict=True):
            each = []
            for _ in range(300):
                player = f"p{dice.randrange(players)}"
                started = time.perf_counter()
                services.play(where, player, "read", {"pages": 300})
                each.append(time.perf_counter() - started)
            taken.append(statistics.median(each) * 1e6)
    return times


def write(options: argparse.Namespace) -> None:
    """Play until told to stop, and move the same members in Redis."""
    import select

    engine_site.start_django(options.writer)
    from django_playlyfe.engine import services
    from django_playlyfe.engine.realm import Realm

    server = redis.Redis.from_url(options.redis)
    realm, plays = Realm("benchmark"), 0
    print("playing", flush=True)
    dice = random.Random(7)
    while not select.select([sys.stdin], [], [], 0)[0]:
        player = f"p{dice.randrange(options.players)}"
        pages = dice.randrange(10, 1_000_000)
        services.play(realm, player, "read", {"pages": pages - pages % 10})
        server.zincrby(KEY, pages // 10, player)
        plays += 1
    print(plays, flush=True)


def report(what: str, times: tuple[Sequence[float], Sequence[float]]) -> None:
    ours, theirs = (statistics.median(side) for side in times)
    print(f"{what:72} {ours:8.0f} us / {theirs:8.0f} us = {ours / theirs:5.2f}", flush=True)


if __name__ == "__main__":
    main()
