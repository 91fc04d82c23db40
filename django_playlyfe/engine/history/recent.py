"""``explain`` in steps: the newest calls of a player, then older ones; each costs the same, however long the log is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.history.explaining import item_id, movement_of, went_on
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm, find_player, version_in_force
from django_playlyfe.types import Movement

STEP = 1000
"""Calls that one step looks at."""


@dataclass(frozen=True)
class Recent:
    """What moved a score, as far as a step looked.

    Attributes:
        movements: the oldest first, as :func:`~django_playlyfe.engine.history.explain` tells them. Which reward paid is
            told of calls since the state of the player is known: those of the first step, and not before a reset.
        looked_at: calls.
        older: ``before`` of the next step; None if the log begins here.
    """

    movements: tuple[Movement, ...]
    looked_at: int
    older: int | None


def explain_recent(
    realm: Realm, player_id: str, metric: str, item: str = "", *, before: int | None = None, calls: int = STEP
) -> Recent:
    """The calls that moved a score, among the newest ones of a player. A constant number of queries.

    Args:
        realm, player_id, metric, item: as :func:`~django_playlyfe.engine.history.explain`.
        before: only calls older than this row of the log; None = from the newest.
        calls: how many are looked at.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError, NotFound: as ``explain``.
    """
    player = find_player(realm, player_id)
    member = item_id(plan_of(version_in_force(player.game, realm)), metric, item)
    rows = Call.objects.filter(player=player).select_related("version").defer("version__document")
    newest = list((rows if before is None else rows.filter(pk__lt=before)).order_by("-pk")[: calls + 1])
    older = newest[calls - 1].pk if len(newest) > calls else None
    step = newest[:calls][::-1]
    moved = tuple(_movements(player, step, metric, member, is_newest=before is None))
    return Recent(moved, len(step), older)


def _movements(player: Player, step: Sequence[Call], metric: str, item: str, *, is_newest: bool) -> Iterator[Movement]:
    known = _known_from(step) if is_newest else len(step)
    state = _before(player, step[known:]) if is_newest else None
    total: int | None = None
    for index, call in enumerate(step):
        if call.status != Call.Status.APPLIED:
            continue
        movement = movement_of(call, metric, item, state if index >= known else None, total)
        if movement is not None:
            total = movement.total
            yield movement
        if state is not None and index >= known:
            went_on(state, call)


def _known_from(step: Sequence[Call]) -> int:
    """Where the state of the player can be followed from: a reset forgets counts, so nobody knows them before it."""
    resets = [index for index, call in enumerate(step) if call.kind == Call.Kind.RESET]
    return resets[-1] + 1 if resets else 0


def _before(player: Player, step: Sequence[Call]) -> Projections:
    """What the player had before these calls, the newest ones: what is stored, with them taken back."""
    state = Projections.load(player)
    guards.load_all([state])
    for call in reversed(step):
        if call.status != Call.Status.APPLIED:
            continue
        state.restore(call.writes)
        for guard, thing, value, _after in reversed(call.guards):
            if value is None:
                state.guards.pop((guard, thing), None)
            else:
                state.guards[guard, thing] = value
        if call.kind == Call.Kind.PLAY and call.action in state.counts:
            count = state.counts[call.action]
            state.counts[call.action] = replace(count, count=count.count - call.inputs["count"])
    if step and any(plan_of(call.version).asks_for_streaks for call in step):
        for action, days in log.days_played(player, list(state.counts), before=step[0].pk).items():
            state.counts[action] = replace(state.counts[action], days=days)
    return state
