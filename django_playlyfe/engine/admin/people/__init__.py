"""Pages about one player, and what can be done there: adjust, undo, reset, disable, check, repair."""

from __future__ import annotations

from django_playlyfe.engine.admin.people.site import PlayerPages

__all__ = ["PlayerPages"]
