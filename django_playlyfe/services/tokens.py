"""The token of a remote game, for people who look after it; never the token itself."""

from __future__ import annotations

from typing import Any

from django_playlyfe.backends import games
from django_playlyfe.conf import DEFAULT_GAME


def token_status(game: str = DEFAULT_GAME) -> dict[str, Any]:
    """How old the token is and how long it lasts, JSON-able. Raises ConfigurationError for a game without one."""
    return games[game].token_status()


def reset_token(game: str = DEFAULT_GAME) -> None:
    """Forget a remembered refusal of the client, so that the next call asks again at once.

    Raises:
        ConfigurationError: the game has no token.
    """
    games[game].reset_token()
