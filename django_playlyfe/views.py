"""Pages of a game, and the one view through which a browser plays.

The templates read most of what they show through the tags, which degrade by themselves. A view reads only what decides
about the answer: whether there is such a player or board.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import TemplateView, View

from django_playlyfe import sentences, services
from django_playlyfe.conf import DEFAULT_GAME, game_settings
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionNotFound,
    ConfigurationError,
    InvalidRequest,
    NotFound,
    PlaylyfeError,
)
from django_playlyfe.forms import PlayForm
from django_playlyfe.types import Action, Feedback, Leaderboard, LeaderboardInfo, PlayResult

logger = logging.getLogger("django_playlyfe.views")

T = TypeVar("T")


@method_decorator(cache_control(private=True), name="dispatch")
class GameView(TemplateView):
    """A page of one game. ``ProfileView.as_view(game="second")`` shows another one than "default".

    No shared cache may keep it: it tells the user's own scores, or marks the user's row.
    """

    game: ClassVar[str] = DEFAULT_GAME

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the alias of the game, which the templates hand on to the tags."""
        return super().get_context_data(game=self.game, **kwargs)


def available(read: Callable[[], T]) -> T | None:
    """What ``read()`` gives, or None if the game cannot answer now: a page is then shown without it.

    Raises:
        Http404: there is no such thing.
    """
    try:
        return read()
    except (NotFound, InvalidRequest) as error:  # an id in the address that is none, or that no id can look like
        raise Http404(str(error)) from error
    except PlaylyfeError as error:
        logger.warning("A page is shown without its data: %s", error)
    except ConfigurationError as error:
        logger.error("A page is shown without its data: %s", error)
    return None


class ProfileView(LoginRequiredMixin, GameView):
    """The user's own scores, badges, levels and latest activity."""

    template_name = "django_playlyfe/pages/profile.html"


class PlayerView(GameView):
    """What everybody may see of a player: scores, badges, levels; never what the player did when."""

    template_name = "django_playlyfe/pages/player.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``player``, None if the game cannot answer now. 404 for an unknown id."""
        player_id = self.kwargs["player_id"]
        player = available(lambda: services.profile(player_id, detailed=True, game=self.game))
        return super().get_context_data(player=player, **kwargs)


class ActionsView(LoginRequiredMixin, GameView):
    """What the user can do, with buttons for ``BROWSER_ACTIONS``."""

    template_name = "django_playlyfe/pages/actions.html"


class LeaderboardsView(GameView):
    """All boards that rank players across the whole game, with their first rows."""

    template_name = "django_playlyfe/pages/leaderboards.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``boards``, None if the game cannot answer now, and ``viewer``, None for a visitor."""
        viewer = viewer_of(self.request)
        listed = available(lambda: services.leaderboards(viewer, self.game))
        boards = None if listed is None else [board for board in listed if ranks_all_players(board)]
        return super().get_context_data(boards=boards, viewer=viewer, **kwargs)


class LeaderboardView(GameView):
    """One board, page by page; where the user is on another page, the rows around the user too."""

    template_name = "django_playlyfe/pages/leaderboard.html"
    rows_per_page: ClassVar[int] = 10
    radius: ClassVar[int] = 2

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``leaderboard``, ``page``, ``pages`` and ``around``. 404 for an unknown board or page."""
        board = self.kwargs["board"]
        number = self._page_number()
        viewer = viewer_of(self.request)
        skip = (number - 1) * self.rows_per_page
        leaderboard = available(
            lambda: services.leaderboard(board, viewer, skip=skip, limit=self.rows_per_page, game=self.game)
        )
        found = {} if leaderboard is None else self._paging(leaderboard, number) | self._around(leaderboard, viewer)
        return super().get_context_data(leaderboard=leaderboard, **found, **kwargs)

    def _page_number(self) -> int:
        text = self.request.GET.get("page", "1")
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
            raise Http404(_("There is no such page."))
        return int(text)

    def _paging(self, leaderboard: Leaderboard, number: int) -> dict[str, Any]:
        pages = Paginator(range(leaderboard.total), self.rows_per_page)
        if number > pages.num_pages:
            raise Http404(_("There is no such page."))
        page: Page[int] = pages.page(number)
        return {"pages": pages, "page": page, "page_numbers": pages.get_elided_page_range(number)}

    def _around(self, leaderboard: Leaderboard, viewer: Any) -> dict[str, Any]:
        if leaderboard.me is None or any(row.is_me for row in leaderboard.rows):
            return {}
        around = available(
            lambda: services.leaderboard(leaderboard.id, viewer, around=True, radius=self.radius, game=self.game)
        )
        return {"around": around}


class ActivityView(LoginRequiredMixin, GameView):
    """What happened: to the user, or with ``?of=everyone`` in the whole game."""

    template_name = "django_playlyfe/pages/activity.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``is_shared`` and ``viewer``, None for the whole game's activity."""
        is_shared = self.request.GET.get("of") == "everyone"
        viewer = None if is_shared else self.request.user
        return super().get_context_data(is_shared=is_shared, viewer=viewer, **kwargs)


def ranks_all_players(board: LeaderboardInfo) -> bool:
    """Whether a board can be read without naming a team or scope."""
    return board.entity_type == "players" and board.scope_type == "game"


def viewer_of(request: HttpRequest) -> Any:
    """The user whose row is marked on a board, None for a visitor."""
    return request.user if request.user.is_authenticated else None


# --- playing ----------------------------------------------------------------------------------------------------------


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
        namespace = request.resolver_match.namespace if request.resolver_match else None
        return reverse("playlyfe:actions", current_app=namespace)


def prefers_json(request: HttpRequest) -> bool:
    """Whether the client would rather have JSON than a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


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
