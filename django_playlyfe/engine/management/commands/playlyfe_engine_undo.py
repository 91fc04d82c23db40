"""``manage.py playlyfe_engine_undo``: take a play out of history, with all that came of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from django_playlyfe.engine import services
from django_playlyfe.engine.management.realm_command import RealmCommand
from django_playlyfe.engine.realm import Realm


class Command(RealmCommand):
    help = (
        "Takes the play of a player with this action and idempotency key out of history, with all that came of it; the "
        "player's later calls are judged again with the same dice. Exit code 2: there is no such play."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("player", metavar="PLAYER", help="Id of the player.")
        parser.add_argument("action", metavar="ACTION", help="Id of the action.")
        parser.add_argument("key", metavar="KEY", help="The play's idempotency key.")
        super().add_arguments(parser)

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Undo."""
        undone = services.undo(realm, options["player"], options["action"], options["key"])
        self.say(f"Undone by call {undone.call_id}.")
        for event in [*undone.events["local"], *undone.events["global"]]:
            for change in event["changes"]:
                metric, delta = change["metric"], change["delta"]
                moved = delta if metric["type"] == "set" else {"": delta}
                for item, values in moved.items():
                    name = f"{metric['id']} {item}".rstrip()
                    self.say(f"    {name}: {values['old'] or 'none'} -> {values['new'] or 'none'}")
