"""Players and the log of what happened to them in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.read_only import ReadOnlyAdmin
from django_playlyfe.engine.models import Call, Player


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
