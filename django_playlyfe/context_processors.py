"""An optional context processor: ``{{ playlyfe.player }}`` in every template, read only where it is used.

Add ``"django_playlyfe.context_processors.playlyfe"`` to the context processors. It reads the game "default".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.http import HttpRequest

from django_playlyfe import services
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import ConfigurationError, PlayerNotFound, PlaylyfeError
from django_playlyfe.types import Event, LevelProgress, Listing, Player

logger = logging.getLogger("django_playlyfe.tags")

T = TypeVar("T")


def playlyfe(request: HttpRequest) -> dict[str, Any]:
    """Add ``playlyfe``, a :class:`Reader` of the request's user."""
    return {"playlyfe": Reader(request)}


class Reader:
    """What the game knows of a user; nothing is read before a template asks, and a failure reads as None."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def player(self) -> Player | None:
        """The user's profile; None for visitors, for who is no player, and while the game does not answer."""
        return self._read(lambda user: services.profile(user, detailed=True))

    @property
    def level(self) -> LevelProgress | None:
        """The user's first level."""
        return next(iter(self.player.levels), None) if self.player is not None else None

    @cached_property
    def notifications(self) -> Listing[Event] | None:
        """What the game has told the user."""
        return self._read(services.notifications)

    @property
    def unread(self) -> int:
        """How many notifications the user has not read yet."""
        return sum(event.is_unread for event in self.notifications or ())

    def _read(self, ask: Callable[[Any], T]) -> T | None:
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return None
        try:
            return ask(user)
        except PlayerNotFound:
            return None
        except (PlaylyfeError, ConfigurationError) as error:
            logger.warning("A template reads nothing of the game %r: %s", DEFAULT_GAME, error)
            return None
