"""The event log: one row per call, and what readers see of it (``engine-internals.md`` §1)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet, Subquery
from django.db.models.functions import Coalesce

from django_playlyfe.engine import signals
from django_playlyfe.engine.database import storing, transactions
from django_playlyfe.engine.database.canonical import canonical
from django_playlyfe.engine.ledger import event_ids
from django_playlyfe.engine.models import Call, DesignVersion, FeedEntry, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import streaks
from django_playlyfe.engine.rules.state import EventDraft
from django_playlyfe.wire import write_instant

if TYPE_CHECKING:
    from django_playlyfe.engine.ledger.projections import Projections

Events = dict[str, list[dict[str, Any]]]
"""``{"local": […], "global": […]}`` in wire shape."""

FeedValues = storing.row_type(FeedEntry)
"""A row of the game's feed, to be stored."""

_FIELDS = {field.attname: field.get_default for field in Call._meta.concrete_fields}
_PLAYER, _VERSION = Call._meta.get_field("player"), Call._meta.get_field("version")

_SCOPED = frozenset({"action", "custom_rule", "progress"})
"""Types of events that carry ``scopes`` (``engine.md`` §10.3)."""

_SILENT = frozenset({"create", "undo", "activation", "reset", "fix"})
"""Kinds of calls that no feed shows (``engine-internals.md`` §1)."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A call as its caller sees it.

    Attributes:
        kind: "play", "create" or "undo".
        call_id: row of the log; grows in the order of arrival.
        action: the action's id, "" where none is concerned.
        at: the instant that was judged.
        events: in wire shape, with id, timestamp, actor and scopes.
        replayed: an earlier call with the same idempotency key answered; nothing was recorded now.
        standing: what the player has right after it, for whoever answers with it in the same transaction; None where
            nobody looked.
    """

    realm: Realm
    player_id: str
    kind: str
    call_id: int
    action: str
    at: datetime
    events: Events
    replayed: bool = False
    standing: Projections | None = field(default=None, compare=False, repr=False)


def new_call(
    player: Player, version: DesignVersion, *, at: datetime, zone: str, seed: uuid.UUID | None = None, **fields: Any
) -> Call:
    """A row of the log about a player, not saved yet.

    Args:
        player: whose call it is.
        version: the design in force.
        at: the instant that was judged, whole milliseconds.
        zone: the game's time zone.
        seed: from :func:`new_seed`, if the call's dice needed it already.
        fields: further fields of :class:`Call` that are no relations.

    Raises:
        TypeError: there is no such field.
    """
    given = {
        "game_id": player.game_id,
        "environment": player.environment,
        "player_id": player.pk,
        "version_id": version.pk,
        "at": at,
        "local_date": local_date(player, zone, at),
        "seed": seed or new_seed(at),
        **fields,
    }
    if not given.keys() <= _FIELDS.keys():
        raise TypeError(f"A call has no {', '.join(sorted(given.keys() - _FIELDS.keys()))}")
    # In their order, which Django takes a third of the time for; and then what it would remember of named ones.
    by_place: type[Any] = Call
    call: Call = by_place(*(given[name] if name in given else default() for name, default in _FIELDS.items()))
    _PLAYER.set_cached_value(call, player)
    _VERSION.set_cached_value(call, version)
    return call


def applied_plays(player: Player, actions: Iterable[str] | None, *, before: int | None = None) -> QuerySet[Call]:
    """The plays of these actions (None: of all) that count, in the order of the log, from where the engine writes. What
    was before a reset no longer counts. ``before``: those that counted when the call of this primary key came."""
    calls = Call.objects.using(transactions.write_alias()).filter(player=player)
    if before is not None:
        calls = calls.filter(pk__lt=before)
    last_reset = calls.filter(kind=Call.Kind.RESET).order_by("-pk").values("pk")[:1]
    return _applied(calls, actions).filter(pk__gt=Coalesce(Subquery(last_reset), 0))


def days_played(player: Player, actions: Iterable[str], *, before: int) -> dict[str, str]:
    """On which days each of these actions was played (``rules.streaks``), as it was when the call of this primary key
    came. One query."""
    days = dict.fromkeys(actions, streaks.NEVER)
    plays = applied_plays(player, days, before=before).order_by()
    for action, day in plays.values_list("action", "local_date").distinct():
        days[action] = streaks.played(days[action], day)
    return days


def applied_plays_of(players: Iterable[int], actions: Iterable[str]) -> QuerySet[Call]:
    """As :func:`applied_plays` for several players by primary key. Two queries, the first one at once."""
    calls = Call.objects.using(transactions.write_alias()).filter(player__in=list(players))
    plays = _applied(calls, actions)
    for player, reset in calls.filter(kind=Call.Kind.RESET).values_list("player").annotate(Max("pk")).order_by():
        plays = plays.exclude(player=player, pk__lt=reset)
    return plays


def _applied(calls: QuerySet[Call], actions: Iterable[str] | None) -> QuerySet[Call]:
    plays = calls.filter(kind=Call.Kind.PLAY, status=Call.Status.APPLIED)
    return (plays if actions is None else plays.filter(action__in=list(actions))).order_by("pk")


def stored_events(drafts: Iterable[EventDraft]) -> list[dict[str, Any]]:
    """What ``Call.events`` holds."""
    return [{"global": draft.is_global, "body": dict(draft.body)} for draft in drafts]


def wire_events(call: Call, person: Player | None) -> Iterator[tuple[bool, dict[str, Any]]]:
    """The events of a call in emission order: whether it is global, and its wire object.

    Args:
        call: a row of the log.
        person: whom the events are about, put into ``actor`` (of a ``score`` event ``player``); None leaves the key
            out, as a player's own feed does (``http-api.md`` §9.2).
    """
    for tick, entry in enumerate(call.events):
        yield entry["global"], wire_event(call, tick, person)


def wire_event(call: Call, tick: int, person: Player | None) -> dict[str, Any]:
    """One event of a call in wire shape; see :func:`wire_events`."""
    event = dict(call.events[tick]["body"])
    if person is not None:
        key = "player" if event["event"] == "score" else "actor"
        event[key] = {"id": person.player_id, "alias": person.alias}
    if event["event"] in _SCOPED:
        event["scopes"] = call.inputs.get("scopes", [])
    event["timestamp"] = write_instant(call.at)
    event["id"] = str(event_ids.nth_id(call.seed, tick))
    return event


def answer(call: Call, player: Player) -> Events:
    """The events of a call as a play answers them (``http-api.md`` §6.5)."""
    events: Events = {"local": [], "global": []}
    for is_global, event in wire_events(call, player):
        events["global" if is_global else "local"].append(event)
    return events


def new_seed(at: datetime) -> uuid.UUID:
    """The id that a call's first event will have."""
    return event_ids.first_id(at)


def local_date(player: Player, zone: str, at: datetime) -> date:
    """The calendar day of a call: in the player's time zone, else in the game's."""
    return at.astimezone(ZoneInfo(player.timezone or zone)).date()


def feed_ticks(call: Call) -> list[int]:
    """Which events of a call the game's feed shows: the global ones, none of a silent call."""
    return [] if call.kind in _SILENT else [tick for tick, entry in enumerate(call.events) if entry["global"]]


def save_calls(calls: Sequence[Call]) -> None:
    """Add rows to the log, in this order. One query where the database tells the primary keys of many new rows."""
    storing.insert_many(transactions.write_alias(), calls)


def save_feed_entries(calls: Iterable[Call]) -> None:
    """Show the global events of calls in the game's feed. One query, none if there are no such events."""
    storing.add(transactions.write_alias(), FeedEntry, [entry for call in calls for entry in feed_entries(call)])


def feed_entries(call: Call) -> list[storing.Row]:
    """What the game's feed shows of a call; rows that are not saved, of a call that may not be saved either."""
    return [
        FeedValues(
            game_id=call.game_id,
            environment=call.environment,
            player_id=call.player_id,
            call_id=call.pk,
            tick=tick,
            at=call.at,
        )
        for tick in feed_ticks(call)
    ]


def recorded(
    realm: Realm, call: Call, player: Player, *, replayed: bool = False, standing: Projections | None = None
) -> Recorded:
    """The call as its caller sees it."""
    return Recorded(
        realm=realm,
        player_id=player.player_id,
        kind=call.kind,
        call_id=call.pk,
        action=call.action,
        at=call.at,
        events=answer(call, player),
        replayed=replayed,
        standing=standing,
    )


def announce(call: Recorded) -> None:
    """Send ``signals.recorded`` once the caller's transaction is committed."""
    transactions.after_commit(partial(signals.recorded.send_robust, sender=Recorded, call=call))


def same_content(call: Call, inputs: Mapping[str, Any]) -> bool:
    """Whether a call was given just these inputs, as an idempotency key demands."""
    try:
        return canonical(call.inputs) == canonical(inputs)
    except (TypeError, ValueError):  # these inputs are no JSON; no call can have been given them
        return False
