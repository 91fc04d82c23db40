"""Who reads which board: visibility, and the arguments that say which cycle and scope (``http-api.md`` §6.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property

from django_playlyfe import instants
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Game, Player
from django_playlyfe.engine.realm import Realm, find_game, find_player, version_in_force
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules import conditions
from django_playlyfe.engine.rules.plan import ALWAYS, Board, Plan
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.selectors.sheets import Sheet, find_sheet
from django_playlyfe.wire import make_error

_FIRST = datetime(2, 1, 1, tzinfo=timezone.utc)
_LAST = datetime(9998, 12, 31, tzinfo=timezone.utc)
"""Between them every instant has a cycle around it in every time zone. Nothing happens so early or so late."""


@dataclass(frozen=True)
class Reader:
    """Somebody who reads boards: a player, or a visitor."""

    game: Game
    environment: str
    plan: Plan
    player: Player | None

    @classmethod
    def find(cls, realm: Realm, player_id: str | None) -> Reader:
        """The reader with the design in force. One query. Raises PlayerNotFound, ConfigurationError."""
        player = None if player_id is None else find_player(realm, player_id)
        game = find_game(realm) if player is None else player.game
        return cls(game, realm.environment, plan_of(version_in_force(game, realm)), player)

    def may_see(self, board: Board) -> bool:
        """Whether the board's ``requires`` holds. A condition speaks of a player, so no visitor meets one."""
        if board.requires == ALWAYS:
            return True
        return self._snapshot is not None and conditions.holds(board.requires, self._snapshot)

    def open(self, board_id: str) -> Board:
        """A board that the reader may see. Raises NotFound (``leaderboard_not_found``), AccessDenied."""
        board = self.plan.boards.get(board_id)
        if board is None:
            raise make_error("leaderboard_not_found", f"The leaderboard '{board_id}' does not exist")
        if not self.may_see(board):
            raise make_error("access_denied", f"The leaderboard '{board_id}' is not open to this player")
        return board

    def sheet(self, board: Board, cycle: str, timestamp: datetime | None = None, scope_id: str | None = None) -> Sheet:
        """The rows of a board in one cycle and scope.

        Boards of teams, and boards inside teams, are empty until there are teams.

        Raises:
            InvalidRequest: it has no such cycle, or needs a scope that is not named.
            NotFound: there is no such team (``team_not_found``).
        """
        check_choice("cycle", cycle, board.cycles)
        scope = board_scope(board, scope_id)
        at = selecting(timestamp)
        return find_sheet(self.game, self.environment, self.plan, board, cycle=cycle, at=at, scope=scope)

    @cached_property
    def _snapshot(self) -> Snapshot | None:
        """The reader's situation; two queries, and only for a board with a condition."""
        if self.player is None:
            return None
        return Snapshot.take(self.plan, Projections.of(self.player).state(self.plan), instants.now(), {})


def selecting(timestamp: datetime | None) -> datetime:
    """The instant that selects a cycle: now if None."""
    return instants.now() if timestamp is None else min(max(timestamp, _FIRST), _LAST)


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raises InvalidRequest unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise invalid(f"/{name}", f"should be one of {', '.join(choices)}", code="ENUM_MISMATCH", found=value)


def board_scope(board: Board, scope_id: str | None) -> str:
    """The scope of a custom board, "" for others. Raises InvalidRequest if the board needs one, NotFound if there is
    no such team."""
    if board.scope_type == "custom":
        if not scope_id:
            raise invalid("/scope_id", f"'{board.id}' needs a scope", code="OBJECT_MISSING_REQUIRED_PROPERTY")
        if not inputs.is_printable(scope_id):
            raise invalid("/scope_id", "should be text without control characters", found=scope_id)
        return scope_id
    if board.scope_type == "team_instance":
        if not scope_id:
            raise invalid("/team_instance_id", f"'{board.id}' needs a team", code="OBJECT_MISSING_REQUIRED_PROPERTY")
        raise make_error("team_not_found", f"The team '{scope_id}' does not exist")
    return ""
