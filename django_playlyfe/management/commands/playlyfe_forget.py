"""``manage.py playlyfe_forget USER``: erase a player from the game."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_playlyfe import services
from django_playlyfe.management.game_command import SOME_FAILED, GameCommand, add_player_arguments, chosen_player


class Command(GameCommand):
    """Calls ``services.forget_player``."""

    help = "Erase a player from the game: scores, badges, activity. The user of the site stays. Cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_player_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_game(options["game"])
        player = chosen_player(options)
        if not services.forget_player(player, options["game"]):
            text = f"{options['user']} is not a player of the game {options['game']!r}; nothing was done."
            raise CommandError(text, returncode=SOME_FAILED)
        self.stdout.write(f"{options['user']} was forgotten by the game {options['game']!r}.")
