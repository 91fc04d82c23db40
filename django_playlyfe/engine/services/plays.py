"""Playing an action: the engine's one hot path (``engine-internals.md`` §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django_playlyfe import instants
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.calls.inputs import PlayRequest
from django_playlyfe.engine.calls.judging import PastPlay, PastPlays, judge_play
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, DesignVersion, Player
from django_playlyfe.engine.realm import Realm, lock_player, version_in_force
from django_playlyfe.engine.refusals import translated
from django_playlyfe.engine.rules.state import Dice, PlayInput, Refused
from django_playlyfe.wire import make_error


def play(
    realm: Realm,
    player_id: str,
    action: str,
    variables: Mapping[str, Any] | None = None,
    *,
    count: int = 1,
    scopes: Sequence[Mapping[str, str]] = (),
    idempotency_key: str | None = None,
    at: datetime | None = None,
    dice: Dice | None = None,
) -> Recorded:
    """Play an action (``engine.md`` §10.1). In the caller's transaction if one is open; wholly or not at all.

    Args:
        realm: the game and environment.
        player_id: whose play it is; the player is locked until the transaction ends.
        action: the action's id.
        variables: values for the action's variables.
        count: the weight of this one play, 1 to 2^31 - 1.
        scopes: ``{"id", "entity_id"}`` of custom scopes to credit.
        idempotency_key: the same key with the same content gives the first play's events and plays nothing.
        at: when it happened, if that is not now (``engine.md`` §17.14); judged at that instant.
        dice: chance, for tests; by default a keyed function of the game's secret and the call.

    Returns:
        The recorded call with its events in wire shape.

    Raises:
        PlayerNotFound, ActionNotFound: no such player or action.
        AccessDenied: the player is disabled, or the action's ``requires`` does not hold.
        ActionLimitReached: the action's rate limit; ``retry_at`` says when the same play would fit.
        InvalidRequest: an argument or variable is wrong; ``data`` is the report.
        Conflict: the key was used for another play (``idempotency_key_reused``).
        ConfigurationError: no such game, or it has no active design.
    """
    request = inputs.read_play(action, variables, count, scopes, idempotency_key, at)
    with transactions.joined():
        player = lock_player(realm, player_id)
        if not player.enabled:
            raise make_error("access_denied", f"The player '{player_id}' is disabled")
        earlier = _earlier_call(player, request)
        if earlier is not None:
            return log.recorded(realm, earlier, player, replayed=True)
        if request.at is not None:
            inputs.check_age(request.at)  # not before: a repeated play may have grown old
        version = version_in_force(player.game, realm)
        call, standing = _judge_and_store(player, version, request, dice)
        recorded = log.recorded(realm, call, player, standing=standing)
        log.announce(recorded)
        return recorded


def _earlier_call(player: Player, request: PlayRequest) -> Call | None:
    """The call that used this key before. Two at once cannot both miss it: they wait for the player's lock."""
    if request.idempotency_key is None:
        return None
    calls = Call.objects.using(transactions.write_alias())
    earlier = calls.filter(
        player=player, kind=Call.Kind.PLAY, action=request.action, idempotency_key=request.idempotency_key
    ).first()
    if earlier is not None:
        check_same_play(earlier, request)
    return earlier


def check_same_play(earlier: Call, request: PlayRequest) -> None:
    """Raise Conflict if a key that was used before now comes with another content."""
    if not log.same_content(earlier, request.as_data()):
        raise make_error(
            "idempotency_key_reused",
            f"The key '{request.idempotency_key}' was used for another play of '{request.action}' by this player",
        )


def _judge_and_store(
    player: Player, version: DesignVersion, request: PlayRequest, dice: Dice | None
) -> tuple[Call, Projections]:
    plan, at = plans.plan_of(version), request.at or inputs.in_milliseconds(instants.now())
    boards = crediting.look(player, plan, at, in_scopes=bool(request.scopes))
    projections, found = Projections.load_beside(player, *boards.asked)
    guards.load([projections], guards.asked_by_play(plan, request.action, request.variables))
    past = None if request.at is None else _past_plays(player, request.action)
    call = judged(projections, version, request, at, past, dice)
    with transactions.writing():
        credited = crediting.prepare(player, plan, call, boards.known(found))
        projections.save_with(call, log.feed_entries(call), credited)
        guards.store([call])
        if player.judged_version_id != version.pk:
            player.judged_version = version
            player.save(update_fields=["judged_version"])
    return call, projections


def judged(
    projections: Projections,
    version: DesignVersion,
    request: PlayRequest,
    at: datetime,
    past: PastPlays | None = None,
    dice: Dice | None = None,
) -> Call:
    """Judge a play: change the projections in memory, and make the row of the log, neither of them saved.

    Args:
        projections: of the player.
        version: the design in force.
        request: the play.
        at: when it happened, whole milliseconds.
        past: all earlier plays of the action, for a backdated play only.
        dice: chance, if not the game's own.

    Raises:
        PlaylyfeError: the rules refuse it; nothing is changed.
    """
    player, plan = projections.player, plans.plan_of(version)
    seed = log.new_seed(at)
    try:
        found = judge_play(
            plan,
            projections,
            PlayInput(
                action=request.action,
                variables=request.variables,
                count=request.count,
                at=at,
                thorough=player.judged_version_id != version.pk,
            ),
            dice or KeyedDice(player.game.secret, seed),
            past,
        )
    except Refused as refused:
        raise translated(refused, plan.actions.get(request.action)) from None
    return log.new_call(
        player,
        version,
        kind=Call.Kind.PLAY,
        at=at,
        zone=plan.timezone,
        seed=seed,
        action=request.action,
        idempotency_key=request.idempotency_key,
        backdated=request.at is not None,
        inputs=request.as_data(),
        dice=dict(found.outcome.rolls),
        events=log.stored_events(found.outcome.events),
        writes=found.writes,
        guards=[list(guard) for guard in found.outcome.guards],
    )


def _past_plays(player: Player, action: str) -> PastPlays:
    calls = log.applied_plays(player, [action])
    return PastPlays([PastPlay(at, given["count"]) for at, given in calls.values_list("at", "inputs")])
