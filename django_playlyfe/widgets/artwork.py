"""Pictures of badges and levels: the site's own where it has one, then the game's, else those of the package."""

from __future__ import annotations

from functools import cache
from typing import Literal

from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.text import slugify

from django_playlyfe import services
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

Kind = Literal["badge", "level"]

FOLDER = "playlyfe"
"""Where a site puts its pictures among its static files."""
SUFFIXES = (".svg", ".webp", ".png")
STOCK: dict[Kind, str] = {"badge": "django_playlyfe/medal.svg", "level": "django_playlyfe/level.svg"}


def address(name: str, kind: Kind = "badge", *, size: str = "small", game: str = DEFAULT_GAME) -> str:
    """The address of the picture of a badge, or with ``kind="level"`` of a level, named in the design.

    "Page turner" looks for ``playlyfe/page-turner.svg``, ``.webp`` and ``.png`` among the static files. Else, where the
    design has a picture of it, it is the address of the site's view that shows that one.

    Args:
        name: as players see it.
        kind: what it is.
        size: of the game's picture: "icon" (32 pixels), "small" (128), "medium" (256), "large" (512) or "original".
        game: alias of the game.
    """
    own = _own_picture(slugify(name, allow_unicode=True))
    return static(own) if own is not None else _of_the_game(name, kind, size, game) or stock(kind)


def stock(kind: Kind) -> str:
    """The address of the package's picture, shown where there is no other."""
    return static(STOCK[kind])


def _of_the_game(name: str, kind: Kind, size: str, game: str) -> str:
    """Empty where the game has none, cannot be asked, and on a site without the package's addresses."""
    try:
        if not (name and services.has_picture(kind, name, game)):
            return ""
        found = reverse("playlyfe:picture", kwargs={"alias": game, "kind": kind, "name": name})
    except (NoReverseMatch, PlaylyfeError, ConfigurationError):
        return ""
    return f"{found}?size={size}"


@cache
def _own_picture(slug: str) -> str | None:
    """Looked for once in a process: static files do not change under a running site."""
    names = [f"{FOLDER}/{slug}{suffix}" for suffix in SUFFIXES] if slug else []
    return next((name for name in names if finders.find(name)), None)
