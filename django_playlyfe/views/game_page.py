"""What all pages of a game have in common: whose they are, in which form they answer, and what if the game is away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.generic import TemplateView

from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import ConfigurationError, InvalidRequest, NotFound, PlaylyfeError
from django_playlyfe.views.as_json import plain

logger = logging.getLogger("django_playlyfe.views")

T = TypeVar("T")

WHOLE_PAGE = "django_playlyfe/base.html"
PART = "django_playlyfe/part.html"


@method_decorator(cache_control(private=True), name="dispatch")
class GameView(TemplateView):
    """A page of one game. ``ProfileView.as_view(game="second")`` shows another one than "default".

    No shared cache may keep it: it tells the user's own scores, or marks the user's row. A client that prefers
    ``application/json`` gets :meth:`get_data`; one that sends ``HX-Request`` gets the content without the site.
    """

    game: ClassVar[str] = DEFAULT_GAME

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and say what the form of the answer depends on."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Http404 as error:
            if not prefers_json(request):
                raise
            response = JsonResponse({"error": str(error)}, status=404)
        patch_vary_headers(response, ("Accept", "HX-Request"))
        return response

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or its data."""
        if not prefers_json(request):
            return super().get(request, *args, **kwargs)
        data = available(self.get_data)
        if data is None:
            return JsonResponse({"error": _("Not available at the moment.")}, status=503)
        return JsonResponse(plain(data))

    def get_data(self) -> Any:
        """What the page is about, as the services give it. Raises PlaylyfeError, Http404."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the alias of the game, which the templates hand on to the tags, and what the page is built on."""
        layout = PART if wants_part(self.request) else WHOLE_PAGE
        return super().get_context_data(game=self.game, layout=layout, **kwargs)


class OwnPage(LoginRequiredMixin, GameView):
    """A page about the user who looks at it."""

    def handle_no_permission(self) -> Any:
        """Ask to log in; scripts cannot follow such a redirect to any good."""
        answer = super().handle_no_permission()
        if prefers_json(self.request):
            return JsonResponse({"error": _("Log in first.")}, status=401)
        if wants_part(self.request):
            return HttpResponse(status=401, headers={"HX-Redirect": answer.headers["Location"]})
        return answer


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


def prefers_json(request: HttpRequest) -> bool:
    """Whether the client would rather have JSON than a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for something to put into a page that is there already."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and not (
        headers.get("HX-Boosted") == "true" or headers.get("HX-History-Restore-Request") == "true"
    )


def viewer_of(request: HttpRequest) -> Any:
    """The user whose row is marked on a board, None for a visitor."""
    return request.user if request.user.is_authenticated else None
