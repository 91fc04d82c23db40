"""``manage.py playlyfe_engine_check``: does what is stored differ from the event log?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_playlyfe.engine import history
from django_playlyfe.engine.history import players
from django_playlyfe.engine.management.realm_command import SOME_FAILED, PlayersCommand
from django_playlyfe.engine.realm import Realm


class Command(PlayersCommand):
    help = (
        "Compares scores, counts, feeds and leaderboards with the event log and prints what differs. Writes nothing; "
        "safe while players play. Exit code 0: nothing differs, 1: something does (playlyfe_engine_repair mends it)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        super().add_arguments(parser)
        parser.add_argument("--hash", action="store_true", help="Also print the SHA-256 of the state (slower).")

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Check. Raises CommandError with exit code 1 if something differs."""
        total = players.count(realm, player_id=options["player"], after=options["after"])
        found = history.check(realm, **self.selection(options))
        seen = different = 0
        for checked in self.counted(((checked.player_id, checked) for checked in found), total):
            seen += bool(checked.player_id)
            different += bool(checked.differences)
            for difference in checked.differences:
                self.say(f"{checked.player_id or '(nobody)'}: {difference}")
        if options["hash"]:
            self.say(f"State: {history.state_hash(realm, batch_size=options['batch_size'])}")
        if different:
            raise CommandError(
                f"{different} of {seen} players differ from the log. Run `manage.py playlyfe_engine_repair`.",
                returncode=SOME_FAILED,
            )
        self.say(self.style.SUCCESS(f"{seen} players checked: everything stored is what the log says."))
