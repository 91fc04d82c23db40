"""Games and their designs in the admin."""

from __future__ import annotations

from django.contrib import admin

from django_playlyfe.engine.admin.read_only import ReadOnlyAdmin
from django_playlyfe.engine.models import DesignVersion, Game


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
