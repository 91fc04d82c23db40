"""The engine's tables in Django's admin, to look at. Changes go through the services, which keep the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models import Call, DesignVersion, Game, Player

if TYPE_CHECKING:
    from django.db.models import Model

    _ModelAdmin = admin.ModelAdmin[Model]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(_ModelAdmin):
    """Lists and shows; adds, changes and deletes nothing. Never counts a whole table just to print the number."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(Game)
class GameAdmin(ReadOnlyAdmin):
    """Games, and which design judges their plays. The secret of the dice is not shown."""

    list_display = ("game_id", "title", "production", "staging", "created_at")
    list_select_related = ("production__game", "staging__game")
    fields = ("game_id", "title", "production", "staging", "document", "created_at")


@admin.register(DesignVersion)
class DesignVersionAdmin(ReadOnlyAdmin):
    """Frozen designs."""

    list_display = ("game", "number", "sha256", "created_at")
    list_select_related = ("game",)
    ordering = ("-pk",)


@admin.register(Player)
class PlayerAdmin(ReadOnlyAdmin):
    """Players, found by the beginning of their id."""

    list_display = ("player_id", "alias", "game", "environment", "enabled", "created_at")
    list_select_related = ("game",)
    search_fields = ("player_id__startswith",)
    search_help_text = _("The beginning of a player's id.")
    ordering = ("-pk",)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """The log, newest first, found by player."""

    list_display = ("seed", "kind", "action", "player", "at", "status")
    list_select_related = ("player",)
    search_fields = ("player__player_id__exact",)
    search_help_text = _("The whole id of a player.")
    ordering = ("-pk",)
