"""Players and the log of what happened to them in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from django_playlyfe import instants
from django_playlyfe.engine.admin.bounded import (
    MOST_FOUND,
    NEWEST,
    RealmFilter,
    newest,
    starting_with,
)
from django_playlyfe.engine.admin.people import PlayerPages
from django_playlyfe.engine.admin.read_only import ReadOnlyAdmin
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.local_admin import BoundedPaginator


@admin.register(Player)
class PlayerAdmin(PlayerPages, ReadOnlyAdmin):
    """Players, found by the beginning of their id or alias; each has a page."""

    list_display = ("player_id", "alias", "game", "environment", "enabled", "created_at")
    list_select_related = ("game",)
    list_filter = (RealmFilter,)
    show_facets = admin.ShowFacets.NEVER  # they count everything
    paginator = BoundedPaginator
    search_fields = ("player_id", "alias")  # shows the box; get_search_results does the work
    search_help_text = _("The beginning of a player's id or alias, as it is written.")
    sortable_by = ()
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without designs: a list has no use for them."""
        return super().get_queryset(request).defer("game__document")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """At most :data:`MOST_FOUND` players by id and as many by alias, found by indexes; the one whose id or alias it
        is comes in any case."""
        term = search_term.strip()
        if not term:
            return queryset, False
        rows = queryset.order_by()
        found: set[int] = set()
        for field in ("player_id", "alias"):
            begun = starting_with(rows, field, term).values_list("pk", flat=True)[:MOST_FOUND]
            found.update(begun)
            if len(begun) == MOST_FOUND:
                found.update(rows.filter(**{field: term}).values_list("pk", flat=True)[:MOST_FOUND])
                text = _now("More than %(number)s players begin like this; write more of it.")
                messages.warning(request, text % {"number": MOST_FOUND})
        return queryset.filter(pk__in=found), False


class KindFilter(admin.SimpleListFilter):
    """Calls of one kind, among the newest; of one player, among all."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All kinds."""
        return list(Call.Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of this kind. Without a player no index has kinds, so only the newest rows are looked at."""
        if self.value() not in Call.Kind.values:
            return queryset
        rows = queryset if request.GET.get("q", "").strip() else newest(queryset, Call)
        return rows.filter(kind=self.value())


class RecentFilter(admin.SimpleListFilter):
    """Calls that were recorded lately, among the newest; of one player, among all."""

    title = _("recorded at")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """So many days."""
        return [("1", _("last 24 hours")), ("7", _("last 7 days")), ("30", _("last 30 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Since then. No index has the instant, but keys grow with it; so the newest rows are looked at."""
        days = self.value()
        if days is None or days not in ("1", "7", "30"):
            return queryset
        rows = queryset if request.GET.get("q", "").strip() else newest(queryset, Call)
        return rows.filter(recorded_at__gte=instants.now() - timedelta(days=int(days)))


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """The log, newest first, found by player."""

    list_display = ("at", "kind", "action", "player", "environment", "status")
    list_select_related = ("player",)
    list_filter = (RealmFilter, KindFilter, RecentFilter)
    show_facets = admin.ShowFacets.NEVER  # they count everything
    paginator = BoundedPaginator
    search_fields = ("player__player_id",)  # shows the box; get_search_results does the work
    search_help_text = format_lazy(
        _("The whole id of a player. Without one, filters look at the newest {number} calls."), number=NEWEST
    )
    sortable_by = ()
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without what only a call's own page shows."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("_changelist")
        return rows.defer("inputs", "dice", "events", "writes", "credits") if is_list else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The calls of the players with this id, one per game and environment, by an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        keys = list(Player.objects.filter(player_id=term).values_list("pk", flat=True)[:MOST_FOUND])
        return queryset.filter(player__in=keys), False
