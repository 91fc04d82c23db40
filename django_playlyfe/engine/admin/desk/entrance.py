"""Who may come to the desk, and what every page of it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from django_playlyfe.engine.admin.desk.examining import Examination, examine
from django_playlyfe.engine.design.catalogue import Catalogue, read_catalogue
from django_playlyfe.engine.models import Environment, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing

Wire = dict[str, Any]
View = Callable[..., HttpResponse]

LOOK, EDIT, PUBLISH, ADD = "view_game", "change_game", "publish_design", "add_game"
"""The permissions of the app that pages ask for."""


@dataclass
class Desk:
    """One request to the desk of one game."""

    request: HttpRequest
    admin: Any
    game: Game

    @property
    def realm(self) -> Realm:
        """The game; a design belongs to both environments."""
        return Realm(self.game.game_id)

    @cached_property
    def document(self) -> Wire:
        """The working design."""
        return editing.document_of(self.game)

    @cached_property
    def examined(self) -> Examination:
        """What can be said of it."""
        return examine(self.document)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What the working design has."""
        return read_catalogue(self.document)

    def read_again(self) -> None:
        """Forget what was read: something was written meanwhile."""
        self.game.refresh_from_db()
        for name in ("document", "examined", "catalogue"):
            self.__dict__.pop(name, None)

    def may(self, permission: str) -> bool:
        """Whether the person has a permission."""
        return has(self.request, permission)

    def url(self, page: str = "", *arguments: object) -> str:
        """The address of another page of this game's desk."""
        return url(self.admin, self.game, page, *arguments)

    def show(self, template: str, title: object, status: int = 200, **context: Any) -> TemplateResponse:
        """A page."""
        return TemplateResponse(
            self.request,
            f"admin/django_playlyfe_engine/desk/{template}.html",
            {
                **self.admin.admin_site.each_context(self.request),
                "desk": self,
                "game": self.game,
                "title": title,
                "opts": Game._meta,
                "may_edit": self.may(EDIT),
                "may_publish": self.may(PUBLISH),
                "environments": [(value, Environment(value).label) for value in Environment.values],
                **context,
            },
            status=status,
        )

    def done(self, message: object, page: str = "", *arguments: object, log: str = "") -> HttpResponseRedirect:
        """Say that something was done, note it in the admin's log, and go on to another page."""
        if log:
            self.note(log)
        messages.success(self.request, str(message))
        return HttpResponseRedirect(self.url(page, *arguments))

    def note(self, what: str) -> None:
        """An entry of the admin's log about the game."""
        self.admin.log_change(self.request, self.game, what)


def has(request: HttpRequest, permission: str) -> bool:
    """Whether somebody has a permission; whoever may edit may look."""
    user: Any = request.user
    asked = (LOOK, EDIT) if permission == LOOK else (permission,)
    return any(user.has_perm(f"{Game._meta.app_label}.{one}") for one in asked)


def url(model_admin: Any, game: Model, page: str, *arguments: object) -> str:
    """The address of a page of a game's desk."""
    name = "_".join(filter(None, ("django_playlyfe_engine_game_desk", page)))
    return reverse(f"admin:{name}", args=[game.pk, *arguments], current_app=model_admin.admin_site.name)


def page(model_admin: Any, view: View, *, look: str = LOOK, post: str = EDIT) -> View:
    """A page of the desk: staff only, with these permissions to look at it and to send it."""

    def enter(request: HttpRequest, pk: int, **arguments: Any) -> HttpResponse:
        if not has(request, look) or (request.method == "POST" and not has(request, post)):
            raise PermissionDenied
        game = Game.objects.select_related(*Environment.values).filter(pk=pk).first()
        if game is None:
            raise Http404
        return view(Desk(request, model_admin, game), **arguments)

    protected: View = model_admin.admin_site.admin_view(enter)
    return protected
