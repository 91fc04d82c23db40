"""``manage.py playlyfe_engine_diff``: what would another design have made of what was played?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_playlyfe.engine import history
from django_playlyfe.engine.design.load import STARTER, read
from django_playlyfe.engine.exceptions import DesignInvalid
from django_playlyfe.engine.history import players
from django_playlyfe.engine.history.what_if import ShiftCount, WhatIf
from django_playlyfe.engine.management.realm_command import WRONG_INPUT, PlayersCommand
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules.plan import Plan, StateMetric
from django_playlyfe.engine.versions import activation


class Command(PlayersCommand):
    help = (
        "Judges everything that was played by another design, with the same dice, and prints who would gain and lose "
        "what. Writes nothing. Exit code 2: the design has errors."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("design", metavar="FILE", help=f'A design file (JSON), or "{STARTER}".')
        super().add_arguments(parser)
        parser.add_argument("--players", action="store_true", help="Also print each player who gains or loses.")

    def run(self, realm: Realm, options: dict[str, Any]) -> None:
        """Compare."""
        plan = self._plan(realm, options["design"])
        selection = self.selection(options)
        total = players.count(realm, player_id=options["player"], after=options["after"])
        totals = history.Totals()
        found = history.what_if(realm, plan, **selection)
        for one in self.counted(((one.player_id, one) for one in found), total):
            totals.add(one)
            if options["players"] and (one.shifts or one.refused or one.admitted):
                self.stdout.write(_player_line(one))
        self._report(plan, totals)

    def _plan(self, realm: Realm, file: str) -> Plan:
        try:
            return activation.compiled(realm, read(file))
        except DesignInvalid as error:
            for line in error.report.lines() if error.report is not None else ():
                self.stderr.write(self.style.ERROR(line))
            raise CommandError(error.description, returncode=WRONG_INPUT) from None

    def _report(self, plan: Plan, totals: history.Totals) -> None:
        self.say(f"{totals.moved} of {totals.players} players would have other scores.")
        for (metric, item), count in totals.scores.items():
            name = f"{metric} {item}".rstrip()
            self.say(f"    {name}: {_sums(count, is_state=isinstance(plan.metrics.get(metric), StateMetric))}")
        for code, number in totals.refused.items():
            self.say(f"    {number} plays would have been refused: {code}")
        if totals.admitted:
            self.say(f"    {totals.admitted} plays that became void would have counted")


def _sums(count: ShiftCount, *, is_state: bool) -> str:
    if is_state:
        return f"{count.gaining} would enter, {count.losing} would leave"
    return f"{count.gaining} would gain {count.gained:,}, {count.losing} would lose {count.lost:,}"


def _player_line(one: WhatIf) -> str:
    parts = [
        f"{f'{shift.metric} {shift.item}'.rstrip()} {'none' if shift.old is None else shift.old} -> "
        f"{'none' if shift.new is None else shift.new}"
        for shift in one.shifts
    ]
    parts += [f"{number} refused ({code})" for code, number in one.refused.items()]
    parts += [f"{one.admitted} admitted"] if one.admitted else []
    return f"{one.player_id}: {'; '.join(parts)}"
