"""``manage.py playlyfe_status``: can the game be used?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_playlyfe import services
from django_playlyfe.management.game_command import SOME_FAILED, GameCommand


class Command(GameCommand):
    """Shows what ``services.status`` knows."""

    help = "Show whether a game can be used, and how many users are linked. Exit code 1 if it cannot."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_game(options["game"])
        status = services.status(options["game"])
        if options["json"]:
            self.stdout.write(json.dumps(status, ensure_ascii=False, default=str))
        else:
            for name, value in status.items():
                self.stdout.write(f"{name}: {_readable(value)}")
        if not status["ok"]:
            raise CommandError(f"The game {options['game']!r} cannot be used.", returncode=SOME_FAILED)


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
