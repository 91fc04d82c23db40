"""What people who run a game do to a player, as a row of kind ``score`` tells it: adjusted scores, events taken back, a
new beginning. One kind for the three of them: each may count twice if it is sent twice, and each answers the profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django_playlyfe.backends import GameBackend
from django_playlyfe.types import Player

Change = Literal["adjust", "revert", "reset"]


def payload(
    change: Change,
    *,
    rewards: Sequence[Mapping[str, Any]] = (),
    event_ids: Sequence[str] = (),
    by: str = "",
    reason: str = "",
) -> dict[str, Any]:
    """What a row says: the change, what it is about, who asked for it and why. The last two stay on this site."""
    about: dict[Change, dict[str, Any]] = {
        "adjust": {"rewards": [dict(reward) for reward in rewards]},
        "revert": {"event_ids": list(event_ids)},
        "reset": {},
    }
    return {"change": change, **about[change], "by": by, "reason": reason}


def make(backend: GameBackend, player_id: str, content: Mapping[str, Any], key: str | None = None) -> Player:
    """Ask the game for what a :func:`payload` says; ``key``: of the row, if it is owed. Gives the new profile."""
    told = {"by": content["by"], "reason": content["reason"], "idempotency_key": key}
    if content["change"] == "adjust":
        return backend.adjust_scores(player_id, content["rewards"], **told)
    if content["change"] == "revert":
        return backend.revert_events(player_id, content["event_ids"], **told)
    return backend.reset_player(player_id, **told)
