"""Revert: the wire's way to take changes back (``engine.md`` §10.2). A site's own code uses undo."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from django.db.models import QuerySet

from django_playlyfe.engine.boards.contributions import RecordedCredit, stored_cycles
from django_playlyfe.engine.calls.inputs import read_reason
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.ledger import event_ids
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules import reverting
from django_playlyfe.engine.rules.plan import Plan, PointMetric
from django_playlyfe.engine.services.recording import Edit, Scene
from django_playlyfe.wire import make_error

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_WITH_CHANGES = (Call.Kind.PLAY, Call.Kind.RULE, Call.Kind.SCORE, Call.Kind.REVERT, Call.Kind.AWARD)


@dataclass(frozen=True)
class NamedEvent:
    """An event that somebody wants taken back."""

    call: Call
    tick: int

    @property
    def changes(self) -> list[dict[str, Any]]:
        """As they travel."""
        changes: list[dict[str, Any]] = self.call.events[self.tick]["body"].get("changes", [])
        return changes


def revert(
    realm: Realm,
    player_id: str,
    event_ids_: Sequence[str],
    *,
    admin: str = "",
    reason: str = "",
    idempotency_key: str | None = None,
) -> Recorded | None:
    """Take the changes of these events back, newest first; those that were taken back before are skipped.

    Args:
        event_ids_: ids of events of this player.
        admin: who does it; told in the event.
        reason: why; kept with what was asked, in no event.
        idempotency_key: the same key with the same events gives the first call and changes nothing; a call that found
            nothing to take back does not use it up.

    Returns:
        The recorded call: one ``score`` event, and ``level`` events; None if nothing was left to take back.

    Raises:
        NotFound: an event is not this player's, or is not there (``event_not_found``); nothing is changed.
        Conflict: the key was used for other events (``idempotency_key_reused``).
        PlayerNotFound, InvalidRequest, ConfigurationError.
    """
    wanted, why, edit = _read(event_ids_), read_reason(reason), Edit.under(idempotency_key, list(event_ids_))
    with transactions.atomic():
        scene = Scene.enter(realm, player_id)
        earlier = scene.earlier(Call.Kind.REVERT, edit)
        if earlier is not None:
            return earlier
        done = _reverted(scene.player)
        named = [event for text, event in _find(scene.player, wanted).items() if text not in done]
        if not named:
            return None
        named.sort(key=lambda event: (event.call.pk, event.tick), reverse=True)
        outcome = reverting.revert(scene.plan, scene.state, changes_of(named), scene.at, admin)
        given = {"event_ids": [_id(event) for event in named], "admin": admin, **why, **edit.inputs}
        credited = list(_credits(scene.plan, named))
        return scene.record(Call.Kind.REVERT, outcome, given, idempotency_key=edit.key, credited=credited)


def credited_again(plan: Plan, call: Call, known: Mapping[uuid.UUID, Call]) -> list[RecordedCredit]:
    """What a revert takes back on boards, by what its events had credited as they are now.

    Args:
        plan: the design that judged the revert.
        call: the row of the revert.
        known: calls by the id of their first event.
    """
    events = [
        NamedEvent(known[event_ids.first_of(event)], event_ids.tick_of(event))
        for event in map(uuid.UUID, call.inputs["event_ids"])
        if event_ids.first_of(event) in known
    ]
    return list(
        _credits(
            plan,
            [
                event
                for event in events
                if event.call.status == Call.Status.APPLIED and event.tick < len(event.call.events)
            ],
        )
    )


def calls_named(player: Player, reverts: Iterable[Call]) -> dict[uuid.UUID, Call]:
    """The calls whose events these reverts name, by the id of their first event. One query."""
    seeds = {event_ids.first_of(uuid.UUID(text)) for call in reverts for text in call.inputs["event_ids"]}
    return {call.seed: call for call in _calls(player, seeds)}


def changes_of(events: Iterable[NamedEvent]) -> Iterator[Mapping[str, Any]]:
    """All changes, newest first, if the events are."""
    for event in events:
        yield from reversed(event.changes)


def _read(given: object) -> dict[str, uuid.UUID]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise invalid("/event_ids", "should be an array of ids of events", code="INVALID_TYPE")
    found = {}
    for index, text in enumerate(given):
        try:
            found[str(uuid.UUID(text))] = uuid.UUID(text)
        except (ValueError, AttributeError, TypeError):
            raise invalid(f"/event_ids/{index}", "should be the id of an event", found=text) from None
    return found


def _find(player: Player, wanted: Mapping[str, uuid.UUID]) -> dict[str, NamedEvent]:
    """The events by their ids. The ticks of an id count from the first event of its call, at a whole millisecond."""
    seeds = {text: event_ids.first_of(event) for text, event in wanted.items()}
    calls = _calls(player, seeds.values()).filter(status=Call.Status.APPLIED)
    by_seed = {call.seed: call for call in calls}
    found = {}
    for text, event in wanted.items():
        call, tick = by_seed.get(seeds[text]), event_ids.tick_of(event)
        if call is None or tick >= len(call.events):
            raise make_error("event_not_found", f"The player '{player.player_id}' has no event '{text}'")
        found[text] = NamedEvent(call, tick)
    return found


def _calls(player: Player, seeds: Iterable[uuid.UUID]) -> QuerySet[Call]:
    calls = Call.objects.using(transactions.write_alias()).filter(
        player=player, seed__in=list(seeds), kind__in=_WITH_CHANGES
    )
    return calls.select_related("version").defer("version__document")


def _reverted(player: Player) -> set[str]:
    calls = Call.objects.using(transactions.write_alias()).filter(
        player=player, kind=Call.Kind.REVERT, status=Call.Status.APPLIED
    )
    return {text for given in calls.values_list("inputs", flat=True) for text in given.get("event_ids", ())}


def _id(event: NamedEvent) -> str:
    return str(event_ids.nth_id(event.call.seed, event.tick))


def _credits(plan: Plan, events: Iterable[NamedEvent]) -> Iterator[RecordedCredit]:
    """What the events had credited to boards, negative, each in the cycle that it was credited to."""
    for event in events:
        call = event.call
        if call.kind == Call.Kind.REVERT:  # it took back in the cycles of others, and so does this
            if event.tick == 0:
                yield from ([*credit[:3], -credit[3], *credit[4:]] for credit in call.credits)
            continue
        instant = (call.at - _EPOCH) // timedelta(milliseconds=1)
        gained = _gained(plan, event)
        for board in plan.boards.values():
            if board.scope_type != "custom" and stored_cycles(board) and gained.get(board.metric):
                yield [board.id, "", call.player_id, -gained[board.metric], instant]
        if event.tick == 0:
            for board_id, scope, entity, delta, *_ in call.credits:
                if scope:
                    yield [board_id, scope, entity, -delta, instant]


def _gained(plan: Plan, event: NamedEvent) -> dict[str, int]:
    """Metric -> what an event had added to it."""
    found: dict[str, int] = {}
    for change in event.changes:
        metric, delta = plan.metrics.get(change["metric"]["id"]), change["delta"]
        if metric is None or metric.type not in ("point", "compound"):
            continue
        default = metric.default if isinstance(metric, PointMetric) else 0
        new, old = (default if delta[end] is None else int(delta[end]) for end in ("new", "old"))
        found[metric.id] = found.get(metric.id, 0) + new - old
    return found
