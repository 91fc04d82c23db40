"""``manage.py playlyfe_engine_award``: levels and achievements for what was done before their rules existed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from django_playlyfe.engine import history, services
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.history import players
from django_playlyfe.engine.management.realm_command import PlayersCommand
from django_playlyfe.engine.realm import Realm, find_game, version_in_force


class Command(PlayersCommand):
    help = (
        "Shows which levels and achievements of the design in force players are owed for what they did before its "
        "rules existed. With --apply they are given, by one marked call of the log per player. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        super().add_arguments(parser)
        parser.add_argument("--apply", action="store_true", help="Give what is owed; without it nothing is written.")

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Preview or award."""
        plan = plan_of(version_in_force(find_game(realm), realm))
        total = players.count(realm, player_id=options["player"], after=options["after"])
        found = history.owed(realm, plan, **self.selection(options))
        given = 0
        for one in self.counted(((one.player_id, one) for one in found), total):
            if not one.shifts or (options["apply"] and services.award(realm, one.player_id) is None):
                continue
            given += 1
            for shift in one.shifts:
                old, new = ("none" if value is None else value for value in (shift.old, shift.new))
                self.say(f"{one.player_id}: {f'{shift.metric} {shift.item}'.rstrip()} {old} -> {new}")
        verb = "were given what they were owed" if options["apply"] else "are owed something"
        self.say(f"{given} players {verb}.")
