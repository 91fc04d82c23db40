"""Leaderboards (``engine.md`` §11, ``http-api.md`` §6.7, §6.8).

Live are all-time boards of players over the whole game. Boards of teams, custom scopes and shorter cycles are listed as
the design says and cannot be read yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone as clock

from django_playlyfe.engine.models import Game, Player, Score
from django_playlyfe.engine.plans import plan_of
from django_playlyfe.engine.projections import Projections
from django_playlyfe.engine.realm import Realm, check_player_id, find_game, find_player, version_in_force
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules import conditions
from django_playlyfe.engine.rules.plan import ALWAYS, Board, Plan
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.selectors import ranks
from django_playlyfe.engine.selectors.paging import check_page
from django_playlyfe.engine.selectors.ranks import RankedRow
from django_playlyfe.wire import make_error

Wire = dict[str, Any]


def leaderboards(realm: Realm, player_id: str | None = None) -> list[Wire]:
    """The boards that a player can see, sorted by id; without a player those that everybody can see."""
    reader = _Reader.find(realm, player_id)
    boards = (board for _, board in sorted(reader.plan.boards.items()))
    return [_description(reader.plan, board) for board in boards if reader.may_see(board)]


def leaderboard(
    realm: Realm,
    board: str,
    *,
    player_id: str | None = None,
    cycle: str = "alltime",
    timestamp: datetime | None = None,  # noqa: ARG001 - there is one all-time cycle, and every instant is in it
    skip: int = 0,
    limit: int = 10,
    sort: str = "descending",
    ranking: str = "absolute",
    entity_id: str | None = None,
    radius: int = 5,
    scope_id: str | None = None,  # noqa: ARG001 - of custom boards only, which are not live yet
) -> Wire:
    """A page of a board. However long the board is, at most seven queries; two more for a board with a condition.

    Args:
        realm: the game and environment.
        board: the board's id.
        player_id: the reader; None for a visitor, who sees the boards that everybody can see.
        cycle: one of the board's cycles; only ``alltime`` is live.
        timestamp: selects the cycle that contains it.
        skip, limit: the page, in absolute ranking only; -1 = all.
        sort: ``descending``, or ``ascending``, which reverses the listing; ranks keep their values.
        ranking: ``absolute``, or ``relative``: up to ``radius`` rows before and after that of ``entity_id``.
        entity_id: centre of a relative answer; the reader if None.
        radius: 0 = only the entity's row.
        scope_id: scope of a custom board.

    Returns:
        ``{"data": [{"rank", "score", "player": {"id", "alias"}}], "total"}``; ``total`` counts the whole board. In a
        relative answer the entity's row has ``"primary": true``.

    Raises:
        NotFound: there is no such board (``leaderboard_not_found``).
        AccessDenied: the reader may not see it.
        PlayerNotFound: no such reader; or a relative read of an entity that is not on the board.
        InvalidRequest: an argument is wrong, or a board of this kind is not live yet.
        ConfigurationError: no such game, or it has no active design.
    """
    _check_choice("sort", sort, ("descending", "ascending"))
    _check_choice("ranking", ranking, ("absolute", "relative"))
    check_page(skip, limit)
    rows = _live_rows(_Reader.find(realm, player_id), board, cycle)
    if ranking == "relative":
        return _relative(rows, entity_id or player_id, radius, sort)
    total = rows.count()
    page = ranks.page_from_the_end(rows, total, skip, limit) if sort == "ascending" else ranks.page(rows, skip, limit)
    return {"data": [_row(row) for row in page], "total": total}


def leaderboard_row(realm: Realm, board: str, player_id: str, *, cycle: str = "alltime") -> Wire | None:
    """The reader's own row of a board, None if the reader is not on it. Raises as :func:`leaderboard`. At most three
    queries; two more for a board with a condition."""
    rows = _live_rows(_Reader.find(realm, player_id), board, cycle)
    return next((_row(row) for row in ranks.around(rows, player_id, 0)), None)


def _relative(rows: QuerySet[Score], entity_id: str | None, radius: int, sort: str) -> Wire:
    if isinstance(radius, bool) or not isinstance(radius, int) or radius < 0:
        raise invalid("/radius", "should be a number from 0 up", code="MINIMUM", found=radius)
    if entity_id is None:
        raise invalid("/entity_id", "is required where no player reads", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    window = ranks.around(rows, check_player_id(entity_id), radius)
    if not window:
        raise make_error("player_not_found")
    data = [{"primary": True, **_row(row)} if row.player.player_id == entity_id else _row(row) for row in window]
    return {"data": data[::-1] if sort == "ascending" else data, "total": rows.count()}


# --- who reads what ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reader:
    """Somebody who reads boards: a player, or a visitor."""

    game: Game
    environment: str
    plan: Plan
    player: Player | None

    @classmethod
    def find(cls, realm: Realm, player_id: str | None) -> _Reader:
        player = None if player_id is None else find_player(realm, player_id)
        game = find_game(realm) if player is None else player.game
        return cls(game, realm.environment, plan_of(version_in_force(game, realm)), player)

    def may_see(self, board: Board) -> bool:
        """Whether the board's ``requires`` holds. A condition speaks of a player, so no visitor meets one."""
        if board.requires == ALWAYS:
            return True
        return self._snapshot is not None and conditions.holds(board.requires, self._snapshot)

    @cached_property
    def _snapshot(self) -> Snapshot | None:
        """The reader's situation; two queries, and only for a board with a condition."""
        if self.player is None:
            return None
        return Snapshot.take(self.plan, Projections.load(self.player).state(self.plan), clock.now(), {})


def _live_rows(reader: _Reader, board_id: str, cycle: str) -> QuerySet[Score]:
    """The rows of a board that the reader may see and that the engine can already read."""
    board = reader.plan.boards.get(board_id)
    if board is None:
        raise make_error("leaderboard_not_found", f"The leaderboard '{board_id}' does not exist")
    if not reader.may_see(board):
        raise make_error("access_denied", f"The leaderboard '{board_id}' is not open to this player")
    _check_choice("cycle", cycle, board.cycles)
    if board.entity_type != "players" or board.scope_type != "game":
        raise invalid("/board", f"'{board_id}' cannot be read yet: only boards of players in scope 'game' are live")
    if cycle != "alltime":
        raise invalid("/cycle", f"'{cycle}' cannot be read yet: only 'alltime' is live", code="ENUM_MISMATCH")
    return ranks.board_rows(reader.game, reader.environment, board.metric)


# --- wire shapes ------------------------------------------------------------------------------------------------------


def _description(plan: Plan, board: Board) -> Wire:
    metric = plan.metrics[board.metric]
    scope: Wire = {"type": board.scope_type}
    if board.scope_id:
        scope["id"] = board.scope_id
    body: Wire = {"id": board.id, "name": board.name}
    if board.description:
        body["description"] = board.description
    return {
        **body,
        "entity_type": board.entity_type,
        "metric": {"id": metric.id, "type": metric.type, "name": metric.name},
        "scope": scope,
        "cycles": list(board.cycles),
    }


def _row(row: RankedRow) -> Wire:
    player = {"id": row.player.player_id, "alias": row.player.alias}
    return {"rank": row.rank, "score": str(row.value), "player": player}


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise invalid(f"/{name}", f"should be one of {', '.join(choices)}", code="ENUM_MISMATCH", found=value)
