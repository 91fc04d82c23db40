"""Games and their designs in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin import desk
from django_playlyfe.engine.admin.desk.beginning import begin
from django_playlyfe.engine.admin.desk.entrance import ADD, LOOK, has, url
from django_playlyfe.engine.admin.read_only import ReadOnlyAdmin
from django_playlyfe.engine.models import DesignVersion, Game


@admin.register(Game)
class GameAdmin(ReadOnlyAdmin):
    """Games, and which design judges their plays. They are changed at the desk. The secret of the dice is not shown."""

    list_display = ("game_id", "title", "production", "staging", "created_at", "design_desk")
    list_select_related = ("production__game", "staging__game")
    fields = ("game_id", "title", "production", "staging", "created_at", "design_desk")
    readonly_fields = ("design_desk",)
    change_form_template = "admin/django_playlyfe_engine/game/change_form.html"

    @admin.display(description=_("design desk"))
    def design_desk(self, game: Game) -> str:
        """The way to the desk."""
        return format_html('<a href="{}">{}</a>', url(self, game, ""), _("Design desk"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without designs, which the desk shows."""
        return super().get_queryset(request).defer("document", "production__document", "staging__document")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may add games, and come to the desk then."""
        return has(request, ADD) and has(request, LOOK)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new game, from nothing or from a design."""
        return begin(request, self)

    def get_urls(self) -> list[URLPattern]:
        """With the pages of the desk."""
        return [*desk.addresses(self), *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change a design may look at the game."""
        return has(request, LOOK)


@admin.register(DesignVersion)
class DesignVersionAdmin(ReadOnlyAdmin):
    """Frozen designs. They are looked at by their differences, and exported."""

    list_display = ("game", "number", "sha256", "created_at")
    list_select_related = ("game",)
    fields = ("game", "number", "sha256", "created_at", "design")
    readonly_fields = ("design",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without designs: a large one is a page of its own."""
        return super().get_queryset(request).defer("document", "game__document")

    @admin.display(description=_("design"))
    def design(self, version: DesignVersion) -> str:
        """The ways to what it says."""
        return format_html(
            '<a href="{}?with={}">{}</a> · <a href="{}?design={}">{}</a>',
            url(self, version.game, "differences"),
            version.number,
            _("Differences from the working design"),
            url(self, version.game, "export"),
            version.number,
            _("Export"),
        )
