"""What a game is told about a user: asked of the site's own functions."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django_playlyfe.exceptions import ConfigurationError

if TYPE_CHECKING:
    from django_playlyfe.backends import GameBackend
    from django_playlyfe.players.links import SiteUser

LONGEST_ALIAS = 255


@dataclass(frozen=True)
class About:
    """What the game is told about a user. ``timezone``: "" = the game's, None = the site has no say in it."""

    alias: str
    email: str | None
    enabled: bool
    timezone: str | None = None

    @classmethod
    def of(cls, user: SiteUser, backend: GameBackend) -> About:
        """Ask the site's own functions."""
        settings = backend.settings
        alias = _printable(str(settings.player_alias(user) or "")) or chosen_player_id(user, backend)
        email = settings.player_email(user) if settings.player_email is not None else None
        zone = settings.player_timezone(user) if settings.player_timezone is not None else None
        known = None if settings.player_timezone is None else _known(str(zone or ""))
        return cls(alias, str(email) if email else None, bool(user.is_active), known)

    @property
    def fingerprint(self) -> str:
        """``PlayerLink.alias_hash``: differs if and only if the game has something to be told."""
        told = [self.alias, self.email, self.enabled, *([self.timezone] if self.timezone else [])]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _known(zone: str) -> str:
    """A time zone, "" if there is none of this name: that must not keep anybody from registering either."""
    try:
        return ZoneInfo(zone).key if zone else ""
    except (ValueError, KeyError, OSError):  # no such file, a folder, a path that leaves the database
        return ""


def _printable(alias: str) -> str:
    """A name without control characters, which games refuse: an odd name must not keep anybody from registering."""
    kept = "".join(character for character in alias if unicodedata.category(character) not in ("Cc", "Cs"))
    return kept.strip()[:LONGEST_ALIAS]


def chosen_player_id(user: SiteUser, backend: GameBackend) -> str:
    """What ``PLAYER_ID`` says. Raises ConfigurationError if it says nothing."""
    player_id = backend.settings.player_id(user)
    if player_id is None or str(player_id) == "":
        raise ConfigurationError(f"PLAYLYFE[{backend.alias!r}]['PLAYER_ID'] returned {player_id!r} for a user.")
    return str(player_id)
