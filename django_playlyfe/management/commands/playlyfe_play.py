"""``manage.py playlyfe_play USER ACTION [name=value …]``: play an action for a user."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from django_playlyfe import sentences, services
from django_playlyfe.exceptions import ActionNotFound, Conflict, InvalidRequest, PlaylyfeError
from django_playlyfe.management.game_command import (
    SOME_FAILED,
    WRONG_INPUT,
    GameCommand,
    add_player_arguments,
    chosen_player,
)


class Command(GameCommand):
    """Calls ``services.play`` and says what was earned."""

    help = (
        "Play an action for a user, for example: playlyfe_play ada finish_book pages=320 genre=history. "
        "Exit code 1 if the game refuses, 2 for an unknown user or action and for wrong variables."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_player_arguments(parser)
        parser.add_argument("action", help="Id of the action.")
        parser.add_argument(
            "variables", nargs="*", metavar="name=value", help="Variables; a value in double quotes is always text."
        )
        parser.add_argument("--count", type=int, default=1, help="One play of this weight (default: %(default)s).")
        parser.add_argument("--key", help="Idempotency key: a second play with it changes nothing.")
        parser.add_argument(
            "--at", help="When it happened: an ISO 8601 instant; without offset in the site's time zone."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_game(options["game"])
        try:
            result = services.play(
                chosen_player(options),
                options["action"],
                dict(_variable(given) for given in options["variables"]),
                count=options["count"],
                idempotency_key=options["key"],
                at=_instant(options["at"]) if options["at"] else None,
                wait=True,
                game=options["game"],
            )
        except (ActionNotFound, InvalidRequest, Conflict) as error:
            raise CommandError(_with_report(error), returncode=WRONG_INPUT) from error
        if not result:
            raise CommandError(f"Refused: {result.error}", returncode=SOME_FAILED)
        note = " (played before with this key; nothing has changed)" if result.replayed else ""
        self.stdout.write(f"{result.status}{note}")
        for earned in result.earned:
            self.stdout.write(f"  {sentences.earning(earned)}")


def _variable(given: str) -> tuple[str, Any]:
    """``pages=320`` is a number, ``genre=history`` and ``year="1984"`` are text."""
    name, separator, text = given.partition("=")
    if not separator or not name:
        raise CommandError(f"{given!r} should look like name=value.", returncode=WRONG_INPUT)
    try:
        value = json.loads(text)
    except ValueError:
        return name, text
    return name, value if isinstance(value, (int, str)) and not isinstance(value, bool) else text


def _instant(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--at {text!r} should look like 2024-03-05T12:00:00+00:00.", returncode=WRONG_INPUT)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _with_report(error: PlaylyfeError) -> str:
    """The error, and where a validation report found something."""
    problems = (error.data or {}).get("errors", ())
    return "\n".join([str(error), *(f"  {problem['path']}: {problem['message']}" for problem in problems)])
