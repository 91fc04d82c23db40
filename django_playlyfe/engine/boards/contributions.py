"""What one call contributes to leaderboards (``engine.md`` §11.2, §11.4). Pure: nothing is read or written here.

A contribution is recorded in the log as a *credit*. From then on it is a fact: rows are sums of recorded credits, so
that undo, replay and repair need neither today's design nor players who were erased since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django_playlyfe.engine.models import Call
from django_playlyfe.engine.rules import compounds
from django_playlyfe.engine.rules.cycles import ALLTIME
from django_playlyfe.engine.rules.plan import Board, CompoundMetric, Plan, PointMetric
from django_playlyfe.engine.rules.state import PlayerState

RecordedCredit = list[Any]
"""``[board, scope, entity, delta]``, and fifth the instant in ms that it counts at, if not that of its call."""

_SCOPED = frozenset({"action", "custom_rule", "progress"})
"""The events whose changes go to custom scopes; follow-up levels and achievements do not (§11.4)."""


Delta = Mapping[str, Any]
"""``{"old", "new"}`` of a point or compound metric: number strings, or None."""


class Address(NamedTuple):
    """One entity in one scope of a custom board, as a call named it; ``entity`` is a player's public id."""

    board: str
    scope: str
    entity: str


def stored_cycles(board: Board) -> Sequence[str]:
    """The cycles of a board whose rows are kept. All-time boards of a whole game are read from the scores."""
    if board.entity_type != "players":
        return ()
    return board.cycles if board.scope_type == "custom" else [cycle for cycle in board.cycles if cycle != ALLTIME]


def own_credits(plan: Plan, call: Call) -> list[RecordedCredit]:
    """What a call changes for its own player: everything that it wrote, level and achievement events included."""
    boards = [board for board in plan.boards.values() if board.scope_type != "custom" and stored_cycles(board)]
    if not boards:
        return []
    moved = dict(deltas(plan, call))
    return [[board.id, "", call.player_id, moved[board.metric]] for board in boards if board.metric in moved]


def addresses(plan: Plan, call: Call) -> list[Address]:
    """The places in custom scopes that a call names and that one of its changes concerns, each once."""
    scopes = call.inputs.get("scopes") or ()
    if not scopes:
        return []
    touched = _own_changes(call)
    found = {
        Address(board.id, name, scope["entity_id"]): None
        for scope in scopes
        for board, name in _addressed(plan, scope["id"])
        if board.metric in touched
    }
    return list(found)


def scope_delta(plan: Plan, call: Call, board: str) -> int:
    """What a call adds in a custom board: the changes of its metric in the call's own event."""
    metric = plan.metrics[plan.boards[board].metric]
    default = metric.default if isinstance(metric, PointMetric) else 0
    return sum(
        _number(delta["new"], default) - _number(delta["old"], default) for delta in _own_changes(call)[metric.id]
    )


def _addressed(plan: Plan, scope: str) -> Iterator[tuple[Board, str]]:
    """The custom boards that a scope id means: all of them, or the one of the older form ``<board>/<scope>``."""
    prefix, _, rest = scope.partition("/")
    named = plan.boards.get(prefix)
    if rest and named is not None and named.scope_type == "custom":
        if stored_cycles(named):
            yield named, rest
        return
    for board in plan.boards.values():
        if board.scope_type == "custom" and stored_cycles(board):
            yield board, scope


def _own_changes(call: Call) -> Mapping[str, list[Delta]]:
    """Metric -> deltas in the call's own event."""
    found: dict[str, list[Delta]] = {}
    for entry in call.events[:1]:
        if entry["body"]["event"] in _SCOPED:
            for change in entry["body"]["changes"]:
                found.setdefault(change["metric"]["id"], []).append(change["delta"])
    return found


def deltas(plan: Plan, call: Call) -> Iterator[tuple[str, int]]:
    """Metric -> what a call changed in all. A missing score counts as the default (§11.2)."""
    for metric, _, before, _, after in call.writes:
        definition = plan.metrics.get(metric)
        if isinstance(definition, PointMetric):
            default = definition.default
            yield metric, (default if after is None else after) - (default if before is None else before)
        elif isinstance(definition, CompoundMetric):
            told = list(_told(call, metric)) if before is None else []
            if before is None and call.events and not told:
                continue  # the compound is younger than the scores it counts: stored now, and the same as before
            start = int(told[0]["old"]) if told and told[0]["old"] is not None else before
            yield metric, _or_uncounted(plan, metric, after) - _or_uncounted(plan, metric, start)


def _or_uncounted(plan: Plan, compound: str, value: int | None) -> int:
    """The value of a compound; where none is stored what the defaults make of it, else 0."""
    return (compounds.evaluate(plan, PlayerState()).get(compound) or 0) if value is None else value


def _told(call: Call, metric: str) -> Iterator[Delta]:
    """The deltas of a metric in all events of a call."""
    for entry in call.events:
        for change in entry["body"].get("changes", ()):
            if change["metric"]["id"] == metric:
                yield change["delta"]


def _number(text: str | None, default: int) -> int:
    return default if text is None else int(text)
