"""``manage.py playlyfe_engine_export``: the design in force as a design file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.export import export
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.history.transfer import write_game
from django_playlyfe.engine.models import Environment
from django_playlyfe.engine.realm import Realm, find_game, version_in_force
from django_playlyfe.exceptions import ConfigurationError

WRONG_INPUT = 2
"""Exit code: there is no such design, or the file cannot be written."""


class Command(BaseCommand):
    help = "Prints the design in force as JSON. Loading it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("--environment", choices=Environment.values, default="production")
        parser.add_argument(
            "--game", default="", metavar="ID", help="Which game; may be left out if there is only one."
        )
        parser.add_argument(
            "--with-players",
            action="store_true",
            help="The whole game as JSON lines: all designs, players and the event log of both environments.",
        )
        parser.add_argument("--output", metavar="FILE", help="Write to this file instead of printing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Raises CommandError with exit code 2 if there is nothing to export or the file cannot be written."""
        realm = Realm(options["game"], options["environment"])
        if options["with_players"]:
            self._write_game(realm, options["output"])
            return
        try:
            version = version_in_force(find_game(realm), realm)
        except ConfigurationError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from None
        except DatabaseError as error:
            raise CommandError(
                f"The engine's tables cannot be used: {error}. Did you run `manage.py migrate`?"
            ) from error
        # Databases may reorder the keys of stored JSON; normalising puts them into the order of the schema.
        text = export(normalise(version.document))
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_text(text, encoding="utf-8")
        except OSError as error:
            reason = f"Cannot write {options['output']}: {error.strerror}"
            raise CommandError(reason, returncode=WRONG_INPUT) from error

    def _write_game(self, realm: Realm, output: str | None) -> None:
        """Line by line, in one transaction."""
        try:
            with transactions.atomic():
                if output is None:
                    for line in write_game(realm):
                        self.stdout.write(line, ending="")
                else:
                    with Path(output).open("w", encoding="utf-8") as file:
                        file.writelines(write_game(realm))
        except ConfigurationError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from None
        except OSError as error:
            raise CommandError(f"Cannot write {output}: {error.strerror}", returncode=WRONG_INPUT) from error
