"""The admin of what is owed to a remote game: rows, pauses, and what a person may decide about them.

Rows are shown, never edited. No query grows with the table: lists count to ten thousand and stop, and what is searched
for is looked up by index.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_playlyfe import conf, sentences
from django_playlyfe.admin.searching import links_of
from django_playlyfe.local_admin import BoundedPaginator, LocalAdmin
from django_playlyfe.models import Delivery, Queue
from django_playlyfe.services import queue

State = Delivery.State


class GameFilter(admin.SimpleListFilter):
    """The games of the settings; the table is not asked which there are."""

    title = _("game")
    parameter_name = "game"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All games."""
        return [(alias, alias) for alias in conf.games()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of one game."""
        return queryset.filter(game=self.value()) if self.value() else queryset


class QueueBanner(LocalAdmin):
    """Says above the list what is wrong with the queues."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, below what needs somebody's attention."""
        if request.method == "GET":
            for game in conf.games():
                for sentence in queue.queue_trouble(game):
                    messages.warning(request, sentence)
        return super().changelist_view(request, extra_context)


@admin.register(Delivery)
class DeliveryAdmin(QueueBanner):
    """What was sent to a remote game, and what is still owed."""

    list_display = ("id", "created_at", "game", "kind", "subject", "asked", "state", "attempts", "error_code")
    list_filter = ("state", "kind", GameFilter)
    show_facets = admin.ShowFacets.NEVER  # they count everything
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("subject",)  # shows the box; get_search_results does the work
    search_help_text = _("Player id, primary key or login name of a user, or the key of a row.")
    actions = ("requeue_selected", "send_again_selected", "confirm_selected", "send_delivered_again_selected")
    exclude = ("action", "owner", "lease_until", "payload_v")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are written by the site, not by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What failed or is uncertain is never deleted; the rest is purged by itself."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything."""
        names = ["asked" if field.name == "action" else field.name for field in Delivery._meta.fields]
        return [name for name in names if name not in self.exclude]

    @admin.display(description=_("action"))
    def asked(self, row: Delivery) -> str:
        """The action of a play; an edit by hand in words."""
        return sentences.edit(row.payload) if row.kind == Delivery.Kind.SCORE else row.action

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows of a player, or the one of a key: each by an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        key = _as_key(term)
        if key is not None and queryset.filter(key=key).exists():
            return queryset.filter(key=key), False
        return queryset.filter(game__in=list(conf.games()), subject__in={term, *links_of(term).values()}), False

    @admin.action(description=_("Try failed deliveries again"), permissions=["change"])
    def requeue_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """DEAD -> PENDING."""
        self._decide(request, queryset, State.DEAD, queue.requeue)

    @admin.action(description=_("Uncertain: send again (may count twice)"), permissions=["change"])
    def send_again_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """UNCERTAIN -> PENDING."""
        self._decide(request, queryset, State.UNCERTAIN, queue.send_again)

    @admin.action(description=_("Uncertain: was applied"), permissions=["change"])
    def confirm_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """UNCERTAIN -> DELIVERED."""
        self._decide(request, queryset, State.UNCERTAIN, queue.confirm_applied)

    @admin.action(description=_("Delivered: send again (the game was restored)"), permissions=["change"])
    def send_delivered_again_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """DELIVERED -> PENDING."""
        self._decide(request, queryset, State.DELIVERED, queue.send_delivered_again)

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[Delivery],
        state: str,
        decide: Callable[[Iterable[Delivery]], int],
    ) -> None:
        done = decide(queryset.filter(state=state).order_by("pk").iterator(500))
        text = ngettext("%(count)d delivery was changed.", "%(count)d deliveries were changed.", done)
        self.message_user(request, text % {"count": done}, messages.SUCCESS if done else messages.WARNING)


@admin.register(Queue)
class QueueAdmin(QueueBanner):
    """Queues that are paused, and why."""

    list_display = ("game", "kind", "paused_until", "reason", "times")
    list_filter = (GameFilter,)
    actions = ("resume_selected",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Pauses are set by what happens."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To end a pause, resume it."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything."""
        return [field.name for field in Queue._meta.fields]

    @admin.action(description=_("Resume selected queues"), permissions=["change"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Queue]) -> None:
        """Deliver again at once."""
        done = queue.resume(queryset)
        text = ngettext("%(count)d queue was resumed.", "%(count)d queues were resumed.", done)
        self.message_user(request, text % {"count": done}, messages.SUCCESS)


def _as_key(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term)
    except ValueError:
        return None
