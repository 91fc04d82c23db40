"""``manage.py playlyfe_status``: can the game be used, and is it given what it is owed?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_playlyfe import services
from django_playlyfe.management import monitoring
from django_playlyfe.management.game_command import SOME_FAILED, WRONG_INPUT, GameCommand


class Command(GameCommand):
    """Shows what ``services.status`` knows."""

    help = (
        "Show whether a game can be used, how many users are linked and, of a game on a server, what is owed to it. "
        "Exit code 0: all is well, 1: the game cannot be used or a condition of --fail-if holds, 2: wrong input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument(
            "--fail-if",
            default="",
            metavar="CONDITIONS",
            help="Exit with 1 if one of these holds, such as oldest>300,uncertain>0,dead>0,paused.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_game(options["game"])
        try:
            conditions = monitoring.parse(options["fail_if"]) if options["fail_if"] else []
        except ValueError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from None
        status = services.status(options["game"])
        if options["json"]:
            self.stdout.write(json.dumps(status, ensure_ascii=False, default=str))
        else:
            for name, value in status.items():
                self.stdout.write(f"{name}: {_readable(value)}")
        if not status["ok"]:
            raise CommandError(f"The game {options['game']!r} cannot be used.", returncode=SOME_FAILED)
        queue = status.get("queue")  # none is kept of an embedded game, so none of its conditions holds
        failing = [condition for condition in conditions if condition.holds(queue)] if queue is not None else []
        if queue is not None and failing:
            told = ", ".join(f"{one.fact} is {one.value(queue)} (limit {one.limit})" for one in failing)
            raise CommandError(f"The game {options['game']!r} needs attention: {told}.", returncode=SOME_FAILED)


def _readable(value: Any) -> str:
    if isinstance(value, Mapping):
        if all(isinstance(count, int) and not isinstance(count, bool) for count in value.values()):
            return ", ".join(f"{count} {name}" for name, count in value.items())
        return "; ".join(f"{name.replace('_', ' ')}: {_readable(inner)}" for name, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " / ".join(_readable(inner) for inner in value) or "none"
    return "none" if value is None else str(value)
