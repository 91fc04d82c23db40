"""The one view through which a browser plays."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from django_playlyfe import sentences, services
from django_playlyfe.conf import DEFAULT_GAME, game_settings
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionNotFound,
    ConfigurationError,
    InvalidRequest,
    PlaylyfeError,
)
from django_playlyfe.forms import PlayForm
from django_playlyfe.types import Action, Feedback, PlayResult
from django_playlyfe.views.game_page import prefers_json
from django_playlyfe.views.players import address_of

logger = logging.getLogger("django_playlyfe.views")


class Unplayable(Exception):
    """A play that the site does not take from a browser; the text is for people.

    Attributes:
        status: the HTTP status of the answer.
        form: the form that was filled in wrongly, if that is the reason.
    """

    def __init__(self, reason: str, status: int, form: PlayForm | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.form = form


@method_decorator([never_cache, csrf_protect], name="dispatch")
class PlayView(View):
    """Plays an action of ``BROWSER_ACTIONS`` for the user, with the variables listed there and no others.

    POST only. Then the browser goes on to the field ``next``, an address on this site, where
    ``{% playlyfe_feedback %}`` says what came of it. A client that prefers ``application/json`` gets status and
    news at once, as :func:`describe_play` says, or ``{"error": text}``.
    """

    game: ClassVar[str] = DEFAULT_GAME
    http_method_names = ["post"]
    not_variables: ClassVar[frozenset[str]] = frozenset(("csrfmiddlewaretoken", "next"))

    def post(self, request: HttpRequest, action: str) -> HttpResponseBase:
        """Play, then redirect or answer in JSON."""
        try:
            result = self.play(request, action)
        except Unplayable as unplayable:
            return self.refuse(request, unplayable)
        if prefers_json(request):
            return JsonResponse(describe_play(result, services.feedback(request.user, self.game)))
        return HttpResponseRedirect(self.next_address(request))

    def play(self, request: HttpRequest, action: str) -> PlayResult:
        """Check what the browser sent, and play. Raises Unplayable; a refusal of the game is a result."""
        if not request.user.is_authenticated:
            raise Unplayable(_("Log in first."), 401)
        playable = game_settings(self.game).browser_actions
        if action not in playable:
            raise Unplayable(_("“%(action)s” cannot be played from the browser.") % {"action": action}, 403)
        allowed = playable[action]["variables"]
        for field in request.POST:
            if field not in allowed and field not in self.not_variables:
                raise Unplayable(_("“%(field)s” cannot be set from the browser.") % {"field": field}, 403)
        try:
            return self.send(request, action, allowed)
        except AccessDenied as error:
            raise Unplayable(_("You take no part in this game."), 403) from error
        except ActionNotFound as error:
            raise Unplayable(_("There is no action “%(action)s”.") % {"action": action}, 404) from error
        except InvalidRequest as error:
            raise Unplayable(_("The game does not understand these values."), 400) from error
        except (PlaylyfeError, ConfigurationError) as error:
            logger.exception("A play from the browser failed")
            raise Unplayable(_("The game is not available at the moment. Nothing was played."), 503) from error

    def send(self, request: HttpRequest, action: str, allowed: list[str]) -> PlayResult:
        """Read the variables as the action declares them, and play."""
        services.ensure_player(request.user, self.game)  # type: ignore[arg-type]  # play() let no anonymous user through
        visible = {candidate.id: candidate for candidate in services.actions(request.user, self.game)}
        # One that is not visible has no variables to read; the game says whether it is unknown or not allowed yet.
        form = PlayForm(visible.get(action) or Action(action, action), allowed, request.POST)
        if not form.is_valid():
            raise Unplayable(_("Please correct the values."), 400, form)
        return services.play(request.user, action, form.variables, wait=True, game=self.game)

    def refuse(self, request: HttpRequest, unplayable: Unplayable) -> HttpResponseBase:
        """Say why nothing was played; a form that was filled in wrongly is shown again."""
        reason, address = str(unplayable), self.next_address(request)
        if prefers_json(request):
            errors = {"fields": unplayable.form.errors} if unplayable.form is not None else {}
            return JsonResponse({"error": reason, **errors}, status=unplayable.status)
        if unplayable.status == 401:
            return redirect_to_login(address)  # and from there to where the button was: this address takes no visits
        context = {"game": self.game, "reason": reason, "next": address, "refused": unplayable.form}
        page = "refused" if unplayable.form is None else "actions"
        return render(request, f"django_playlyfe/pages/{page}.html", context, status=unplayable.status)

    def next_address(self, request: HttpRequest) -> str:
        """The field ``next`` if it is an address on this site, else the actions page."""
        wanted = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            return wanted
        return address_of("actions", request)


def describe_play(result: PlayResult, news: list[Feedback]) -> dict[str, Any]:
    """A play in JSON: ``{"status", "key", "replayed", "feedback": [{"status", "action": {"id", "name"}, "lines"}]}``.

    ``feedback`` is what ``{% playlyfe_feedback %}`` would have shown: being told here, it is not shown again.
    """
    return {
        "status": result.status,
        "key": result.key,
        "replayed": result.replayed,
        "feedback": [
            {
                "status": item.status,
                "action": {"id": item.action.id, "name": item.action.name},
                "lines": sentences.news(item),
            }
            for item in news
        ],
    }
