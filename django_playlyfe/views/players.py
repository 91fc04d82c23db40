"""Pages about one player: profile, public profile, actions, activity, notifications, and what a badge is."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from django_playlyfe import services
from django_playlyfe.types import Item
from django_playlyfe.views.game_page import GameView, OwnPage, available

ROWS_IN_JSON = 50
ROWS_ON_PROFILE = 5
"""Of the activity on the profile; the template asks for as many."""


class ProfileView(OwnPage):
    """The user's own scores, badges, levels and latest activity."""

    template_name = "django_playlyfe/pages/profile.html"

    def get_data(self) -> Any:
        """The user's Player, badges to be earned included."""
        return services.profile(self.request.user, detailed=True, game=self.game)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Nothing more than every page has; what the template asks for is asked for at once."""
        services.prefetch_profile(self.request.user, self.game, activity=ROWS_ON_PROFILE)
        return super().get_context_data(**kwargs)


class PlayerView(GameView):
    """What everybody may see of a player: scores, badges, levels; never what the player did when.

    A player who hides is not there, except for themselves.
    """

    template_name = "django_playlyfe/pages/player.html"

    def get_data(self) -> Any:
        """The Player. Raises Http404 for a hidden one."""
        player_id = self.kwargs["player_id"]
        if services.is_hidden(player_id, self.request.user, self.game):
            raise Http404(_("There is no such player."))
        return services.profile(player_id, detailed=True, game=self.game)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``player``, None if the game cannot answer now. 404 for an unknown id."""
        return super().get_context_data(player=available(self.get_data), **kwargs)


class ActionsView(OwnPage):
    """What the user can do, with buttons for ``BROWSER_ACTIONS``."""

    template_name = "django_playlyfe/pages/actions.html"

    def get_data(self) -> Any:
        """The list of actions."""
        return services.actions(self.request.user, self.game)


class ActivityView(OwnPage):
    """What happened: to the user, or with ``?of=everyone`` in the whole game."""

    template_name = "django_playlyfe/pages/activity.html"

    @property
    def viewer(self) -> Any:
        """Whose activity it is, None for the whole game's."""
        return None if self.request.GET.get("of") == "everyone" else self.request.user

    def get_data(self) -> Any:
        """The newest events."""
        return services.activity(self.viewer, limit=ROWS_IN_JSON, game=self.game)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``is_shared`` and ``viewer``, None for the whole game's activity."""
        return super().get_context_data(is_shared=self.viewer is None, viewer=self.viewer, **kwargs)


@method_decorator(csrf_protect, name="dispatch")
class NotificationsView(OwnPage):
    """What the game has told the user. POST marks all of it as read."""

    template_name = "django_playlyfe/pages/notifications.html"

    def get_data(self) -> Any:
        """The notifications, newest first."""
        return services.notifications(self.request.user, self.game)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Mark those as read that the page has shown (fields ``id``)."""
        ids = request.POST.getlist("id")[: services.MOST_ROWS]
        available(lambda: services.mark_notifications_read(request.user, ids, self.game))
        return HttpResponseRedirect(address_of("notifications", request))


class BadgeView(OwnPage):
    """What a badge is, and whether the user has it. A hidden badge is there for those who hold it."""

    template_name = "django_playlyfe/pages/badge.html"

    def get_data(self) -> Item:
        """The badge as the user holds it, ``count`` 0 if not. Raises Http404: the user can see no such badge."""
        player = services.profile(self.request.user, detailed=True, game=self.game)
        found = [item for item in player.badges if item.name == self.kwargs["name"]]
        if not found:
            raise Http404(_("There is no such badge."))
        return max(found, key=lambda item: item.count)  # two sets may have a badge of one name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``badge``, None if the game cannot answer now, beside the ``name`` of the address."""
        return super().get_context_data(badge=available(self.get_data), **kwargs)


def address_of(name: str, request: HttpRequest, *arguments: Any) -> str:
    """The address of a page of this package, in the instance of it that the request came through."""
    namespace = request.resolver_match.namespace if request.resolver_match else None
    return reverse(f"playlyfe:{name}", args=arguments, current_app=namespace)
