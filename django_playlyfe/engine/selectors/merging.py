"""Several boards in one answer: ``merge_with`` (``engine.md`` §11.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django_playlyfe.engine.calls.inputs import is_printable
from django_playlyfe.engine.calls.instants import read_instant
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules.plan import Board
from django_playlyfe.engine.selectors.board_readers import Reader
from django_playlyfe.engine.selectors.ranks import RankedRow

_FORM = "should be <board>[/<scope>]|<cycle>[|<timestamp>], several of them separated by commas"
_MOST = 20
"""Boards in one answer: each costs a query or two."""


@dataclass(frozen=True)
class _Part:
    board: str
    scope: str
    cycle: str
    timestamp: datetime | None


def merged_scores(
    reader: Reader, main: Board, rows: Sequence[RankedRow], merge_with: str
) -> list[tuple[str, dict[int, int]]]:
    """The boards to merge, the main one first and without scores: id, and score by ``entrant`` of those in ``rows``.

    Raises:
        InvalidRequest: the text has another form, or a board ranks other entities than the main one.
        NotFound, AccessDenied: there is no such board, or the reader may not see it.
    """
    merged: list[tuple[str, dict[int, int]]] = [(main.id, {})]
    for part in _parts(merge_with):
        board = reader.open(part.board)
        if board.entity_type != main.entity_type:
            raise invalid("/merge_with", f"'{board.id}' ranks {board.entity_type}, '{main.id}' {main.entity_type}")
        if part.cycle not in board.cycles or (board.scope_type in ("custom", "team_instance") and not part.scope):
            raise invalid("/merge_with", f"names no cycle, or no scope, of '{board.id}'", code="ENUM_MISMATCH")
        sheet = reader.sheet(board, part.cycle, part.timestamp, part.scope or None)
        scores = sheet.rows.filter(entrant__in=[row.entrant for row in rows])
        merged.append((board.id, {row["entrant"]: int(row["score"]) for row in scores}))
    return merged


def _parts(text: str) -> list[_Part]:
    entries = text.split(",")
    if len(entries) > _MOST:
        raise invalid("/merge_with", f"should name at most {_MOST} boards", code="ARRAY_LENGTH_LONG")
    return [_part(entry.strip()) for entry in entries]


def _part(text: str) -> _Part:
    place, *rest = text.split("|")
    board, _, scope = place.partition("/")
    if not board or len(rest) not in (1, 2) or not is_printable(scope):
        raise invalid("/merge_with", _FORM, code="INVALID_FORMAT", found=text)
    timestamp = read_instant(rest[1], "/merge_with") if len(rest) > 1 else None
    return _Part(board, scope, rest[0], timestamp)
