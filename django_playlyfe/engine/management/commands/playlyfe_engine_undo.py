"""``manage.py playlyfe_engine_undo``: take a play out of history, with all that came of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_playlyfe.engine import services
from django_playlyfe.engine.management.realm_command import WRONG_INPUT, RealmCommand
from django_playlyfe.engine.realm import Realm


class Command(RealmCommand):
    help = (
        "Takes a play of a player out of history, with all that came of it: the one with this action and idempotency "
        "key, or the one with this number in the log. The player's later calls are judged again with the same dice. "
        "Exit code 2: there is no such play."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("player", metavar="PLAYER", help="Id of the player.")
        parser.add_argument("action", metavar="ACTION", nargs="?", help="Id of the action.")
        parser.add_argument("key", metavar="KEY", nargs="?", help="The play's idempotency key.")
        parser.add_argument("--call", type=int, metavar="NUMBER", help="The play's number in the log, instead of both.")
        super().add_arguments(parser)

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Undo."""
        player, action, key, call = (options[name] for name in ("player", "action", "key", "call"))
        if (call is None) is (action is None or key is None):
            raise CommandError("Name the play by ACTION and KEY, or by --call NUMBER.", returncode=WRONG_INPUT)
        undone = services.undo(realm, player, action, key) if call is None else services.undo_call(realm, player, call)
        self.say(f"Undone by call {undone.call_id}.")
        for event in [*undone.events["local"], *undone.events["global"]]:
            for change in event["changes"]:
                metric, delta = change["metric"], change["delta"]
                moved = delta if metric["type"] == "set" else {"": delta}
                for item, values in moved.items():
                    name = f"{metric['id']} {item}".rstrip()
                    self.say(f"    {name}: {values['old'] or 'none'} -> {values['new'] or 'none'}")
