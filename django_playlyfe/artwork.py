"""Pictures of badges and levels: the site's own where it has one, else those of the package."""

from __future__ import annotations

from functools import cache

from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.text import slugify

FOLDER = "playlyfe"
"""Where a site puts its pictures among its static files."""
SUFFIXES = (".svg", ".webp", ".png")
STOCK = {"badge": "django_playlyfe/medal.svg", "level": "django_playlyfe/level.svg"}


def address(name: str, kind: str = "badge") -> str:
    """The address of the picture of a badge, or with ``kind="level"`` of a level, named in the design.

    "Page turner" looks for ``playlyfe/page-turner.svg``, ``.webp`` and ``.png`` among the static files.
    """
    return static(_own_picture(slugify(name, allow_unicode=True)) or STOCK[kind])


@cache
def _own_picture(slug: str) -> str | None:
    """Looked for once in a process: static files do not change under a running site."""
    names = [f"{FOLDER}/{slug}{suffix}" for suffix in SUFFIXES] if slug else []
    return next((name for name in names if finders.find(name)), None)
