"""Games and their designs in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin import desk
from django_playlyfe.engine.admin.desk.entrance import LOOK, has, url
from django_playlyfe.engine.admin.read_only import ReadOnlyAdmin
from django_playlyfe.engine.models import DesignVersion, Game


@admin.register(Game)
class GameAdmin(ReadOnlyAdmin):
    """Games, and which design judges their plays. They are changed at the desk. The secret of the dice is not shown."""

    list_display = ("game_id", "title", "production", "staging", "created_at", "design_desk")
    list_select_related = ("production__game", "staging__game")
    fields = ("game_id", "title", "production", "staging", "document", "created_at")
    change_form_template = "admin/django_playlyfe_engine/game/change_form.html"

    @admin.display(description=_("design desk"))
    def design_desk(self, game: Game) -> str:
        """The way to the desk."""
        return format_html('<a href="{}">{}</a>', url(self, game, ""), _("Design desk"))

    def get_urls(self) -> list[URLPattern]:
        """With the pages of the desk."""
        return [*desk.addresses(self), *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change a design may look at the game."""
        return has(request, LOOK)


@admin.register(DesignVersion)
class DesignVersionAdmin(ReadOnlyAdmin):
    """Frozen designs."""

    list_display = ("game", "number", "sha256", "created_at")
    list_select_related = ("game",)
    ordering = ("-pk",)
