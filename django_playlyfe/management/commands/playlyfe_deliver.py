"""``manage.py playlyfe_deliver``: send what is owed to a remote game."""

from __future__ import annotations

import logging
import signal
import threading
import time
from datetime import datetime
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, InterfaceError, connections

from django_playlyfe import instants
from django_playlyfe.delivery import retention
from django_playlyfe.delivery.drain import check_remote, drain
from django_playlyfe.management.game_command import GameCommand

logger = logging.getLogger("django_playlyfe.delivery")

LONGEST_SLEEP = 1.0
"""Seconds until the table is looked at again: what is committed is sent within two."""


AFTER_AN_ERROR = 5.0
"""Seconds until a database that failed is asked again."""
PURGE_EVERY = 3600.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Command(GameCommand):
    """Runs ``delivery.drain`` once, or until it is told to stop."""

    help = (
        "Send what is owed to a remote game: creations, plays, updates, deletions. Loops until SIGTERM or Ctrl-C, "
        "which let the row in hand end; any number may run, on any machines. With --once, for cron, it ends when "
        "nothing is due any more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--once", action="store_true", help="Send what is due now, then end.")
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="The database was restored to an earlier time: first hold every owed play that may have been sent.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        game = options["game"]
        self.check_game(game)
        check_remote(game)
        if options["after_restore"]:
            held = retention.hold_owed_plays(game)
            self.stdout.write(f"{held} owed plays wait for a person: they may have been sent before the restore.")
        with _Stop() as stop:
            attempts = self._once(game, stop) if options["once"] else self._loop(game, stop)
        self.stdout.write(f"{attempts} attempts, {retention.owed(game)} still owed.")

    def _once(self, game: str, stop: threading.Event) -> int:
        done = drain(game, is_over=stop.is_set)
        retention.purge(game)
        return done.attempts

    def _loop(self, game: str, stop: threading.Event) -> int:
        attempts, purge_at = 0, time.monotonic()
        while not stop.is_set():
            try:
                done = drain(game, is_over=stop.is_set)
                attempts += done.attempts
                if time.monotonic() >= purge_at:
                    retention.purge(game)
                    purge_at = time.monotonic() + PURGE_EVERY
            except (DatabaseError, InterfaceError) as error:  # it comes back, and so must we
                logger.warning("The deliveries to %r could not be looked at (%s)", game, type(error).__name__)
                connections.close_all()
                stop.wait(AFTER_AN_ERROR)
            else:
                stop.wait(_seconds_until(done.resume_at))
        return attempts


class _Stop(threading.Event):
    """Set by SIGTERM or Ctrl-C within a ``with`` block; the second signal ends the process at once, which is safe."""

    def __enter__(self) -> _Stop:
        is_main = threading.current_thread() is threading.main_thread()  # no other thread may listen to signals
        self._before = {number: signal.signal(number, self._stop) for number in _SIGNALS} if is_main else {}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.set()
        signal.signal(number, self._before[signal.Signals(number)])


def _seconds_until(moment: datetime | None) -> float:
    if moment is None:
        return LONGEST_SLEEP
    return min(max((moment - instants.now()).total_seconds(), 0.05), LONGEST_SLEEP)
