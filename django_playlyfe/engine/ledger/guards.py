"""What once-only rules and best attempts have paid (``engine.md`` §17.1, §17.2), between the table and the rules: a
projection of the log.

A call reads the guards that it may ask for, and no others: a player may have thousands. Calls whose rules pay every
time read and write nothing here. The player's lock keeps two calls from moving one guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, OnceGuard, Player
from django_playlyfe.engine.rules import once
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Guard, Guards

_FIELDS = ("player_id", "guard", "thing", "value")
_BATCH = 500
"""Most rows of one statement."""


def asked_by_play(plan: Plan, action: str, given: Mapping[str, Any]) -> set[Guard]:
    """The guards that a play may ask for."""
    definition = plan.actions.get(action)
    return set() if definition is None else set(once.asked(definition.rules, definition.variables, given))


def asked_by_rule(plan: Plan, rule: str, given: Mapping[str, Any]) -> set[Guard]:
    """The guards that a custom rule may ask for."""
    definition = plan.custom_rules.get(rule)
    return set() if definition is None else set(once.asked(definition.rules, definition.variables, given))


def load(projections: Iterable[Projections], asked: set[Guard]) -> None:
    """Tell players which of these guards they have closed. One query, none if nothing is asked."""
    if not asked:
        return
    by_key = {stored.player.pk: stored for stored in projections}
    rows = _rows().filter(
        player__in=by_key, guard__in={guard for guard, _ in asked}, thing__in={thing for _, thing in asked}
    )
    for player, guard, thing, value in rows.values_list(*_FIELDS):
        by_key[player].guards[guard, thing] = value


def load_all(projections: Iterable[Projections]) -> None:
    """Tell players of all guards that they have closed. One query."""
    by_key = {stored.player.pk: stored for stored in projections}
    for player, guard, thing, value in _rows().filter(player__in=by_key).values_list(*_FIELDS):
        by_key[player].guards[guard, thing] = value


def store(calls: Iterable[Call]) -> None:
    """Store what new calls have moved, in the order of the log. One query, none if there is nothing."""
    rows = {}
    for call in calls:
        for (guard, thing), value in once.moved(call.guards).items():
            rows[call.player_id, guard, thing] = _row(call.player_id, (guard, thing), value)
    _store(list(rows.values()))


def rewrite(player: Player, before: Guards, after: Guards) -> None:
    """Bring a player's rows from what they say to what they should."""
    if before.keys() - after.keys():
        stored = _rows().filter(player=player).values_list("pk", "guard", "thing")
        _rows().filter(pk__in=[key for key, *guard in stored if tuple(guard) not in after]).delete()
    add(player, {guard: value for guard, value in after.items() if before.get(guard) != value})


def add(player: Player, guards: Guards) -> None:
    """Store these, there already or not."""
    _store([_row(player.pk, guard, value) for guard, value in sorted(guards.items())])


def forget(players: Sequence[Player]) -> None:
    """Nothing was paid."""
    _rows().filter(player__in=[player.pk for player in players]).delete()


def _row(player: int | None, guard: Guard, value: int) -> OnceGuard:
    assert player is not None, "a call of a player who is there"  # noqa: S101 - for mypy
    return OnceGuard(player_id=player, guard=guard[0], thing=guard[1], value=value)


def _store(rows: list[OnceGuard]) -> None:
    if rows:
        names_target = transactions.write_connection().features.supports_update_conflicts_with_target
        _rows().bulk_create(
            rows,
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=["player", "guard", "thing"] if names_target else None,
            update_fields=["value"],
        )


def _rows() -> QuerySet[OnceGuard]:
    return OnceGuard.objects.using(transactions.write_alias())
