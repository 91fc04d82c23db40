"""``manage.py playlyfe_token``: how the token of a remote game is doing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from django_playlyfe import services
from django_playlyfe.management.game_command import GameCommand


class Command(GameCommand):
    """Calls ``services.token_status`` and ``services.reset_token``."""

    help = "Show how old the token of a remote game is and how long it lasts; never the token itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--reset", action="store_true", help="Forget that the client was refused, after the server was mended."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        game = options["game"]
        self.check_game(game)
        if options["reset"]:
            services.reset_token(game)
            self.stdout.write("Remembered failures are forgotten; the next call asks for a token if it needs one.")
        for name, value in services.token_status(game).items():
            self.stdout.write(f"{name}: {value}")
