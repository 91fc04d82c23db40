"""Leaderboards (``engine.md`` §11, ``http-api.md`` §6.7, §6.8).

Boards of teams are listed as the design says, and empty until there are teams.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django_playlyfe.engine.realm import Realm, check_player_id
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules.plan import Board, Plan
from django_playlyfe.engine.selectors import ranks
from django_playlyfe.engine.selectors.board_actions import actions_of
from django_playlyfe.engine.selectors.board_readers import Reader, board_scope, check_choice
from django_playlyfe.engine.selectors.merging import merged_scores
from django_playlyfe.engine.selectors.paging import check_page
from django_playlyfe.engine.selectors.ranks import RankedRow
from django_playlyfe.engine.selectors.sheets import Sheet
from django_playlyfe.wire import make_error

Wire = dict[str, Any]


def leaderboards(realm: Realm, player_id: str | None = None) -> list[Wire]:
    """The boards that a player can see, sorted by id; without a player those that everybody can see."""
    reader = Reader.find(realm, player_id)
    boards = (board for _, board in sorted(reader.plan.boards.items()))
    return [_description(reader.plan, board) for board in boards if reader.may_see(board)]


def leaderboard(
    realm: Realm,
    board: str,
    *,
    player_id: str | None = None,
    cycle: str = "alltime",
    timestamp: datetime | None = None,
    skip: int = 0,
    limit: int = 10,
    sort: str = "descending",
    ranking: str = "absolute",
    entity_id: str | None = None,
    radius: int = 5,
    scope_id: str | None = None,
    detailed: bool = False,
    merge_with: str = "",
) -> Wire:
    """A page of a board. However long the board is, at most seven queries; two more for a board with a condition, one
    for a custom one, one for ``detailed``, and one or two for each board that is merged.

    Args:
        realm: the game and environment.
        board: the board's id.
        player_id: the reader; None for a visitor, who sees the boards that everybody can see.
        cycle: one of the board's cycles.
        timestamp: selects the cycle that contains it; now if None.
        skip, limit: the page, in absolute ranking only; -1 = all.
        sort: ``descending``, or ``ascending``, which reverses the listing; ranks keep their values.
        ranking: ``absolute``, or ``relative``: up to ``radius`` rows before and after that of ``entity_id``.
        entity_id: centre of a relative answer; the reader if None.
        radius: 0 = only the entity's row.
        scope_id: scope of a custom board, team of a ``team_instance`` board; required for those.
        detailed: add to each row ``actions``: what plays of each action brought, ``[{"id", "name", "score"}]``. It is
            summed up from the log of the players shown.
        merge_with: ``<board>[/<scope>]|<cycle>[|<timestamp>],…``: ``score`` becomes a flat array of board and score,
            ``["top_readers", "125", "by_genre", "85"]``; "0" where a merged board lacks the entity.

    Returns:
        ``{"data": [{"rank", "score", "player": {"id", "alias"}}], "total"}``; ``total`` counts the whole board. In a
        relative answer the entity's row has ``"primary": true``.

    Raises:
        NotFound: there is no such board (``leaderboard_not_found``) or team.
        AccessDenied: the reader may not see it, or a board that is merged.
        PlayerNotFound: no such reader; or a relative read of an entity that is not on the board.
        InvalidRequest: an argument is wrong.
        ConfigurationError: no such game, or it has no active design.
    """
    check_choice("sort", sort, ("descending", "ascending"))
    check_choice("ranking", ranking, ("absolute", "relative"))
    check_page(skip, limit)
    reader = Reader.find(realm, player_id)
    definition = reader.open(board)
    sheet = reader.sheet(definition, cycle, timestamp, scope_id)
    total = ranks.total(sheet)
    if ranking == "relative":
        rows, primary = _window(sheet, entity_id or player_id, radius), entity_id or player_id
        rows = rows[::-1] if sort == "ascending" else rows
    else:
        rows, primary = _page(sheet, total, skip, limit, sort), None
    data = [_row(row, is_primary=row.player_id == primary) for row in rows]
    if merge_with:
        _merge(data, rows, merged_scores(reader, definition, rows, merge_with))
    if detailed:
        scope = board_scope(definition, scope_id)
        _detail(data, actions_of(reader, definition, rows, cycle=cycle, timestamp=timestamp, scope=scope))
    return {"data": data, "total": total}


def leaderboard_row(
    realm: Realm,
    board: str,
    player_id: str,
    *,
    cycle: str = "alltime",
    timestamp: datetime | None = None,
    scope_id: str | None = None,
) -> Wire | None:
    """The reader's own row of a board, None if the reader is not on it. Raises as :func:`leaderboard`. At most three
    queries; two more for a board with a condition, one for a custom one."""
    reader = Reader.find(realm, player_id)
    sheet = reader.sheet(reader.open(board), cycle, timestamp, scope_id)
    return next((_row(row) for row in ranks.around(sheet, player_id, 0)), None)


def _page(sheet: Sheet, total: int, skip: int, limit: int, sort: str) -> list[RankedRow]:
    if sort == "ascending":
        return ranks.page_from_the_end(sheet, total, skip, limit)
    return ranks.page(sheet, skip, limit)


def _window(sheet: Sheet, entity_id: str | None, radius: int) -> list[RankedRow]:
    if isinstance(radius, bool) or not isinstance(radius, int) or radius < 0:
        raise invalid("/radius", "should be a number from 0 up", code="MINIMUM", found=radius)
    if entity_id is None:
        raise invalid("/entity_id", "is required where no player reads", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    window = ranks.around(sheet, check_player_id(entity_id, "/entity_id"), radius)
    if not window:
        raise make_error("player_not_found")
    return window


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


def _row(row: RankedRow, *, is_primary: bool = False) -> Wire:
    body: Wire = {"primary": True} if is_primary else {}
    return {**body, "rank": row.rank, "score": str(row.value), "player": {"id": row.player_id, "alias": row.alias}}


def _merge(data: Sequence[Wire], rows: Sequence[RankedRow], merged: Sequence[tuple[str, dict[int, int]]]) -> None:
    for body, row in zip(data, rows, strict=True):
        others = [[board, str(scores.get(row.entrant, 0))] for board, scores in merged[1:]]
        body["score"] = [merged[0][0], body["score"], *(part for pair in others for part in pair)]


def _detail(data: Sequence[Wire], details: Sequence[list[Wire]]) -> None:
    for body, actions in zip(data, details, strict=True):
        body["actions"] = actions
