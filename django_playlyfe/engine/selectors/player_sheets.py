"""One player as the people who run the game see it: scores, standings, history (the designer's desk).

Every query here is bound to the player by an index; none grows with the number of players, nor with the length of the
log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django_playlyfe import instants
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm, version_in_force
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Board, Metric, Plan, PointMetric, SetMetric, StateMetric
from django_playlyfe.engine.rules.state import PlayerState
from django_playlyfe.engine.selectors.rankings import Ranking
from django_playlyfe.engine.selectors.sheets import find_sheet

MOST_BOARDS = 10
"""Standings that are looked up for one player."""


class Moved(NamedTuple):
    """A score that a call has changed: names of metric and item ("" but for sets), before and after; None = none."""

    metric: str
    item: str
    old: int | str | None
    new: int | str | None


@dataclass(frozen=True)
class ScoreLine:
    """A metric of the design in force, and what the player has of it.

    Attributes:
        metric: what the design says of it.
        value: a number, the name of a state, or None where nothing is stored and nothing is the default.
        items: of a set: (item id, name, count) of what is or was held, in the order of the design.
        level: of a level metric: ``{"low", "high", "next", "prev"}`` as in a profile, else None.
        by_rule: levels and compounds: they follow other scores and cannot be set.
    """

    metric: Metric
    value: int | str | None
    items: tuple[tuple[str, str, int], ...] = ()
    level: dict[str, Any] | None = None
    by_rule: bool = False


@dataclass(frozen=True)
class Standing:
    """Where the player stands on a board in its present cycle; ``rank`` None = not on it."""

    board: Board
    cycle: str
    rank: int | None = None
    score: int | None = None


@dataclass(frozen=True)
class PlayerSheet:
    """A player with what is stored, and the design in force to read it by.

    Attributes:
        counts: (action id, name, how often), by id.
        forgotten: scores of metrics or items that the design in force no longer knows: (metric, item, value).
    """

    player: Player
    plan: Plan
    scores: tuple[ScoreLine, ...]
    counts: tuple[tuple[str, str, int], ...]
    forgotten: tuple[tuple[str, str, int | str], ...]


def player_sheet(realm: Realm, player: Player) -> PlayerSheet:
    """What is stored of a player, who was read with the game. Two queries.

    Raises:
        ConfigurationError: no design is in force.
    """
    plan = plan_of(version_in_force(player.game, realm))
    stored = Projections.load(player)
    state, free = stored.state(plan), adjustable(plan)
    lines = tuple(_line(plan, metric, state, by_rule=metric.id not in free) for metric in plan.metrics.values())
    names = {action.id: action.name for action in plan.actions.values()}
    counts = tuple((key, names.get(key, key), counted.count) for key, counted in sorted(stored.counts.items()))
    known = {
        metric.id: set(metric.items) if isinstance(metric, SetMetric) else {""} for metric in plan.metrics.values()
    }
    forgotten = tuple(
        (metric, item, score.value)
        for (metric, item), score in sorted(stored.scores.items())
        if item not in known.get(metric, ())
    )
    return PlayerSheet(player, plan, lines, counts, forgotten)


def standings(realm: Realm, sheet: PlayerSheet, most: int = MOST_BOARDS) -> list[Standing]:
    """Where a player stands on the first boards of the design that rank players of the whole game, each in its first
    cycle. Two queries per board, quick ones however large the board is once it has a histogram."""
    boards = [b for b in sheet.plan.boards.values() if b.entity_type == "players" and b.scope_type == "game"]
    now, player = instants.now(), sheet.player
    found = []
    for board in boards[:most]:
        cycle = board.cycles[0]
        rows = find_sheet(player.game, realm.environment, sheet.plan, board, cycle=cycle, at=now)
        place = Ranking(rows).place(player.player_id)
        found.append(Standing(board, cycle) if place is None else Standing(board, cycle, place.rank, place.score))
    return found


def history_page(
    player: Player, *, before: int | None = None, after: int | None = None, limit: int = 25
) -> tuple[list[Call], int | None, int | None]:
    """A page of a player's part of the log, newest first, found by key. One query.

    Args:
        before: only calls older than this row; None = from the newest.
        after: only calls newer than this row, the nearest ones; wins over ``before``.
        limit: most rows.

    Returns:
        The calls; the ``before`` of the page of older ones, None if there is none; the ``after`` of the page of newer
        ones, None on the first page.
    """
    calls = Call.objects.filter(player=player).defer("dice", "credits")
    if after is not None:
        page = list(calls.filter(pk__gt=after).order_by("pk")[: limit + 1])
        newer = page[limit - 1].pk if len(page) > limit else None
        page = page[:limit][::-1]
        return page, page[-1].pk if page else None, newer
    page = list((calls if before is None else calls.filter(pk__lt=before)).order_by("-pk")[: limit + 1])
    older = page[limit - 1].pk if len(page) > limit else None
    page = page[:limit]
    return page, older, page[0].pk if page and before is not None else None


def moved(plan: Plan, call: Call) -> Iterator[Moved]:
    """What a call has changed. Names are those of the design in force; ids where it no longer knows one."""
    if call.writes:
        for metric, item, before, _, after in call.writes:
            yield _named(plan, metric, item, before, after)
        return
    for change in (change for entry in call.events for change in entry["body"].get("changes", ())):
        yield from change_lines(change)


def change_lines(change: Mapping[str, Any]) -> Iterator[Moved]:
    """A change as it travels; one line per item of a set."""
    metric, delta = change["metric"], change["delta"]
    moves = delta if metric["type"] == "set" else {"": delta}
    for item, ends in moves.items():
        yield Moved(metric["name"], item, ends["old"], ends["new"])


def adjustable(plan: Plan) -> Sequence[str]:
    """Ids of the metrics that an administrator can change: levels and compounds follow the others."""
    levels = {rule.level_metric for rule in plan.level_rules}
    return [metric.id for metric in plan.metrics.values() if metric.type != "compound" and metric.id not in levels]


def _line(plan: Plan, metric: Metric, state: PlayerState, *, by_rule: bool) -> ScoreLine:
    if isinstance(metric, SetMetric):
        held = state.items.get(metric.id, {})
        items = tuple((item.id, item.name, held[item.id]) for item in metric.items.values() if item.id in held)
        return ScoreLine(metric, sum(held.values()) if held else None, items)
    if isinstance(metric, StateMetric):
        at = state.states.get(metric.id)
        if at is None:
            return ScoreLine(metric, None, by_rule=by_rule)
        return ScoreLine(metric, metric.states[at].name, level=judge.level_meta(plan, metric.id, at), by_rule=by_rule)
    if isinstance(metric, PointMetric):
        return ScoreLine(metric, state.points.get(metric.id, metric.default))
    return ScoreLine(metric, state.compounds.get(metric.id), by_rule=by_rule)


def _named(plan: Plan, metric_id: str, item: str, before: int | str | None, after: int | str | None) -> Moved:
    metric = plan.metrics.get(metric_id)
    if metric is None:
        return Moved(metric_id, item, before, after)
    if isinstance(metric, SetMetric) and item in metric.items:
        return Moved(metric.name, metric.items[item].name, before, after)
    if isinstance(metric, StateMetric):
        names = {state.id: state.name for state in metric.states.values()}
        return Moved(metric.name, item, names.get(str(before), before), names.get(str(after), after))
    return Moved(metric.name, item, before, after)
