"""``manage.py playlyfe_engine_replay``: make scores, counts, feeds and leaderboards anew from the event log."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine import history
from django_playlyfe.engine.history import players
from django_playlyfe.engine.management.realm_command import PlayersCommand
from django_playlyfe.engine.realm import Realm


class Command(PlayersCommand):
    help = (
        "Throws away scores, counts, feed entries and leaderboard rows and makes them anew by re-applying what the "
        "event log recorded, batch by batch, each in a transaction of its own."
    )

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Replay."""
        total = players.count(realm, player_id=options["player"], after=options["after"])
        steps = (
            (player_id, player_id)
            for replayed in history.replay(realm, **self.selection(options))
            for player_id in replayed.player_ids
        )
        done = sum(1 for _ in self.counted(steps, total))
        self.say(f"Replayed the log of {done} players.")
        if options["player"] is None and options["after"] is None:
            self.say(f"State: {history.state_hash(realm, batch_size=options['batch_size'])}")
