"""The one place that changes rows of leaderboards: for plays, creations, patches, rules and reverts :func:`credit`,
for an undo :func:`uncredit`. Both run in the transaction of the call, with its player locked.

A board that an activation adds counts from then on; earlier cycles stay empty. All rows are sums of the credits that
calls recorded, so a rebuild from the log gives the same rows (:func:`fold`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from django_playlyfe.engine.boards import contributions, histograms
from django_playlyfe.engine.boards.contributions import Address, RecordedCredit
from django_playlyfe.engine.boards.histograms import Move
from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.database import storing, transactions
from django_playlyfe.engine.database.statements import Asked, Reading, Row
from django_playlyfe.engine.database.storing import Upsert
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.models import BoardRow, Call, Player
from django_playlyfe.engine.rules.arithmetic import LIMIT
from django_playlyfe.engine.rules.cycles import cycle_key, first_day, following_day
from django_playlyfe.engine.rules.plan import Plan

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY = timedelta(days=1)
_LOOKED_FOR = 32
"""Most rows that are read before it is known whether a call concerns them."""


class RowKey(NamedTuple):
    """Which row: ``entity`` and ``player`` are primary keys, ``player`` None for an erased one."""

    entity: int
    board: str
    cycle: str
    scope: str
    player: int | None


_KEY, _VALUES = RowKey._fields, ("value", "reached_at")
_Values = storing.row_type(BoardRow)


class Standing(NamedTuple):
    """What a row says."""

    value: int
    reached_at: datetime


Rows = dict[RowKey, Standing]
Known = dict[RowKey, Standing | None]
"""Rows that were looked for; None = there is none."""
Entry = tuple[Player, Plan, Call]
"""A call with its player and the design that judged it; ``events`` and ``writes`` are complete."""


def credit(player: Player, plan: Plan, call: Call) -> None:
    """Find out what a call contributes to boards, note it in ``call.credits``, and update the rows.

    Call it before the call is saved. Nothing is queried for a call that concerns no board; else two queries, one more
    if it names other players in its scopes.
    """
    credit_all([(player, plan, call)])


def prepare(player: Player, plan: Plan, call: Call, known: Known) -> Upsert:
    """As :func:`credit`, but the rows are left to the caller to store, in the same transaction.

    Args:
        player, plan, call: as of :func:`credit`.
        known: what :func:`look` has found; further rows cost a query.
    """
    note([(player, plan, call)])
    given = list(_credits(player.pk, plan, call.at, call.credits))
    if not given:
        return Upsert(BoardRow, (), _KEY, _VALUES)
    changed = dict.fromkeys(credit.key for credit in given)
    stored = {key: row for key in changed if (row := known.get(key)) is not None}
    unknown = changed.keys() - known.keys()
    if unknown:
        stored |= {key: standing for key, (_, standing) in _load(unknown).items()}
    rows = dict(stored)
    _apply(rows, given)
    _note_moves(player.game_id, player.environment, stored, rows)
    return Upsert(BoardRow, _made(player.game_id, player.environment, rows), _KEY, _VALUES)


def look(player: Player, plan: Plan, at: datetime, *, in_scopes: bool) -> Look:
    """What a call at this instant is likely to change of its player's own rows, to be read beside other things.

    Nothing if the call names scopes (``in_scopes``): the rows there need a query anyway, which then reads all.
    """
    zone = ZoneInfo(plan.cycle_timezone)
    keys = [
        RowKey(player.pk, board.id, cycle_key(cycle, at, zone), "", player.pk)
        for board in plan.boards.values()
        if board.scope_type != "custom"
        for cycle in contributions.stored_cycles(board)
    ]
    if in_scopes or not 0 < len(keys) <= _LOOKED_FOR:
        return Look([], [])
    boards, cycles = sorted({key.board for key in keys}), sorted({key.cycle for key in keys})
    return Look(keys, [(_own_rows(len(boards), len(cycles)), (player.pk, *boards, *cycles))])


class Look(NamedTuple):
    """The keys of rows that are looked for, and how: no reading or one."""

    keys: list[RowKey]
    asked: list[Asked]

    def known(self, found: Sequence[Sequence[Row]]) -> Known:
        """What came of it."""
        known: Known = dict.fromkeys(self.keys)
        for player, board, cycle, value, reached_at in (row for rows in found for row in rows):
            known[RowKey(player, board, cycle, "", player)] = Standing(value, reached_at)
        return known


@lru_cache(maxsize=64)
def _own_rows(boards: int, cycles: int) -> Reading:
    """The rows of a player in so many boards and cycles."""

    def compose(player: int, *names: str) -> QuerySet[BoardRow, Row]:
        rows = BoardRow.objects.filter(entity=player, player=player, scope="")
        rows = rows.filter(board__in=names[:boards], cycle__in=names[boards:])
        return rows.values_list("player_id", "board", "cycle", "value", "reached_at")

    return Reading(compose, int, *[str] * (boards + cycles))


def credit_all(entries: Sequence[Entry]) -> None:
    """As :func:`credit` for many calls of one game and environment, in the order of the log, at the same cost."""
    note(entries)
    _add([(plan, call) for _, plan, call in entries])


def credit_recorded(plan: Plan, call: Call) -> None:
    """Update the rows by the credits that a call already holds, as a revert does which takes recorded ones back.

    Args:
        plan: the design that the credits were made under.
        call: ``credits`` is filled.
    """
    _add([(plan, call)])


def note(entries: Sequence[Entry]) -> None:
    """Fill ``call.credits``. No row changes. One query at most."""
    named = [contributions.addresses(plan, call) for _, plan, call in entries]
    entities = _find_entities(entries, named)
    for (_, plan, call), places in zip(entries, named, strict=True):
        call.credits = contributions.own_credits(plan, call) + [
            [place.board, place.scope, entities[place.entity], contributions.scope_delta(plan, call, place.board)]
            for place in places
            if place.entity in entities
        ]


def uncredit(
    player: Player, before: Iterable[tuple[Plan, datetime, list[RecordedCredit]]], calls: Iterable[Call]
) -> None:
    """Bring the rows up to date after calls of a player were taken back or judged again.

    Only rows that the old or the new credits concern are looked at; they are summed up anew from the player's calls of
    their cycles.

    Args:
        player: whose calls they are.
        before: what had been credited: design, instant and credits per call.
        calls: the same calls as they are now, saved.
    """
    concerned: Rows = {}
    for plan, at, credited in before:
        _apply(concerned, _credits(player.pk, plan, at, credited))
    for call in calls:
        _apply(concerned, _credits(player.pk, plan_of(call.version), call.at, call.credits))
    if not concerned:
        return
    right = {key: row for key, row in fold(_calls_about(player, concerned)).items() if key in concerned}
    stored = _load(concerned)
    gone = [pk for key, (pk, _) in stored.items() if key not in right]
    if gone:
        _rows().filter(pk__in=gone).delete()
    wrong = {key: row for key, row in right.items() if key not in stored or row != stored[key][1]}
    store(player.game_id, player.environment, wrong)
    _note_moves(player.game_id, player.environment, {key: standing for key, (_, standing) in stored.items()}, right)


def fold(calls: Iterable[Call]) -> Rows:
    """The rows that these calls make, from the log alone. Needs ``player_id``, ``version``, ``at``, ``credits``;
    the calls must be those that count, in the order of the log."""
    rows: Rows = {}
    for call in calls:
        add_recorded(rows, call)
    return rows


def add_recorded(rows: Rows, call: Call) -> None:
    """One more call of a :func:`fold`."""
    if call.credits:
        _apply(rows, _credits(call.player_id, plan_of(call.version), call.at, call.credits))


def add_standing(rows: Rows, key: RowKey, standing: Standing) -> None:
    """Add up rows of the same key, as erased players leave them."""
    old = rows.get(key)
    rows[key] = (
        standing if old is None else Standing(old.value + standing.value, max(old.reached_at, standing.reached_at))
    )


# --- adding up --------------------------------------------------------------------------------------------------------


class _Credit(NamedTuple):
    """What a row gets, and since when."""

    key: RowKey
    delta: int
    instant: datetime


def _credits(player: int | None, plan: Plan, at: datetime, credited: Iterable[RecordedCredit]) -> Iterator[_Credit]:
    """What recorded credits of a call give to which rows."""
    zone = ZoneInfo(plan.cycle_timezone)
    for board_id, scope, entity, delta, *other in credited:
        board = plan.boards.get(board_id)
        instant = _EPOCH + timedelta(milliseconds=other[0]) if other else at
        for cycle in contributions.stored_cycles(board) if board is not None else ():
            yield _Credit(RowKey(entity, board_id, cycle_key(cycle, instant, zone), scope, player), delta, instant)


def _apply(rows: Rows, credited: Iterable[_Credit]) -> None:
    """Add credits to rows in memory. A sum that no column could hold is no change (interface.md §4)."""
    for key, delta, instant in credited:
        old = rows.get(key)
        value = delta + (old.value if old is not None else 0)
        if abs(value) <= LIMIT:
            rows[key] = Standing(value, max(old.reached_at, instant) if old is not None else instant)


def _add(entries: Sequence[tuple[Plan, Call]]) -> None:
    """Update the rows by what calls of one game and environment have recorded. Two queries, none without credits."""
    given = [credit for plan, call in entries for credit in _credits(call.player_id, plan, call.at, call.credits)]
    if not given:
        return
    first = entries[0][1]
    is_news = all(call.kind == Call.Kind.CREATE for _, call in entries)  # nothing can be stored of new players
    found = {} if is_news else _load({credit.key for credit in given})
    stored = {key: standing for key, (_, standing) in found.items()}
    rows = dict(stored)
    _apply(rows, given)
    store(first.game_id, first.environment, rows)
    _note_moves(first.game_id, first.environment, stored, rows)


def _calls_about(player: Player, rows: Iterable[RowKey]) -> Iterable[Call]:
    """The calls of a player that can have written these rows: those of their cycles, and reverts of them."""
    cycles = {row.cycle for row in rows}
    calls = Call.objects.using(transactions.write_alias()).filter(player=player, status=Call.Status.APPLIED)
    if "" not in cycles:
        # A day more on each side: cycles are counted in the game's own zone.
        start = datetime.combine(min(map(first_day, cycles)) - _DAY, datetime.min.time(), timezone.utc)
        end = datetime.combine(max(map(following_day, cycles)) + _DAY, datetime.min.time(), timezone.utc)
        calls = calls.filter(Q(at__gte=start, at__lt=end) | ~Q(kind__in=[Call.Kind.PLAY, Call.Kind.CREATE]))
    calls = calls.select_related("version").defer("version__document", "events", "writes", "dice", "inputs")
    return calls.order_by("pk").iterator(chunk_size=1000)


# --- tables -----------------------------------------------------------------------------------------------------------


def _rows() -> QuerySet[BoardRow]:
    return BoardRow.objects.using(transactions.write_alias())


def _load(keys: Iterable[RowKey]) -> dict[RowKey, tuple[int, Standing]]:
    """The stored ones of these rows, with their primary keys. One query, which may read a few others too."""
    wanted = set(keys)
    entities, boards, cycles, scopes, players = (set(values) for values in zip(*wanted, strict=True))
    found = _rows().filter(
        entity__in=entities, board__in=boards, cycle__in=cycles, scope__in=scopes, player__in=players
    )
    rows = found.values_list("pk", "value", "reached_at", "entity_id", "board", "cycle", "scope", "player_id")
    return {
        key: (pk, Standing(value, reached_at))
        for pk, value, reached_at, *names in rows
        if (key := RowKey._make(names)) in wanted
    }


def store(game: int, environment: str, rows: Mapping[RowKey, Standing]) -> None:
    """Insert or update rows, in one statement."""
    storing.upsert(transactions.write_alias(), Upsert(BoardRow, _made(game, environment, rows), _KEY, _VALUES))


def _made(game: int, environment: str, rows: Mapping[RowKey, Standing]) -> list[storing.Row]:
    return [
        _Values(
            game_id=game,
            environment=environment,
            board=key.board,
            cycle=key.cycle,
            scope=key.scope,
            entity_id=key.entity,
            player_id=key.player,
            is_own=key.entity == key.player,
            value=row.value,
            reached_at=row.reached_at,
        )
        for key, row in rows.items()
    ]


def _note_moves(game: int, environment: str, before: Rows, after: Rows) -> None:
    """Tell the histograms of large boards which of their rows change."""
    moves = [
        Move(
            SheetKey(game, environment, board=key.board, cycle=key.cycle, scope=key.scope),
            before[key].value if key in before else None,
            after[key].value if key in after else None,
        )
        for key in {**before, **after}
        if key.entity == key.player
    ]
    histograms.moved(game, environment, moves)


def key_of(row: BoardRow) -> RowKey:
    """Which row it is."""
    return RowKey(row.entity_id, row.board, row.cycle, row.scope, row.player_id)


def standing_of(row: BoardRow) -> Standing:
    """What it says."""
    return Standing(row.value, row.reached_at)


def _find_entities(entries: Sequence[Entry], named: Iterable[Iterable[Address]]) -> dict[str, int]:
    """Public id -> primary key of the players that scopes name; unknown ones are left out. No query if all of them
    are players of these calls."""
    known = {player.player_id: player.pk for player, _, _ in entries}
    unknown = {place.entity for places in named for place in places} - known.keys()
    if unknown:
        game, environment = entries[0][0].game_id, entries[0][0].environment
        players = Player.objects.using(transactions.write_alias()).filter(game_id=game, environment=environment)
        known |= players.filter(player_id__in=unknown).values_list("player_id", "pk")
    return known
