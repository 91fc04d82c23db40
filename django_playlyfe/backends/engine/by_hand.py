"""What people who run the embedded game do to a player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from django_playlyfe import wire
from django_playlyfe.types import Player

if TYPE_CHECKING:
    from django_playlyfe.engine.realm import Realm


class ByHand:
    """Changes that are no play, in the caller's transaction. Who made them and why is kept in the log."""

    @property
    def realm(self) -> Realm:
        """Which game in which environment."""
        raise NotImplementedError

    def player_page(self, player_id: str) -> str:
        """By name, which costs no query: the page itself finds the player."""
        realm = self.realm
        named = {"player": player_id, "environment": realm.environment, **({"game": realm.game} if realm.game else {})}
        try:
            return f"{reverse('admin:django_playlyfe_engine_player_named')}?{urlencode(named)}"
        except NoReverseMatch:  # the engine is in no admin here
            return ""

    def adjust_scores(
        self,
        player_id: str,
        rewards: Sequence[Mapping[str, Any]],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Change scores by rewards; levels and achievements follow."""
        from django_playlyfe.engine import services

        services.adjust_scores(self.realm, player_id, rewards, admin=by, reason=reason, idempotency_key=idempotency_key)
        return self._read(player_id)

    def revert_events(
        self,
        player_id: str,
        event_ids: Sequence[str],
        *,
        by: str = "",
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Player:
        """Take the changes of these events back."""
        from django_playlyfe.engine import services

        services.revert(self.realm, player_id, event_ids, admin=by, reason=reason, idempotency_key=idempotency_key)
        return self._read(player_id)

    def reset_player(
        self, player_id: str, *, by: str = "", reason: str = "", idempotency_key: str | None = None
    ) -> Player:
        """Give a player the state of a new one."""
        from django_playlyfe.engine import services

        services.reset_player(self.realm, player_id, admin=by, reason=reason, idempotency_key=idempotency_key)
        return self._read(player_id)

    def _read(self, player_id: str) -> Player:
        from django_playlyfe.engine import selectors

        return wire.read_player(selectors.profile(self.realm, player_id))
