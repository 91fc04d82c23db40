"""``manage.py playlyfe_engine_status``: the games of this host, for people and for monitoring."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_playlyfe.engine.selectors.hosts import describe

FAILED, WRONG_INPUT = 1, 2


class Command(BaseCommand):
    help = (
        "Prints each game of this host: designs in force, players, calls, clients. Exit code 0: every game can be "
        "played; 1: there is none, or one has no design in force in production; 2: no such game."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("--game", default="", metavar="ID", help="This one only.")
        parser.add_argument("--json", action="store_true", help="For machines: one JSON array.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Raises CommandError with the exit code."""
        try:
            games = describe(options["game"])
        except DatabaseError as error:
            raise CommandError(
                f"The engine's tables cannot be used ({error}). Run `manage.py migrate` first."
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(games, indent=2))
        else:
            for game in games:
                self._print(game)
        if options["game"] and not games:
            raise CommandError(f"There is no game '{options['game']}'.", returncode=WRONG_INPUT)
        if not games:
            raise CommandError("There is no game yet. Run `manage.py playlyfe_engine_load starter`.", returncode=FAILED)
        waiting = [game["id"] for game in games if game["environments"]["production"]["version"] is None]
        if waiting:
            raise CommandError(f"No design is in force in production: {', '.join(waiting)}.", returncode=FAILED)

    def _print(self, game: dict[str, Any]) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"{game['id']}  {game['title']}"))
        for name, environment in game["environments"].items():
            version = environment["version"]
            design = "no design in force" if version is None else f"design {version}"
            self.stdout.write(
                f"  {name:<11} {design}, {environment['players']:,} players, {environment['calls']:,} calls, "
                f"last {environment['last_call'] or 'never'}"
            )
            for client in environment["clients"]:
                self.stdout.write(f"    client {client['name']} ({client['id']}): {', '.join(client['scopes'])}")
