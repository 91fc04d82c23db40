"""Plays per second of the engine, over what the same database does without it.

``python benchmarks/plays.py`` measures, both sides by turns in one run, and checks afterwards that each did its work:

* PostgreSQL with 1, 2 and 8 processes, over ``pgbench -N`` with as many clients (one UPDATE, SELECT, INSERT each);
* ``play_many``, 1,000 plays of as many players a call, over ``pgbench -N`` with one client;
* a business transaction (a row of a table of the site) with a play inside, over the same without;
* ``replay`` of a log, calls a second, over making it play by play; the state's hash must be the same before and after;
* a game of 1,000 rules, over one of 10;
* SQLite with one process, over a bare loop of three statements on ``sqlite3`` (SELECT, UPDATE, INSERT) in one
  transaction, with the same PRAGMAs.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import engine_site

PLAYERS = 1000
MEASURED = ("processes", "many", "transaction", "replay", "rules", "sqlite")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=MEASURED, default=MEASURED)
    parser.add_argument("--worker", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.seconds)
        return
    if set(options.only) - {"rules", "sqlite"}:
        with engine_site.postgresql() as url:
            on_postgresql(url, options.only, options.seconds, options.rounds)
    if "rules" in options.only:
        with engine_site.postgresql() as url:
            say("time of a play, 1,000 rules over 10", *with_rules(url, options.rounds), "us")
    if "sqlite" in options.only:
        with engine_site.sqlite() as url:
            on_sqlite(url, options.seconds, options.rounds)


def say(what: str, ours: float, theirs: float, unit: str = "plays/s") -> None:
    print(f"{what:58} {ours:9.0f} {unit} / {theirs:9.0f} = {ours / theirs:5.2f}", flush=True)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def on_postgresql(url: str, only: Sequence[str], seconds: float, rounds: int) -> None:
    engine_site.start_django(url)
    engine_site.set_up(PLAYERS)
    pgbench(url, "-i", "-q", "-s", "10")
    engine_site.analyse()  # as pgbench has done with its own tables
    for clients in (1, 2, 8) if "processes" in only else ():
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(plays_per_second(url, clients, seconds))
            theirs.append(transactions_per_second(url, clients, seconds))
        say(f"PostgreSQL, {clients} processes over pgbench -N", statistics.median(ours), statistics.median(theirs))
    if "many" in only:
        many_over_pgbench(url, seconds, rounds)
    if "transaction" in only:
        within_a_transaction(seconds, rounds)
    if "replay" in only:
        replay_over_live(seconds, rounds)


def plays_per_second(url: str, processes: int, seconds: float) -> float:
    """So many processes play at once for random players. Checks that each play is in the log and in the scores."""
    before = totals()
    command = [sys.executable, str(Path(__file__)), "--worker", url, "--seconds", str(seconds)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    answers = [worker.communicate("go\n")[0].split() for worker in workers]
    played = sum(int(answer[0]) for answer in answers)
    assert totals() == (before[0] + processes + played, before[1] + 12 * played)  # each has played once to warm up
    return sum(int(answer[0]) / float(answer[1]) for answer in answers)


def totals() -> tuple[int, int]:
    """Plays in the log, and the experience of all players."""
    from django.db.models import Sum

    from django_playlyfe.engine.models import Call, Score

    experience = Score.objects.filter(metric="xp").aggregate(sum=Sum("value"))["sum"]
    return Call.objects.filter(kind=Call.Kind.PLAY).count(), experience or 0


def work(url: str, seconds: float) -> None:
    """A process that plays, once it is told to."""
    engine_site.start_django(url)
    from django_playlyfe.engine import services
    from django_playlyfe.engine.realm import Realm

    realm, number = Realm("benchmark"), 0
    services.play(realm, "p0", "read", {"pages": 0})  # what is loaded once is loaded now
    print("ready", flush=True)
    sys.stdin.readline()
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        services.play(realm, f"p{random.randrange(PLAYERS)}", "read", {"pages": 120})
        number += 1
    print(number, time.perf_counter() - begin)


def pgbench(url: str, *arguments: str) -> str:
    parts = urlsplit(url)
    where = ["-h", parts.hostname or "", "-p", str(parts.port or 5432), "-U", parts.username or "", parts.path[1:]]
    done = subprocess.run(["pgbench", *arguments, *where], capture_output=True, text=True, check=True)
    return done.stdout


def transactions_per_second(url: str, clients: int, seconds: float) -> float:
    said = pgbench(url, "-N", "-n", "-c", str(clients), "-j", str(clients), "-T", str(max(1, round(seconds))))
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found, said
    return float(found.group(1))


def many_over_pgbench(url: str, seconds: float, rounds: int) -> None:
    """One process plays for all players at once, again and again."""
    from django_playlyfe.engine import services
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.types import PlayOf

    realm = Realm("benchmark")
    plays = [PlayOf(f"p{number}", "read", {"pages": 120}) for number in range(PLAYERS)]
    services.play_many(realm, plays)
    ours, theirs = [], []
    for _ in range(rounds):
        before, number, begin = totals(), 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            services.play_many(realm, plays)
            number += len(plays)
        ours.append(number / (time.perf_counter() - begin))
        assert totals() == (before[0] + number, before[1] + 12 * number)
        theirs.append(transactions_per_second(url, 1, seconds))
    say("play_many, 1 process over pgbench -N", statistics.median(ours), statistics.median(theirs))


def replay_over_live(seconds: float, rounds: int) -> None:
    """A log grows play by play, and all that it says is made anew from it."""
    from django_playlyfe.engine import history, services
    from django_playlyfe.engine.models import Call
    from django_playlyfe.engine.realm import Realm

    realm = Realm("benchmark")
    live, again = [], []
    for _ in range(rounds):
        number, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            services.play(realm, f"p{random.randrange(PLAYERS)}", "read", {"pages": 120})
            number += 1
        live.append(number / (time.perf_counter() - begin))
        hash_before, begin = history.state_hash(realm), time.perf_counter()
        for _ in history.replay(realm):
            pass
        again.append(Call.objects.count() / (time.perf_counter() - begin))
        assert history.state_hash(realm) == hash_before
    say("replay over live", statistics.median(again), statistics.median(live), "calls/s")


def within_a_transaction(seconds: float, rounds: int) -> None:
    """A transaction of a site: a session is written, and with or without a play in it."""
    from django.contrib.sessions.models import Session
    from django.db import transaction
    from django.utils import timezone

    from django_playlyfe.engine import services
    from django_playlyfe.engine.realm import Realm

    realm = Realm("benchmark")

    def business(*, play: bool) -> float:
        number, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            with transaction.atomic():
                name = f"{random.getrandbits(100):x}"
                Session.objects.create(session_key=name, session_data="x" * 200, expire_date=timezone.now())
                Session.objects.filter(session_key=name).update(session_data="y" * 200)
                if play:
                    services.play(realm, f"p{random.randrange(PLAYERS)}", "read", {"pages": 120})
            number += 1
        return number / (time.perf_counter() - begin)

    rates = [(business(play=False), business(play=True)) for _ in range(rounds)]
    without, inside = (statistics.median(side) for side in zip(*rates, strict=True))
    say("time of a transaction with a play over without", 1e6 / inside, 1e6 / without, "us")


def with_rules(url: str, rounds: int) -> tuple[float, float]:
    """:func:`latencies` in a process with a database of its own."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import plays; "
        f"print(*plays.latencies({url!r}, {rounds}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    many, few = map(float, done.stdout.split())
    return many, few


def latencies(url: str, rounds: int) -> tuple[float, float]:
    """Median time of a play with 1,000 rules, and with 10, by turns, in microseconds."""
    engine_site.start_django(url)
    realm = engine_site.set_up(50)
    from django_playlyfe.engine import services
    from django_playlyfe.engine.versions.activation import activate

    times: dict[int, list[float]] = {1000: [], 10: []}
    for _ in range(rounds):
        for rules, measured in times.items():
            activate(realm, engine_site.design(rules))
            for number in range(50):  # the first play after an activation looks at every rule
                services.play(realm, f"p{number}", "read", {"pages": 120})
            for number in range(200):
                begin = time.perf_counter()
                services.play(realm, f"p{number % 50}", "read", {"pages": 120})
                measured.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times[1000]), statistics.median(times[10])


# --- SQLite -----------------------------------------------------------------------------------------------------------


def on_sqlite(url: str, seconds: float, rounds: int) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import engine_site; "
        f"engine_site.start_django({url!r}); engine_site.set_up({PLAYERS})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    command = [sys.executable, str(Path(__file__)), "--worker", url, "--seconds", str(seconds)]
    ours, theirs = [], []
    for _ in range(rounds):
        done = subprocess.run(command, input="go\n", capture_output=True, text=True, check=True)
        number, spent = done.stdout.splitlines()[-1].split()
        ours.append(int(number) / float(spent))
        theirs.append(bare_loop(url.removeprefix("sqlite:///") + ".bare", seconds))
    say("SQLite, one process over a bare loop of sqlite3", statistics.median(ours), statistics.median(theirs))


def bare_loop(path: str, seconds: float) -> float:
    """Three statements in one transaction, as fast as the library goes."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS score (id INTEGER PRIMARY KEY, value INTEGER)")
        connection.execute("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, score INTEGER, told TEXT)")
        rows = [(number, 0) for number in range(PLAYERS)]
        connection.executemany("INSERT OR IGNORE INTO score VALUES (?, ?)", rows)
        number, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            player = random.randrange(PLAYERS)
            connection.execute("BEGIN IMMEDIATE")
            (value,) = connection.execute("SELECT value FROM score WHERE id = ?", (player,)).fetchone()
            connection.execute("UPDATE score SET value = ? WHERE id = ?", (value + 12, player))
            connection.execute("INSERT INTO log (score, told) VALUES (?, ?)", (player, "x" * 400))
            connection.execute("COMMIT")
            number += 1
        return number / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
