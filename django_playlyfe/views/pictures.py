"""Pictures of badges and levels out of the game, under the site's own address: no token, no other host."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.generic import View

from django_playlyfe import conf, services
from django_playlyfe.exceptions import ConfigurationError, InvalidRequest, NotFound, PlaylyfeError
from django_playlyfe.types.pictures import Picture
from django_playlyfe.views.game_page import viewer_of
from django_playlyfe.widgets import artwork


class PictureView(View):
    """The picture of a badge or level that the design has, ``?size=`` as ``services.picture`` takes it.

    Where there is none, and while the game does not answer, the browser is sent to the package's own artwork. Only
    names that the design has are looked for, so nobody makes this site ask the game's server for anything else.
    """

    http_method_names = ["get", "head"]
    seconds: ClassVar[int] = 3600
    """How long a browser remembers that there is no picture."""
    seconds_without_game: ClassVar[int] = 30

    def get(self, request: HttpRequest, alias: str, kind: artwork.Kind, name: str) -> HttpResponseBase:
        """The picture; 304 where the browser has it, 404 for a game or size that there is not."""
        if alias not in conf.games():
            raise Http404(_("There is no such game."))
        size = request.GET.get("size", "small")
        try:
            found = services.member_picture(kind, name, size=size, user=viewer_of(request), game=alias)
        except InvalidRequest as error:
            raise Http404(_("There is no such picture.")) from error
        except NotFound:
            return self.placeholder(kind, self.seconds)
        except (PlaylyfeError, ConfigurationError):
            return self.placeholder(kind, self.seconds_without_game)
        return self.show(request, found)

    def show(self, request: HttpRequest, picture: Picture) -> HttpResponseBase:
        """The picture; one that is still on its way is passed on piece by piece."""
        headers = picture.headers()
        unchanged = get_conditional_response(request, etag=picture.etag or None)
        if unchanged is not None and unchanged.status_code == 304:
            picture.close()
            unchanged.headers["Cache-Control"], unchanged.headers["ETag"] = headers["Cache-Control"], picture.etag
            return unchanged
        if picture.is_whole:
            return HttpResponse(picture.read(), headers=headers)
        return StreamingHttpResponse(picture, headers=headers)

    def placeholder(self, kind: artwork.Kind, seconds: int) -> HttpResponseBase:
        """The package's artwork in its place, for so many seconds."""
        response = HttpResponseRedirect(artwork.stock(kind))
        patch_cache_control(response, private=True, max_age=seconds)
        return response
