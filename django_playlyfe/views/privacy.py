"""A person's say over their own data: hide from boards, take it along, have it erased."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from django_playlyfe import services
from django_playlyfe.views.game_page import OwnPage, available
from django_playlyfe.views.players import address_of


class PrivacyView(OwnPage):
    """What the user can decide, each with a button."""

    template_name = "django_playlyfe/pages/privacy.html"

    def get_data(self) -> dict[str, Any]:
        """Whether the user is a player, and hidden."""
        user = self.request.user
        return {"is_player": services.is_player(user, self.game), "is_hidden": services.is_hidden(user, game=self.game)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``is_player`` and ``is_hidden``."""
        return super().get_context_data(**self.get_data(), **kwargs)


@method_decorator([never_cache, csrf_protect], name="dispatch")
class PrivateStep(OwnPage):
    """One step of the privacy page; POST only, then back there."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Do it, and go back to the page with a word about it."""
        said = available(lambda: self.do(request))
        tell(request, said or _("Not available at the moment."))
        return HttpResponseRedirect(address_of("privacy", request))

    def do(self, request: HttpRequest) -> str:
        """Do it; gives what to say."""
        raise NotImplementedError


class HideView(PrivateStep):
    """Hides the user from boards and feeds, or with ``hide=no`` shows the user again."""

    def do(self, request: HttpRequest) -> str:
        """Hide or show."""
        if request.POST.get("hide") == "no":
            services.hide_player(request.user, hidden=False, game=self.game)
            return _("Others see your name again.")
        services.hide_player(request.user, game=self.game)
        return _("Others no longer see your name.")


class ForgetView(PrivateStep):
    """Erases the user's player: all points, badges and history. Asks for the box ``sure``."""

    def do(self, request: HttpRequest) -> str:
        """Erase, if the user is sure."""
        if request.POST.get("sure") != "yes":
            return _("Nothing was erased: tick the box if you are sure.")
        services.forget_player(request.user, self.game)
        return _("All your points, badges and history are erased.")


@method_decorator(never_cache, name="dispatch")
class ExportView(OwnPage):
    """All that site and game store about the user, as a JSON file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The file; a word on the privacy page if the game cannot give it now."""
        data = available(self.get_data)
        if data is None:
            tell(request, _("Not available at the moment."))
            return HttpResponseRedirect(address_of("privacy", request))
        name = f'attachment; filename="{self.game}.json"'
        return JsonResponse(data, json_dumps_params={"indent": 2}, headers={"Content-Disposition": name})

    def get_data(self) -> dict[str, Any]:
        """What ``services.export`` gives. Raises PlayerNotFound."""
        return services.export(self.request.user, self.game)


def tell(request: HttpRequest, text: str) -> None:
    """A word on the next page, where the site shows Django's messages."""
    messages.success(request, text, fail_silently=True)
