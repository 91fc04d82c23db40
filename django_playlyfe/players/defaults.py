"""Who is a player and under which name: the defaults of ``PLAYER_ID``, ``PLAYER_ALIAS`` and ``PLAYER_FILTER``.

A site replaces them in its settings by functions of its own with the same signature.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.utils import translation

from django_playlyfe.conf import site_language

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def player_id(user: AbstractBaseUser) -> str:
    """The primary key as text: it says nothing about the person and never changes."""
    return str(user.pk)


def player_alias(user: AbstractBaseUser) -> str:
    """The username, if it is one that others may read.

    An alias is shown on leaderboards, so nothing that may be an address ever becomes one: whatever holds an "@" gives
    way to "Player 3fa9c1", a name that stays the same and tells nothing. So does the login of a user model that has no
    ``username``: it may be an address, a telephone or a staff number.
    """
    name = str(getattr(user, "username", None) or "").strip()
    if name and "@" not in name:
        return name
    with translation.override(site_language()):  # not the visitor's: the alias is stored, and must not drift
        return translation.gettext("Player %(code)s") % {"code": _short_code(user)}


def is_player(user: AbstractBaseUser) -> bool:  # noqa: ARG001 - the signature of PLAYER_FILTER
    """Everybody."""
    return True


def _short_code(user: AbstractBaseUser) -> str:
    """Six characters from the primary key: stable, and not the key itself."""
    return hashlib.sha256(f"django_playlyfe:{user.pk}".encode()).hexdigest()[:6]
