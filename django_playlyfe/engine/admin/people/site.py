"""The addresses of the pages about one player, and the part of the admin that serves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext as _

from django_playlyfe.engine import history, selectors, services
from django_playlyfe.engine.admin.cycles import CYCLE_NAMES
from django_playlyfe.engine.admin.people import operations
from django_playlyfe.engine.admin.people.forms import ReasonForm
from django_playlyfe.engine.admin.people.operations import Operation
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.models import Call, Environment, Player
from django_playlyfe.engine.realm import Realm, version_in_force
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

if TYPE_CHECKING:
    from django.db.models import Model

    _ModelAdmin = admin.ModelAdmin[Model]
else:
    _ModelAdmin = admin.ModelAdmin

TEMPLATES = "admin/django_playlyfe_engine/people"
LOOKED_AT = 500
"""Calls of a player that one page about a score looks at."""
MOST_CHECKED = 5000
"""Calls that a page adds up; the command takes players with more."""


class PlayerPages(_ModelAdmin):
    """What a person can see of one player, and do there. Writes go through the engine's services."""

    def get_urls(self) -> list[URLPattern]:
        """The pages below a player's, before those of every model."""
        pages: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("explain", "<int:pk>/explain/<str:metric>/", self.explain_view),
            ("adjust", "<int:pk>/adjust/<str:metric>/", self.adjust_view),
            ("undo", "<int:pk>/undo/<int:call>/", self.undo_view),
            ("reset", "<int:pk>/reset/", self.reset_view),
            ("switch", "<int:pk>/switch/", self.switch_view),
            ("check", "<int:pk>/check/", self.check_view),
            ("named", "named/", self.named_view),
        ]
        own = [
            path(address, self.admin_site.admin_view(view), name=f"django_playlyfe_engine_player_{name}")
            for name, address, view in pages
        ]
        return [*own, *super().get_urls()]

    # what is shown ----------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The player's page. It changes nothing; what does has a page of its own."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        player, plan = self._player(request, object_id)
        realm = Realm(player.game.game_id, player.environment)
        sheet = selectors.player_sheet(realm, player)
        before, after = _number(request, "before"), _number(request, "after")
        calls, older, newer = selectors.history_page(player, before=before, after=after)
        return self._page(
            request,
            "player.html",
            player,
            f"{player.alias} ({player.player_id})",
            sheet=sheet,
            standings=[(found, CYCLE_NAMES[found.cycle]) for found in selectors.standings(realm, sheet)],
            history=[_told(plan, call) for call in calls],
            older=older,
            newer=newer,
            user_link=_user_link(player),
        )

    def named_view(self, request: HttpRequest) -> HttpResponse:
        """On to the page of the player with the id, environment and game of the address; without one, to the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET
        players = Player.objects.filter(
            player_id=asked.get("player", ""), environment=asked.get("environment", Environment.PRODUCTION)
        )
        if asked.get("game"):
            players = players.filter(game__game_id=asked["game"])
        found = players.only("pk").order_by("pk").first()
        if found is not None:
            return self._back_to(found)
        self.message_user(request, _("The game has no such player (any more)."), messages.WARNING)
        return HttpResponseRedirect(
            reverse("admin:django_playlyfe_engine_player_changelist", current_app=self.admin_site.name)
        )

    def explain_view(self, request: HttpRequest, pk: int, metric: str) -> HttpResponse:
        """How a score came about: calls that moved it, the newest first, step by step through the log."""
        player, plan = self._player(request, pk)
        realm, item = Realm(player.game.game_id, player.environment), request.GET.get("item", "")
        before = _number(request, "before")
        try:
            step = history.explain_recent(realm, player.player_id, metric, item, before=before, calls=LOOKED_AT)
        except PlaylyfeError as error:
            raise Http404(str(error)) from error
        calls = Call.objects.only("inputs", "action").in_bulk([int(movement.key) for movement in step.movements])
        names, kinds = _names(plan), dict(Call.Kind.choices)
        definition = plan.metrics[metric]
        name = definition.name
        if definition.type == "set" and item in definition.items:
            name = f"{name}: {definition.items[item].name}"
        return self._page(
            request,
            "explain.html",
            player,
            _("How “%(score)s” came about") % {"score": name},
            movements=[
                {
                    "is": movement,
                    "call": calls[int(movement.key)],
                    "kind": Call.Kind(movement.kind).label,
                    "parts": [
                        (names.get(part.id, part.id or kinds.get(part.event, "")), part) for part in movement.parts
                    ],
                }
                for movement in reversed(step.movements)
            ],
            step=step,
            before=before,
            item=item,
            metric=metric,
            is_state=definition.type == "state",
        )

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Whether what is stored of the player is what the log says; a repair where it is not."""
        player, _plan = self._player(request, pk)
        realm = Realm(player.game.game_id, player.environment)
        may_repair = request.user.has_perm(operations.ADJUST)
        if request.method == "POST" and not may_repair:
            raise PermissionDenied
        if Call.objects.filter(player=player).order_by()[: MOST_CHECKED + 1].count() > MOST_CHECKED:
            return self._page(request, "check.html", player, _("Check against the log"), most=MOST_CHECKED)
        if request.method == "POST":
            repaired = [checked for checked in history.repair(realm, player_id=player.player_id) if checked.differences]
            if repaired:
                self.log_change(request, player, _("Repaired: what was stored differed from the log."))
            self.message_user(request, _("What is stored is what the log says."), messages.SUCCESS)
            return self._back_to(player)
        differences = [
            found for checked in history.check(realm, player_id=player.player_id) for found in checked.differences
        ]
        return self._page(
            request, "check.html", player, _("Check against the log"), differences=differences, may_repair=may_repair
        )

    # what is done -----------------------------------------------------------------------------------------------------

    def adjust_view(self, request: HttpRequest, pk: int, metric: str) -> HttpResponse:
        """Change one score."""
        player, plan = self._player(request, pk)
        if metric not in selectors.adjustable(plan):
            raise Http404(f"The metric {metric!r} cannot be adjusted")
        return self._operate(request, operations.Adjust(player, plan, plan.metrics[metric]))

    def undo_view(self, request: HttpRequest, pk: int, call: int) -> HttpResponse:
        """Take a call back."""
        player, plan = self._player(request, pk)
        found = Call.objects.filter(pk=call, player=player, kind__in=operations.TAKEN_BACK).first()
        if found is None:
            raise Http404("The player has no such call")
        operation = operations.TakeBack(player, plan, found)
        if operation.is_too_long:
            return self._page(request, "operation.html", player, operation.title, operation=operation, command=call)
        return self._operate(request, operation)

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the player the state of a new one."""
        return self._operate(request, operations.Reset(*self._player(request, pk)))

    def switch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Enable or disable the player."""
        return self._operate(request, operations.Switch(*self._player(request, pk)))

    def _operate(self, request: HttpRequest, operation: Operation) -> HttpResponse:
        """Ask, show what would change, do it."""
        if not request.user.has_perm(operation.permission):
            raise PermissionDenied
        player, admin_name = operation.player, request.user.get_username()
        form = operation.form(request.POST if request.method == "POST" else None)
        is_filled = request.method == "POST" and form.is_valid()
        wants = request.POST.keys() & {"_apply", "_change"}
        refusal = ""
        if is_filled and "_apply" in wants:
            try:
                with transactions.atomic():
                    self._write(operation, form, admin_name)
                    reason = _("Reason: %(reason)s") % {"reason": form.cleaned_data["reason"]}
                    self.log_change(request, player, f"{operation.summary(form)}. {reason}")
            except PlaylyfeError as error:
                refusal = operations.in_words(error)
            else:
                self.message_user(request, _("Done: %(what)s.") % {"what": operation.summary(form)}, messages.SUCCESS)
                return self._back_to(player)
        rehearsal = None
        may_look = (is_filled and "_change" not in wants) if operation.asks_first else True
        if operation.is_rehearsed and may_look:
            try:
                rehearsal = services.rehearse(
                    operation.realm,
                    player.player_id,
                    lambda: operation.write(form if is_filled else None, admin_name),
                )
            except PlaylyfeError as error:
                refusal = refusal or operations.in_words(error)
        changes = rehearsal.changes if rehearsal is not None else ()
        return self._page(
            request,
            "operation.html",
            player,
            operation.title,
            operation=operation,
            form=form,
            rehearsal=rehearsal,
            lines=[line for change in changes for line in selectors.change_lines(change)],
            refusal=refusal,
            is_fixed=operation.asks_first and rehearsal is not None,
            can_apply=rehearsal is not None or not operation.is_rehearsed,
        )

    def _write(self, operation: Operation, form: ReasonForm, admin_name: str) -> None:
        if not operation.is_rehearsed:
            operation.write(form, admin_name)
            return
        seen = form.cleaned_data["seen"]
        services.if_unchanged(
            operation.realm,
            operation.player.player_id,
            -1 if seen is None else seen,
            lambda: operation.write(form, admin_name),
        )

    # what all of them need --------------------------------------------------------------------------------------------

    def _player(self, request: HttpRequest, key: str | int) -> tuple[Player, Plan]:
        """The player with the game, and the plan of the design in force. One query."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        players = Player.objects.select_related("game__production", "game__staging")
        players = players.defer("game__document", "game__production__document", "game__staging__document")
        player = players.filter(pk=int(key)).first() if str(key).isdecimal() else None
        if player is None:
            raise Http404("There is no such player")
        realm = Realm(player.game.game_id, player.environment)
        try:
            return player, plans.plan_of(version_in_force(player.game, realm))
        except ConfigurationError as error:
            raise Http404(str(error)) from error

    def _back_to(self, player: Player) -> HttpResponse:
        address = "admin:django_playlyfe_engine_player_change"
        return HttpResponseRedirect(reverse(address, args=[player.pk], current_app=self.admin_site.name))

    def _page(self, request: HttpRequest, template: str, player: Player, title: str, **context: Any) -> HttpResponse:
        """A page of the desk with what all of them show."""
        may = {name: request.user.has_perm(permission) for name, permission in operations.PERMISSIONS.items()}
        shared = {
            **self.admin_site.each_context(request),
            "title": title,
            "player": player,
            "opts": self.model._meta,
            "may": may,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"{TEMPLATES}/{template}", {**shared, **context})


def _number(request: HttpRequest, name: str) -> int | None:
    """A key in the query string; what is none is left out."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _names(plan: Plan) -> dict[str, str]:
    """What actions and rules are called, by id."""
    named = {action.id: action.name for action in plan.actions.values()}
    named |= {rule.id: rule.name for rule in plan.custom_rules.values()}
    named |= {rule.id: rule.name for rule in plan.achievement_rules}
    return named | {rule.id: rule.name for rule in plan.level_rules}


def _told(plan: Plan, call: Call) -> dict[str, Any]:
    """A row of the history."""
    action = plan.actions.get(call.action) or plan.custom_rules.get(call.action)
    is_standing = call.status != Call.Status.UNDONE
    return {
        "call": call,
        "name": action.name if action is not None else call.action,
        "count": call.inputs.get("count", 1),
        "moved": list(selectors.moved(plan, call)) if call.status != Call.Status.VOID else [],
        "admin": call.inputs.get("admin", ""),
        "reason": call.inputs.get("reason", ""),
        "can_undo": call.kind in operations.TAKEN_BACK and is_standing,
    }


def _user_link(player: Player) -> str:
    """Where the site says which user the player is; "" if its side of this package is not in this admin."""
    try:
        return f"{reverse('admin:django_playlyfe_playerlink_changelist')}?player_id__exact={player.player_id}"
    except NoReverseMatch:
        return ""
