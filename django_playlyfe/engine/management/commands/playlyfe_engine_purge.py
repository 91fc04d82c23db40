"""``manage.py playlyfe_engine_purge``: delete what the mounted server needs no more, and tend large leaderboards."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from django_playlyfe.engine.boards import histograms
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Environment, Game
from django_playlyfe.engine.server.auth.housekeeping import purge


class Command(BaseCommand):
    help = (
        "Deletes expired and revoked tokens, grants that live no more, and counts of calls older than 90 days, a "
        "thousand rows at a time; then tends the histograms of large leaderboards. For cron, once a day; may be "
        "interrupted. The event log is never touched."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        deleted = Counter[str]()
        for name, number in purge():
            deleted[name] += number
        for game in Game.objects.using(transactions.write_alias()).values_list("pk", flat=True):
            for environment in Environment.values:
                histograms.tend_all(game, environment)
        if options["verbosity"]:
            self.stdout.write(
                ", ".join(f"{deleted[name]} {name}" for name in ("tokens", "grants", "usage")) + " deleted"
            )
