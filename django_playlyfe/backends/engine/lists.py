"""Reads of many players of the embedded engine at once: each by a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from django_playlyfe import wire
from django_playlyfe.backends.base import NOTIFICATIONS_SINCE
from django_playlyfe.types import Action, Event, Leaderboard, LeaderboardRow, Listing, Player, Progress, Rarity

if TYPE_CHECKING:
    from django_playlyfe.engine.realm import Visit


class ListsOfPlayers:
    """By player id; who is not a player is left out."""

    @property
    def visit(self) -> Visit:
        """Which game in which environment, for reads."""
        raise NotImplementedError

    def leaderboard(self, board: str, *, reader_id: str | None) -> Leaderboard:
        """A page of a board."""
        raise NotImplementedError

    def known_actions(self) -> dict[str, frozenset[str]]:
        """Of the design in force."""
        from django_playlyfe.engine.design.plans import plan_of
        from django_playlyfe.engine.realm import find_game, version_in_force

        plan = plan_of(version_in_force(find_game(self.visit), self.visit))
        return {action.id: frozenset(it.name for it in action.variables) for action in plan.actions.values()}

    def profiles(self, player_ids: Iterable[str], *, detailed: bool = False) -> dict[str, Player]:
        """Several profiles by a constant number of queries."""
        from django_playlyfe.engine import selectors

        found = selectors.profiles(self.visit, player_ids, detailed=detailed)
        return {player_id: wire.read_player(body) for player_id, body in found.items()}

    def actions_of(self, player_ids: Iterable[str]) -> dict[str, Listing[Action]]:
        """What several players can see, by a constant number of queries."""
        from django_playlyfe.engine import selectors

        found = selectors.actions_of(self.visit, player_ids)
        return {player_id: wire.as_listing(map(wire.read_action, body)) for player_id, body in found.items()}

    def activities(self, player_ids: Iterable[str], *, limit: int = 20) -> dict[str, Listing[Event]]:
        """The newest events of several players, by a constant number of queries."""
        from django_playlyfe.engine import selectors

        found = selectors.latest_activities(self.visit, player_ids, limit)
        return {player_id: wire.as_listing(wire.read_feed(body)) for player_id, body in found.items()}

    def leaderboard_of_each(self, board: str, reader_ids: Collection[str]) -> dict[str, Leaderboard]:
        """The first ten rows of a board, read once, and the readers' own rows, at once too.

        Raises:
            AccessDenied: the board is not open to everybody; it has to be read by each.
        """
        from django_playlyfe.engine import selectors

        page = self.leaderboard(board, reader_id=None)
        own = {
            row.player_id: LeaderboardRow(row.rank, row.value, row.player_id, row.alias, is_me=True)
            for row in selectors.ranking(self.visit, board).rows(reader_ids)
        }
        return {
            reader_id: replace(
                page,
                rows=tuple(own[reader_id] if row.player_id == reader_id else row for row in page.rows),
                me=own.get(reader_id),
            )
            for reader_id in reader_ids
        }

    def notifications_of(self, player_ids: Iterable[str]) -> dict[str, Listing[Event]]:
        """What notified several players, by a constant number of queries."""
        from django_playlyfe.engine import selectors

        start = datetime.now(timezone.utc) - NOTIFICATIONS_SINCE
        found = selectors.notifications_of(self.visit, player_ids, start=start)
        return {player_id: wire.as_listing(reversed(wire.read_feed(body))) for player_id, body in found.items()}

    def progress_of_each(self, player_ids: Iterable[str]) -> dict[str, Listing[Progress]]:
        """The way of several players, by four queries."""
        from django_playlyfe.engine import selectors

        found = selectors.progress_of_each(self.visit, player_ids)
        return {player_id: wire.as_listing(progress) for player_id, progress in found.items()}

    def rarities_of_each(self, reader_ids: Iterable[str]) -> dict[str, Listing[Rarity]]:
        """What several readers see of that, by a constant number of queries."""
        from django_playlyfe.engine import selectors

        found = selectors.rarity_of_each(self.visit, reader_ids)
        return {reader_id: wire.as_listing(shares) for reader_id, shares in found.items()}
