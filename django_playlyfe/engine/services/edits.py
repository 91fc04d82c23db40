"""What an administrator does to a player's scores (``engine.md`` §4, ``http-api.md`` §7.2, §7.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.calls.inputs import read_reason
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.compile import compile_rewards
from django_playlyfe.engine.design.patches import read_rewards
from django_playlyfe.engine.ledger import guards
from django_playlyfe.engine.ledger.log import Recorded, new_seed
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.judgement import differences
from django_playlyfe.engine.rules.state import Outcome, PlayerState
from django_playlyfe.engine.services.recording import Edit, Scene


def adjust_scores(
    realm: Realm,
    player_id: str,
    rewards: Sequence[Mapping[str, Any]],
    *,
    admin: str = "",
    reason: str = "",
    idempotency_key: str | None = None,
) -> Recorded:
    """Change scores by rewards: ``[{"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "20"}]``.

    Levels and achievements follow. Items and states may be named by id or by name.

    Args:
        rewards: as in a design, without probability; compounds cannot be changed.
        admin: who does it; told in the event.
        reason: why; kept with what was asked, in no event. At most 500 characters.
        idempotency_key: the same key with the same rewards gives the first call and changes nothing.

    Returns:
        The recorded call: one ``score`` event, and what follows from it.

    Raises:
        PlayerNotFound: no such player.
        InvalidRequest: a reward is wrong, or the reason too long; ``data`` is the report.
        Conflict: the key was used for other rewards (``idempotency_key_reused``).
        ConfigurationError: no such game, or it has no active design.
    """
    why, edit = read_reason(reason), Edit.under(idempotency_key, rewards)
    with transactions.atomic():
        scene = Scene.enter(realm, player_id)
        earlier = scene.earlier(Call.Kind.SCORE, edit)
        if earlier is not None:
            return earlier
        canonical = read_rewards(scene.version.document, rewards)
        compiled = compile_rewards(canonical, scene.plan)
        outcome = judge.apply_rewards(scene.plan, scene.state, compiled, scene.at, admin)
        given = {"rewards": canonical, "admin": admin, **why, **edit.inputs}
        return scene.record(Call.Kind.SCORE, outcome, given, idempotency_key=edit.key)


def reset_player(
    realm: Realm, player_id: str, *, admin: str = "", reason: str = "", idempotency_key: str | None = None
) -> Recorded:
    """Give a player the state of a new one: the bootstrap and nothing else; action counts and limits begin anew too.

    Silent: in the log, in no feed. The log keeps what was before. A play before a reset can be undone like any other:
    what the reset gave stays, past cycles of leaderboards move.

    Args:
        admin, reason: as of :func:`adjust_scores`; both are kept in the log only.
        idempotency_key: a second call with the same key changes nothing.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as :func:`adjust_scores`.
    """
    edit = Edit.under(idempotency_key, {})
    given = {**({"admin": admin} if admin else {}), **read_reason(reason), **edit.inputs}
    with transactions.atomic():
        scene = Scene.enter(realm, player_id)
        earlier = scene.earlier(Call.Kind.RESET, edit)
        if earlier is not None:
            return earlier
        dice = KeyedDice(scene.player.game.secret, new_seed(scene.at))
        fresh = judge.bootstrap(scene.plan, PlayerState(), scene.at, dice)
        writes = tuple(differences(scene.plan, scene.state, fresh.state))
        scene.projections.clear_counts()
        guards.forget([scene.player])
        outcome = Outcome(fresh.state, writes, (), fresh.rolls)
        return scene.record(Call.Kind.RESET, outcome, given, idempotency_key=edit.key)
