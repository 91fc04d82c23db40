"""What once-only rules have paid (``engine.md`` §17.1), between the table and the rules: a projection of the log.

A call reads the guards that it may ask for, and no others: a player may have thousands. Calls whose rules pay every
time read and write nothing here. The player's lock keeps two calls from closing one guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from django_playlyfe.engine import transactions
from django_playlyfe.engine.models import Call, OnceGuard, Player
from django_playlyfe.engine.projections import Projections
from django_playlyfe.engine.rules import once
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Guard

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
    for player, guard, thing in rows.values_list("player_id", "guard", "thing"):
        by_key[player].guards.add((guard, thing))


def load_all(projections: Iterable[Projections]) -> None:
    """Tell players of all guards that they have closed. One query."""
    by_key = {stored.player.pk: stored for stored in projections}
    for player, guard, thing in _rows().filter(player__in=by_key).values_list("player_id", "guard", "thing"):
        by_key[player].guards.add((guard, thing))


def of(call: Call) -> Iterator[Guard]:
    """The guards that a call has closed, as the log has them."""
    return ((guard, thing) for guard, thing in call.guards)


def store(calls: Iterable[Call]) -> None:
    """Store the guards that new calls have closed. One query, none if there are none."""
    rows = [
        OnceGuard(player=call.player, guard=guard, thing=thing)
        for call in calls
        if call.player is not None
        for guard, thing in of(call)
    ]
    if rows:
        _rows().bulk_create(rows, batch_size=_BATCH)


def rewrite(player: Player, before: set[Guard], after: set[Guard]) -> None:
    """Bring a player's rows from what they say to what they should."""
    if before - after:
        stored = _rows().filter(player=player).values_list("pk", "guard", "thing")
        gone = [key for key, *guard in stored if tuple(guard) not in after]
        _rows().filter(pk__in=gone).delete()
    add(player, after - before)


def add(player: Player, guards: Iterable[Guard]) -> None:
    """Store guards that are not there yet."""
    rows = [OnceGuard(player=player, guard=guard, thing=thing) for guard, thing in sorted(guards)]
    if rows:
        _rows().bulk_create(rows, batch_size=_BATCH)


def forget(players: Sequence[Player]) -> None:
    """Nothing was paid."""
    _rows().filter(player__in=[player.pk for player in players]).delete()


def _rows() -> QuerySet[OnceGuard]:
    return OnceGuard.objects.using(transactions.write_alias())
