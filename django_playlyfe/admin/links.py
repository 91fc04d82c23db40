"""The admin of player links: who is which player."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.auth import get_user_model
from django.db.models import CharField, Field, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_playlyfe import conf, services
from django_playlyfe.admin.deliveries import GameFilter, QueueBanner
from django_playlyfe.admin.searching import MOST_FOUND, links_of
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.local_admin import MOST_PAGED, BoundedPaginator
from django_playlyfe.models import PlayerLink
from django_playlyfe.services import players, reads, sync

if TYPE_CHECKING:
    LinkForm = ModelForm[PlayerLink]
else:  # generic for the type checker only
    LinkForm = ModelForm


class PlayerLinkForm(LinkForm):
    """A new link: the player must exist in the game already."""

    def clean(self) -> dict[str, Any]:
        """Ask the game for the player, and refuse what ``link_player`` would refuse."""
        cleaned = super().clean() or {}
        if self.instance.pk is None and {"user", "player_id", "game"} <= cleaned.keys():
            try:
                players.check_link(cleaned["user"], cleaned["player_id"], cleaned["game"])
            except PlaylyfeError as error:
                raise forms.ValidationError(error.safe_message, code=error.code) from error
        return cleaned


class StateFilter(admin.SimpleListFilter):
    """How far the player's creation has come, by the index that has it below the game."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All states."""
        return list(PlayerLink.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Links in this state, of the games of the settings."""
        state = self.value()
        return (
            queryset.filter(game__in=list(conf.games()), state=state) if state in PlayerLink.State.values else queryset
        )


@admin.register(PlayerLink)
class PlayerLinkAdmin(QueueBanner):
    """Links users to existing players, repairs what failed, forgets players.

    Deleting a link here forgets the player: it is the admin's own deletion with its page of confirmation.
    """

    form = PlayerLinkForm
    list_display = ("user", "player_id", "game", "state", "created_at", "in_the_game")
    list_filter = (StateFilter, GameFilter)
    show_facets = admin.ShowFacets.NEVER  # they count everything
    paginator = BoundedPaginator
    sortable_by = ()  # no index has the other orders
    list_select_related = ("user",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)
    search_help_text = format_lazy(
        _("A whole player id, login name or primary key of a user; part of a name among the newest {number}."),
        number=MOST_PAGED,
    )
    fields = ("game", "user", "player_id")
    raw_id_fields = ("user",)
    actions = ("repair_selected", "refresh_selected", "delete_selected")

    @admin.action(description=_("Forget selected players: erase them from the game"), permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[PlayerLink]) -> HttpResponse | None:
        """The standard deletion, with its confirmation, under a name that says what it does here."""
        return delete_selected(self, request, queryset)

    @admin.display(description=_("in the game"))
    def in_the_game(self, link: PlayerLink) -> str:
        """The way to the player's page, where the game is in this site."""
        is_known = link.player_id and link.game in conf.games()
        address = reads.player_page(link.player_id, link.game) if is_known else ""
        if not address:
            return self.get_empty_value_display()
        label = _("Scores and history of %(player)s") % {"player": link.player_id}
        return format_html('<a href="{}" aria-label="{}">{}</a>', address, label, _("Scores and history"))

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """The player id, and the names by which this site's user model knows people."""
        model = get_user_model()
        names = dict.fromkeys([model.USERNAME_FIELD, "first_name", "last_name", model.get_email_field_name()])
        fields = {field.name: field for field in model._meta.get_fields() if isinstance(field, Field)}
        return ("player_id", *(f"user__{name}" for name in names if isinstance(fields.get(name), CharField)))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What names contain, no index tells, so only the newest links are looked at; whole ids and login names are
        found among all."""
        term = search_term.strip()
        if not term:
            return queryset, False
        last = PlayerLink.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        newest = PlayerLink.objects.filter(pk__gt=last - MOST_PAGED)
        named, _many = super().get_search_results(request, newest, term)
        found = {*links_of(term), *named.order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]}
        return queryset.filter(pk__in=found), False

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search users by typing where the site's own user admin can; otherwise the primary key is asked for."""
        model = get_user_model()
        if self.admin_site.is_registered(model) and self.admin_site.get_model_admin(model).get_search_fields(request):
            return ("user",)
        return ()

    def get_fields(self, request: HttpRequest, obj: PlayerLink | None = None) -> tuple[str, ...]:
        """A new link has three fields; one that exists shows all there is to know."""
        shown = ("state", "created_at", "updated_at", "in_the_game") if obj is not None else ()
        return ("game", "user", "player_id", *shown)

    def get_readonly_fields(self, request: HttpRequest, obj: PlayerLink | None = None) -> tuple[str, ...]:
        """A link never becomes another player's: forget it and make a new one."""
        return self.get_fields(request, obj) if obj is not None else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the games of the settings."""
        if db_field.name == "game":
            return forms.ChoiceField(choices=[(alias, alias) for alias in conf.games()], label=db_field.verbose_name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: PlayerLink, form: Any, change: bool) -> None:
        """Add a link by the service; a link that exists has nothing to save."""
        if not change:
            link = services.link_player(obj.user, obj.player_id, obj.game)
            obj.pk, obj.state = link.pk, link.state

    def delete_model(self, request: HttpRequest, obj: PlayerLink) -> None:
        """Forget one player."""
        services.forget_player(obj.player_id, obj.game)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PlayerLink]) -> None:
        """Forget several players."""
        for link in queryset.order_by("pk").iterator(sync.CHUNK):
            services.forget_player(link.player_id, link.game)

    @admin.action(description=_("Create the missing players of selected links"), permissions=["change"])
    def repair_selected(self, request: HttpRequest, queryset: QuerySet[PlayerLink]) -> None:
        """Finish what is pending or failed."""
        self._sync(request, queryset.exclude(state=PlayerLink.State.LINKED))

    @admin.action(description=_("Refresh the names of selected players"), permissions=["change"])
    def refresh_selected(self, request: HttpRequest, queryset: QuerySet[PlayerLink]) -> None:
        """Pass changed names and states of users on to the game."""
        self._sync(request, queryset.filter(state=PlayerLink.State.LINKED))

    def _sync(self, request: HttpRequest, links: QuerySet[PlayerLink]) -> None:
        done = failed = 0
        for game in conf.games():
            users = (link.user for link in links.filter(game=game).order_by("pk").iterator(sync.CHUNK))
            for synced in sync.sync(users, game):
                failed += synced.error is not None
                done += synced.error is None and synced.step not in (sync.Step.NOTHING, sync.Step.SKIP)
        text = ngettext("%(count)d player was brought up to date.", "%(count)d players were brought up to date.", done)
        self.message_user(request, text % {"count": done}, messages.SUCCESS)
        if failed:
            text = ngettext(
                "%(count)d player failed; the log says why.", "%(count)d players failed; the log says why.", failed
            )
            self.message_user(request, text % {"count": failed}, messages.ERROR)
