"""``manage.py playlyfe_backfill app.Model …``: a play for each row that was there before the game."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import models

from django_playlyfe import services
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionLimitReached,
    ActionNotFound,
    Conflict,
    PlaylyfeError,
)
from django_playlyfe.management.game_command import SOME_FAILED, WRONG_INPUT, GameCommand
from django_playlyfe.management.row_plays import RowPlays, Unplayable, WrongFields
from django_playlyfe.services import Play
from django_playlyfe.types import PlayResult

MOST_TOLD = 20
"""So many failures are told one by one, the others counted."""

TOO_OLD = (
    "The engine takes plays of the last 30 days. To play older ones, run this once with more in the settings: "
    'PLAYLYFE_SERVER = {"BACKDATE_DAYS": 3650}.'
)


class Command(GameCommand):
    """Turns rows into plays, in chunks, through ``services.play_many``."""

    help = (
        "Play an action for each row of a model, at the time that the row names: for what users did before there was a "
        "game. Safe to repeat: the key of a row counts once. Goes on after failures. For example: "
        "playlyfe_backfill library.Book --action finish_book --time-field finished_at --vars pages=pages,genre=genre "
        "--key book:{pk}. "
        "The engine refuses plays that are older than PLAYLYFE_SERVER['BACKDATE_DAYS'] (30); raise it for this run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="app.Model", help="Whose rows are played, in the order of primary keys.")
        parser.add_argument("--action", required=True, help="Id of the action.")
        parser.add_argument("--time-field", required=True, help="Field that says when it happened.")
        parser.add_argument(
            "--key",
            required=True,
            help="Idempotency key with fields in braces; the one that the site's own code uses for such a play.",
        )
        parser.add_argument(
            "--vars", default="", help="Variables and the fields of their values: pages=pages,genre=genre."
        )
        parser.add_argument("--user-field", help="Field that says who played (default: the only one of users).")
        parser.add_argument("--after", metavar="PK", help="Leave out the rows up to this primary key.")
        parser.add_argument(
            "--feedback",
            action="store_true",
            help="Show users what came of it, as of any play; else they are not told.",
        )
        parser.add_argument("--chunk", type=int, default=100, help="Plays in one transaction (default: %(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_game(options["game"])
        plays = self._row_plays(options)
        self._done_up_to = self._after(plays, options["after"])
        self._told = 0
        self._tells_users = options["feedback"]
        if options["chunk"] < 1:
            raise CommandError("--chunk should be 1 or more.", returncode=WRONG_INPUT)
        total = plays.rows(self._done_up_to).count()
        outcomes = self.with_progress(self._outcomes(plays, options), total, unit="row")
        counts: Counter[str] = Counter()
        try:
            for outcome in outcomes:
                counts[outcome] += 1
        except KeyboardInterrupt:
            self._report(counts)
            raise CommandError(f"Stopped. {self._how_to_go_on()}", returncode=SOME_FAILED) from None
        self._report(counts)
        if counts["failed"]:
            raise CommandError(f"{counts['failed']} failed; mend them and run this again.", returncode=SOME_FAILED)

    def _row_plays(self, options: dict[str, Any]) -> RowPlays:
        try:
            return RowPlays.read(
                options["model"],
                action=options["action"],
                time=options["time_field"],
                key=options["key"],
                variables=options["vars"],
                user=options["user_field"],
            )
        except WrongFields as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error

    def _after(self, plays: RowPlays, text: str | None) -> Any:
        if text is None:
            return None
        try:
            return plays.model._meta.pk.to_python(text)
        except ValidationError:
            raise CommandError(f"--after {text!r} is no primary key of this model.", returncode=WRONG_INPUT) from None

    def _outcomes(self, plays: RowPlays, options: dict[str, Any]) -> Iterator[str]:
        """Play chunk after chunk; gives what came of each row."""
        while rows := list(plays.rows(self._done_up_to)[: options["chunk"]]):
            outcomes = self._play_chunk(plays, rows, options["game"])
            self._done_up_to = rows[-1].pk
            yield from outcomes

    def _play_chunk(self, plays: RowPlays, rows: list[models.Model], game: str) -> list[str]:
        """All plays of a chunk in one transaction; if one is an error, each in its own."""
        outcomes, wanted = [], []
        for row in rows:
            try:
                wanted.append((row, plays.play_of(row)))
            except Unplayable as error:
                outcomes.append(self._failed(row, error))
        try:
            results = services.play_many([play for _, play in wanted], game=game, tell=self._tells_users)
        except ActionNotFound as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        except PlaylyfeError:
            return outcomes + [self._play_one(row, play, game) for row, play in wanted]
        return outcomes + [self._outcome(row, result) for (row, _), result in zip(wanted, results, strict=True)]

    def _play_one(self, row: models.Model, play: Play, game: str) -> str:
        try:
            (result,) = services.play_many([play], game=game, tell=self._tells_users)
        except Conflict:  # the site played it when it happened, or the row has changed since
            return "played before otherwise"
        except PlaylyfeError as error:
            return self._failed(row, error)
        return self._outcome(row, result)

    def _outcome(self, row: models.Model, result: PlayResult) -> str:
        if result.error is not None and not isinstance(result.error, (AccessDenied, ActionLimitReached)):
            return self._failed(row, result.error)
        if result.replayed:
            return "played before"
        return {"applied": "played", "pending": "owed"}.get(result.status, result.status)

    def _failed(self, row: models.Model, error: Exception) -> str:
        self._told += 1
        if self._told <= MOST_TOLD:
            self.stderr.write(f"{row.pk}: {error}")
            problems = (getattr(error, "data", None) or {}).get("errors", ())
            for problem in problems:
                self.stderr.write(f"  {problem['path']}: {problem['message']}")
            if any(problem["path"] == "/played_at" and problem["code"] == "MINIMUM" for problem in problems):
                self.stderr.write(f"  {TOO_OLD}")
        return "failed"

    def _report(self, counts: Counter[str]) -> None:
        if self._told > MOST_TOLD:
            self.stderr.write(f"… and {self._told - MOST_TOLD} more.")
        summary = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "no rows"
        self.stdout.write(f"{summary[0].upper()}{summary[1:]}.")

    def _how_to_go_on(self) -> str:
        done = self._done_up_to
        return "Nothing is played yet." if done is None else f"To go on, add: --after {done}"
