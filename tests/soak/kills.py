"""Drainers killed with -9 at random, against a server that loses answers at random, for as long as you like.

``python -m tests.soak.kills [--seconds 120] [--mode announced]``. It makes a PostgreSQL server of its own
(:mod:`tests.clusters`), which crashes and recovers now and then too; with ``--sqlite``, or where PostgreSQL is not
installed, a file of SQLite. ``DATABASE_URL`` names another database, whose deliveries are deleted. Prints what the game
server's own record says: plays lost, doubled and out of order. Exit 1 if any is not 0 where the mode promises it.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.clusters import Cluster, binaries
from tests.faultserver.handle import FaultServer
from tests.faultserver.steps import Step

PLAYERS = 20
KILL_EVERY = (0.05, 0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--drainers", type=int, default=4)
    parser.add_argument("--mode", choices=["announced", "hold", "resend"], default="announced")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    server = FaultServer()
    server.reset(announces=options.mode == "announced")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.site_settings"
    os.environ["FAULT_SERVER"] = server.url
    with tempfile.TemporaryDirectory() as directory:
        # What the server announced has to outlive a drainer, as it does in any cache that processes share.
        os.environ["CACHE_URL"] = f"filecache://{directory}/cache"
        cluster = None
        if "DATABASE_URL" not in os.environ and not options.sqlite and binaries() is not None:
            cluster = Cluster.create()
            os.environ["DATABASE_URL"] = cluster.url
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(directory) / 'site.sqlite3'}")
        import django

        django.setup()
        print(f"seed {seed}, {options.seconds:.0f} s, {options.drainers} drainers, mode {options.mode}", flush=True)
        try:
            return Soak(server, cluster, options.mode, random.Random(seed)).run(options.seconds, options.drainers)
        finally:
            server.close()
            if cluster is not None:
                cluster.remove()


class Soak:
    """A site whose drainers die."""

    def __init__(self, server: FaultServer, cluster: Cluster | None, mode: str, chance: random.Random) -> None:
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        from django_playlyfe.models import Delivery

        uncertain = {"*": "resend" if mode == "resend" else "hold"}
        settings.PLAYLYFE["default"]["OPTIONS"]["UNCERTAIN"] = uncertain
        call_command("migrate", verbosity=0, skip_checks=True)
        Delivery.objects.all().delete()
        self.server, self.mode, self.chance, self.rows = server, mode, chance, Delivery.objects
        self.cluster = cluster
        self.kills = self.faults = self.owed = self.crashes = 0
        self.vendor = connection.vendor

    def run(self, seconds: float, drainers: int) -> int:
        children = [self._drainer() for _ in range(drainers)]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._owe()
            self._disturb()
            time.sleep(self.chance.uniform(*KILL_EVERY))
            victim = self.chance.randrange(drainers)
            os.kill(children[victim], signal.SIGKILL)
            os.waitpid(children[victim], 0)
            self.kills += 1
            self._crash()
            self._end_leases()
            children[victim] = self._drainer()
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        self._finish()
        return self._report()

    def _drainer(self) -> int:
        from django.db import Error, connections

        from django_playlyfe.delivery import drain

        connections.close_all()
        if child := os.fork():
            return child
        while True:
            with contextlib.suppress(Error):  # SQLite is locked for a moment; PostgreSQL recovers
                drain(most=10)
            time.sleep(0.01)

    def _owe(self) -> None:
        from django_playlyfe import services

        for _ in range(3):
            services.play(f"p{self.chance.randrange(PLAYERS)}", f"a{self.owed:06d}")
            self.owed += 1

    def _disturb(self) -> None:
        """One answer in a while is lost, whether the play was applied or not."""
        if self.chance.random() < 0.5:
            self.faults += 1
            do = self.chance.choice(["reset", "close"])
            self.server.then(Step(on="play", do=do, apply=self.chance.random() < 0.5))

    def _crash(self) -> None:
        """The database goes down in the middle of everything, and recovers."""
        from django.db import connections

        if self.cluster is not None and self.chance.random() < 0.03:
            self.crashes += 1
            self.cluster.stop()
            self.cluster.start()
            connections.close_all()

    def _end_leases(self) -> None:
        """A minute later; also of those that are alive, whose answers come late then."""
        from django.utils import timezone

        if self.chance.random() < 0.3:
            self._with_patience(lambda: self.rows.filter(state="sending").update(lease_until=_long_ago()))
            self._with_patience(lambda: self.rows.filter(state="pending").update(not_before=timezone.now()))

    @staticmethod
    def _with_patience(step: object) -> None:
        from django.db import DatabaseError

        with contextlib.suppress(DatabaseError):
            step()  # type: ignore[operator]  # a function without arguments

    def _finish(self) -> None:
        from django.utils import timezone

        from django_playlyfe.delivery import drain

        give_up_at = time.monotonic() + 300
        while self.rows.filter(state__in=("pending", "sending")).exists() and time.monotonic() < give_up_at:
            self.rows.filter(state="sending").update(lease_until=_long_ago())
            self.rows.filter(state="pending").update(not_before=timezone.now())
            drain()

    def _report(self) -> int:
        applied = [(entry["player"], entry["action"]) for entry in self.server.applied()]
        counts = Counter(applied)
        states = Counter(self.rows.values_list("state", flat=True))
        held = set(self.rows.filter(state="uncertain").values_list("subject", "action"))
        lost = [play for play in self.rows.values_list("subject", "action") if play not in counts and play not in held]
        doubled = sum(count - 1 for count in counts.values())
        first = list(dict.fromkeys(applied))
        late = sum(
            1
            for player in {player for player, _ in first}
            for earlier, later in _neighbours([action for subject, action in first if subject == player])
            if earlier > later
        )
        print(
            f"{self.vendor}: {self.owed} plays, {self.kills} kills, {self.crashes} crashes of the database, "
            f"{self.faults} lost answers: lost {len(lost)}, "
            f"doubled {doubled}, out of order {late}, held {len(held)}; rows {dict(states)}",
            flush=True,
        )
        is_wrong = lost or (doubled and self.mode != "resend") or (late and self.mode == "announced")
        return 1 if is_wrong else 0


def _neighbours(entries: list[str]) -> list[tuple[str, str]]:
    return list(itertools.pairwise(entries))


def _long_ago() -> object:
    from datetime import datetime, timezone

    return datetime(2020, 1, 1, tzinfo=timezone.utc)


if __name__ == "__main__":
    sys.exit(main())
