"""What players are owed for what they did before a rule existed: the preview of a retroactive award (``engine.md``
§17.6). ``services.award`` gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_playlyfe import instants
from django_playlyfe.engine.history.players import BATCH, batches
from django_playlyfe.engine.history.projected import calls_of
from django_playlyfe.engine.history.what_if import WhatIf, shifts_of
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import awarding
from django_playlyfe.engine.rules.awarding import Chronicle
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Write


def owed(
    realm: Realm, plan: Plan, *, player_id: str | None = None, after: str | None = None, batch_size: int = BATCH
) -> Iterator[WhatIf]:
    """What the levels and achievements of a design would give or take if it were in force. Nothing is written.

    An achievement is owed to whoever met its condition at any moment of the history as it was recorded, and never held
    it. A level is that of the present score, so it may also be taken.

    Args:
        realm: whose log.
        plan: the design, compiled; in force or not.
        player_id, after, batch_size: as :func:`~django_playlyfe.engine.history.what_if.what_if`.

    Returns:
        One after the other every player, in the order of creation.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as every selector.
    """
    now = instants.now()
    for batch in batches(realm, player_id=player_id, after=after, size=batch_size):
        for player in batch:
            earned, projections = look_back(player, plan)
            outcome = awarding.award(plan, projections.state(plan), earned, now)
            yield WhatIf(player.player_id, shifts_of(outcome.writes) if outcome.events else ())


def look_back(player: Player, plan: Plan, calls: Iterable[Call] | None = None) -> tuple[list[str], Projections]:
    """The achievement rules that a player is owed, by their history, in the order of the moments; and the scores and
    counts that it comes to. ``calls`` is the history, if it is not the whole log."""
    projections, chronicle = Projections(player), Chronicle(plan)
    for call in calls_of([player]) if calls is None else calls:
        if call.status != Call.Status.APPLIED:
            continue
        projections.apply([Write(metric, item, old, new) for metric, item, old, _, new in call.writes], call.at)
        if call.kind == Call.Kind.RESET:
            projections.clear_counts()
            chronicle.begin_anew()
        if call.kind == Call.Kind.PLAY:
            projections.add_play(call.action, call.inputs["count"], call.local_date, {})
        if not chronicle.is_settled:
            chronicle.look(projections.state(plan, call.local_date), call.at)
    return list(chronicle.earned), projections
