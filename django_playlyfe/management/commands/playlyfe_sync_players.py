"""``manage.py playlyfe_sync_players``: bring the game's players in line with the site's users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from django_playlyfe.management.game_command import SOME_FAILED, WRONG_INPUT, GameCommand
from django_playlyfe.management.player_map import WrongMap, check_users, link_users, read_map
from django_playlyfe.services import sync
from django_playlyfe.services.sync import Synced


class Command(GameCommand):
    """Runs ``sync.sync`` over all users, or links the users of a file."""

    help = (
        "Create missing players, finish failed ones and pass on changed names. Safe to repeat; goes on after failures. "
        "With --map, link users to players that exist already, and do nothing else."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Show what would be done, and write nothing.")
        parser.add_argument(
            "--map",
            metavar="ids.csv",
            help="Two columns: login name or primary key of a user, id of an existing player. Nobody is created.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        game = options["game"]
        self.check_game(game)
        steps, total = self._mapped(options) if options["map"] else self._all(options)
        self._report(self.with_progress(steps, total, unit="user"), dry_run=options["dry_run"])

    def _all(self, options: dict[str, Any]) -> tuple[Iterable[Synced], int]:
        run = sync.plan if options["dry_run"] else sync.sync
        return run(sync.all_users(), options["game"]), get_user_model()._default_manager.count()

    def _mapped(self, options: dict[str, Any]) -> tuple[Iterable[Synced], int]:
        try:
            entries = read_map(options["map"])
        except WrongMap as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        run = check_users if options["dry_run"] else link_users
        return run(entries, options["game"]), len(entries)

    def _report(self, synced: Iterable[Synced], *, dry_run: bool) -> None:
        counts: Counter[str] = Counter()
        is_interrupted = False
        try:
            for done in synced:
                if done.error is None:
                    counts[done.step.value] += 1
                    continue
                counts["failed"] += 1
                self.stderr.write(f"{done.label}: {done.error}")
        except KeyboardInterrupt:
            is_interrupted = True
        summary = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "no users"
        self.stdout.write(f"Would be: {summary}." if dry_run else f"{summary[0].upper()}{summary[1:]}.")
        if is_interrupted:
            raise CommandError("Interrupted; what was done is whole. Run it again to go on.", returncode=SOME_FAILED)
        if counts["failed"]:
            raise CommandError(f"{counts['failed']} failed; run the command again to repair.", returncode=SOME_FAILED)
