"""``manage.py playlyfe_engine_explain``: why is a score what it is?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from django_playlyfe.engine import history
from django_playlyfe.engine.management.realm_command import RealmCommand
from django_playlyfe.engine.realm import Realm
from django_playlyfe.types import Movement, MovementPart, ScoreValue
from django_playlyfe.wire import write_instant


class Command(RealmCommand):
    help = "Prints each call that moved a score of a player, with amounts, sums and the rule that paid."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("player", metavar="PLAYER", help="Id of the player.")
        parser.add_argument("metric", metavar="METRIC", help="Id of the metric.")
        parser.add_argument("item", metavar="ITEM", nargs="?", default="", help="Id or name of an item, for a set.")
        super().add_arguments(parser)

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Explain."""
        total = 0
        for movement in history.explain(realm, options["player"], options["metric"], options["item"]):
            self.stdout.write(_line(movement))
            for part in movement.parts:
                self.stdout.write(f"    {_said(part.old)} -> {_said(part.new)} by {_source(part)}")
            total += 1
        self.say(f"{total} calls moved this score.")


def _line(movement: Movement) -> str:
    amount = f" {movement.amount:+}, sum {movement.total}" if isinstance(movement.new, int) else ""
    change = f"{_said(movement.old)} -> {_said(movement.new)}"
    return f"{write_instant(movement.at)} call {movement.key} ({movement.kind}): {change}{amount}"


def _source(part: MovementPart) -> str:
    where = f", rule {part.reward[0] + 1}, reward {part.reward[1] + 1}" if part.reward is not None else ""
    return f"{part.event} {part.id}".rstrip() + where


def _said(value: ScoreValue) -> str:
    return "none" if value is None else str(value)
