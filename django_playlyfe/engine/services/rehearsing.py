"""What a write would come to: it is made, looked at and rolled back, so that no preview can differ from the deed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from django_playlyfe.engine.calls import changes
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm, lock_player, version_in_force
from django_playlyfe.engine.rules.state import PlayerState
from django_playlyfe.wire import make_error

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Rehearsal:
    """What a write would change of a player.

    Attributes:
        changes: net changes of scores in wire shape, those of levels last.
        no_longer: further calls that would become void: what they needed would be gone.
        again: void calls that would count.
        seen: the player's newest call, for :func:`if_unchanged`.
    """

    changes: tuple[dict[str, Any], ...]
    no_longer: int = 0
    again: int = 0
    seen: int = 0


class _RolledBack(Exception):
    """Ends a rehearsal."""


def rehearse(realm: Realm, player_id: str, write: Callable[[], object]) -> Rehearsal:
    """Find out what ``write``, a service that changes this player only, would change. Nothing of it stays, and no
    signal is sent; the player's row is locked meanwhile.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as every service.
        PlaylyfeError: what ``write`` raises.
    """
    found = []
    with suppress(_RolledBack), transactions.atomic():
        player = lock_player(realm, player_id)
        plan = plans.plan_of(version_in_force(player.game, realm))

        def state() -> PlayerState:
            return Projections.load(player).state(plan)

        before, statuses, seen = state(), _without_effect(player), _newest_call(player)
        write()
        now = _without_effect(player)
        drafts = changes.difference(plan, before, state())
        moved = tuple(change for draft in drafts for change in draft.body["changes"])
        void = {call for call, status in statuses.items() if status == Call.Status.VOID}
        now_void = {call for call, status in now.items() if status == Call.Status.VOID}
        found.append(Rehearsal(moved, no_longer=len(now_void - void), again=len(void - now.keys()), seen=seen))
        raise _RolledBack
    return found[0]


def if_unchanged(realm: Realm, player_id: str, seen: int, write: Callable[[], Answer]) -> Answer:
    """Do what was rehearsed, if nothing has happened to the player since; so what is sent twice is done once.

    Raises:
        Conflict: something has (``conflict``).
        PlaylyfeError: what ``write`` raises.
    """
    with transactions.atomic():
        if _newest_call(lock_player(realm, player_id)) != seen:
            raise make_error("conflict", "Something has happened to this player meanwhile", status=409)
        return write()


def _newest_call(player: Player) -> int:
    calls = Call.objects.using(transactions.write_alias()).filter(player=player)
    return calls.order_by("-pk").values_list("pk", flat=True).first() or 0


def _without_effect(player: Player) -> dict[int, str]:
    """The player's calls that do not count, and why."""
    calls = Call.objects.using(transactions.write_alias()).filter(player=player)
    return dict(calls.exclude(status=Call.Status.APPLIED).values_list("pk", "status"))
