"""``manage.py playlyfe_engine_repair``: store again, where it differs, what the event log says."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from django_playlyfe.engine import history
from django_playlyfe.engine.history import players
from django_playlyfe.engine.management.realm_command import SOME_FAILED, PlayersCommand
from django_playlyfe.engine.realm import Realm


class Command(PlayersCommand):
    help = (
        "Compares scores, counts, feeds and leaderboards with the event log and rewrites what differs, player by "
        "player. Exit code 1: the log itself has a gap that no rewriting can mend."
    )

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Repair. Raises CommandError with exit code 1 if something is left."""
        total = players.count(realm, player_id=options["player"], after=options["after"])
        found = history.repair(realm, **self.selection(options))
        repaired = left = 0
        for checked in self.counted(((checked.player_id, checked) for checked in found), total):
            repaired += any(difference.kind != "log" for difference in checked.differences)
            left += any(difference.kind == "log" for difference in checked.differences)
            for difference in checked.differences:
                self.say(f"{checked.player_id or '(nobody)'}: {difference}")
        self.say(f"Repaired: {repaired}.")
        if left:
            raise CommandError(f"The log of {left} players has gaps, which stay.", returncode=SOME_FAILED)
