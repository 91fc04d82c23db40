"""What the commands about the players of one game and environment share."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from django_playlyfe.engine.models import Environment
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

SOME_FAILED = 1
"""Exit code: done, and something failed or differs; or the command was interrupted."""
WRONG_INPUT = 2
"""Exit code: the command line is wrong; nothing was changed."""

T = TypeVar("T")


class RealmCommand(BaseCommand):
    """A command with ``--game`` and ``--environment``. Subclasses define :meth:`run`.

    Exit code 0: done, 1: something failed or differs, 2: wrong input.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("--game", default="", metavar="ID", help="May be left out while there is only one.")
        parser.add_argument("--environment", choices=Environment.values, default="production")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Raises CommandError with the exit code."""
        self.verbosity = options["verbosity"]
        try:
            self.run(Realm(options["game"], options["environment"]), options)
        except (PlaylyfeError, ConfigurationError) as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from None
        except DatabaseError as error:
            raise CommandError(
                f"The engine's tables cannot be used: {error}. Did you run `manage.py migrate`?"
            ) from error

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """What the command does."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Print, unless ``--verbosity 0``."""
        if self.verbosity:
            self.stdout.write(text)


class PlayersCommand(RealmCommand):
    """A command that goes over all players of a realm, or over one; it can be interrupted and go on later."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--player", metavar="ID", help="This player only.")
        which.add_argument("--after", metavar="ID", help="Go on behind this player, as an interrupted run says.")
        parser.add_argument(
            "--batch-size", type=positive, default=100, metavar="N", help="Players in memory at a time; default 100."
        )

    def selection(self, options: dict[str, Any]) -> dict[str, Any]:
        """The arguments that the functions of ``engine.history`` take."""
        return {"player_id": options["player"], "after": options["after"], "batch_size": options["batch_size"]}

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; an interruption says how to go on."""
        self.last = ""
        try:
            super().handle(*args, **options)
        except KeyboardInterrupt:
            hint = f" Go on with --after {self.last}." if self.last else ""
            raise CommandError(f"Interrupted; what was done is whole.{hint}", returncode=SOME_FAILED) from None

    def counted(self, steps: Iterable[tuple[str, T]], total: int) -> Iterator[T]:
        """The steps, with progress on a terminal, quiet in a pipe. Each comes with the id of its player, "" for none;
        an interruption names the last one that was done."""
        done = 0
        for player_id, step in steps:
            yield step
            done += bool(player_id)
            self.last = player_id or self.last
            self._show(done, total)
        self._show(done, total, end="\n")

    def _show(self, done: int, total: int, end: str = "") -> None:
        if self.verbosity and self.stderr.isatty() and (end or done % 100 == 0):
            self.stderr.write(f"\r{done:,} of {total:,}", ending=end)
            self.stderr.flush()


def positive(text: str) -> int:
    """A positive integer of the command line."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"should be a positive whole number, not {text!r}")
    return number
