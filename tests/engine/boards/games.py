"""A game whose boards can be summed up by hand, and what a reader may expect of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django_playlyfe.engine.models import BoardRow

from ..conftest import action, board, point, reward

ALL_CYCLES = ["alltime", "yearly", "monthly", "weekly", "daily"]
SUNDAY = datetime(2024, 3, 31, 12, tzinfo=timezone.utc)
"""Clocks in Lisbon go forward on this day."""
COMPOUND = {"id": "twice", "type": "compound"}


def ledger_design(zone: str = "Europe/Lisbon") -> dict[str, Any]:
    """Points without bounds, so that every play moves them by just ``amount``; ``twice`` is their double."""
    anything = {"name": "amount", "type": "int", "required": True, "default": 0}
    return {
        "game": {"id": "small", "title": "Small", "cycle_timezone": zone},
        "metrics": [
            point("xp", min="-Infinity", default="7"),
            {"id": "twice", "name": "Twice", "type": "compound", "constraints": {"formula": "$scores['xp'] * 2"}},
        ],
        "actions": [action("move", reward("xp", "$vars['amount']"), variables=[anything])],
        "leaderboards": [
            board("top", "xp", cycles=ALL_CYCLES),
            board("double", "twice", metric=COMPOUND, cycles=["weekly"]),
            board("genre", "xp", scope={"type": "custom"}, cycles=["alltime", "weekly"]),
            board("club", "xp", scope={"type": "custom"}, cycles=["monthly"]),
        ],
    }


@dataclass(frozen=True)
class Entry:
    """A play as the ledger keeps it."""

    player: str
    at: datetime
    amount: int
    scopes: tuple[tuple[str, str], ...] = ()


def stored_rows() -> dict[tuple[str, str, str, str], tuple[int, datetime]]:
    """(board, cycle, scope, entity) -> (score, reached_at), of all rows that are stored."""
    rows: dict[tuple[str, str, str, str], tuple[int, datetime]] = {}
    for row in BoardRow.objects.select_related("entity"):
        key = (row.board, row.cycle, row.scope, row.entity.player_id)
        value, reached = rows.get(key, (0, row.reached_at))
        rows[key] = (value + row.value, max(reached, row.reached_at))
    return rows


def rows_by_hand(
    entries: Iterable[Entry], zone: str = "Europe/Lisbon", players: Iterable[str] = ()
) -> dict[tuple[str, str, str, str], tuple[int, datetime]]:
    """The same from the ledger: a literal reading of ``engine.md`` §11.2 to §11.4."""
    rows: dict[tuple[str, str, str, str], tuple[int, datetime]] = {}

    def add(board: str, cycle: str, scope: str, entity: str, entry: Entry, amount: int) -> None:
        value, reached = rows.get((board, cycle, scope, entity), (0, entry.at))
        rows[board, cycle, scope, entity] = (value + amount, max(reached, entry.at))

    started: set[str] = set()
    for entry in entries:
        is_first = entry.player not in started
        started.add(entry.player)
        if not entry.amount and not is_first:
            continue  # nothing changes; the first time the default at least is stored
        day = entry.at.astimezone(ZoneInfo(zone)).date()
        sunday = next(day - timedelta(days=back) for back in range(7) if (day - timedelta(days=back)).weekday() == 6)
        for cycle in (f"d{day}", f"w{sunday}", f"m{day:%Y-%m}-01", f"y{day:%Y}-01-01"):
            add("top", cycle, "", entry.player, entry, entry.amount)
        if entry.amount:
            add("double", f"w{sunday}", "", entry.player, entry, 2 * entry.amount)
        for scope, entity in dict.fromkeys(entry.scopes):
            if entity not in players:
                continue
            for cycle in ("", f"w{sunday}"):
                if not scope.startswith("club/"):
                    add("genre", cycle, scope.removeprefix("genre/"), entity, entry, entry.amount)
            if not scope.startswith("genre/"):
                add("club", f"m{day:%Y-%m}-01", scope.removeprefix("club/"), entity, entry, entry.amount)
    return rows
