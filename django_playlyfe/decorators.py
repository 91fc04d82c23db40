"""``@plays("finish_book")``: a view that plays an action when it has done its work. ``@plays_on_create``: a model whose
new rows are plays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.db.models import Model
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_playlyfe import services
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import ActionNotFound, Conflict, InvalidRequest, PlaylyfeError

logger = logging.getLogger("django_playlyfe")

View = TypeVar("View", bound=Callable[..., Any])

ModelClass = TypeVar("ModelClass", bound=type[Model])

PLAYING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def plays(
    action: str,
    *,
    vars: Callable[..., Mapping[str, Any]] | None = None,  # noqa: A002 - the public name (interface.md §2)
    count: int = 1,
    idempotency_key: Callable[..., str | None] | None = None,
    game: str = DEFAULT_GAME,
) -> Callable[[View], View]:
    """Play ``action`` for ``request.user`` after a response below 400 to POST, PUT, PATCH or DELETE.

    ``@plays("finish_book", vars=lambda request, **kwargs: {"pages": int(request.POST["pages"])})``

    Nothing happens for anonymous visitors. A refusal never changes the response; ``{% playlyfe_feedback %}`` tells it.
    If the game fails, the failure is logged and the response goes out as it is; a programmer's mistake (unknown action,
    wrong variable) raises. Works on async views, and on methods by ``method_decorator``. A function that returns no
    response, such as a route of django-ninja, needs ``@decorate_view(plays("finish_book"))`` of ``ninja.decorators``.

    Args:
        action: id of the action.
        vars: called with the view's arguments after the view; returns the variables of the play.
        count: weight of the play.
        idempotency_key: called with the view's arguments; a second play with the same key changes nothing.
        game: alias of the game.
    """

    def decorate(view: View) -> View:
        def after(request: HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any) -> None:
            if not should_play(request, response):
                return
            play_after(
                request,
                action,
                vars(request, *args, **kwargs) if vars is not None else {},
                count=count,
                idempotency_key=idempotency_key(request, *args, **kwargs) if idempotency_key is not None else None,
                game=game,
            )

        if iscoroutinefunction(view):

            @wraps(view)
            async def playing(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
                response: HttpResponseBase = await view(request, *args, **kwargs)
                await sync_to_async(after)(request, response, *args, **kwargs)
                return response

        else:

            @wraps(view)
            def playing(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
                response: HttpResponseBase = view(request, *args, **kwargs)
                after(request, response, *args, **kwargs)
                return response

        return cast("View", playing)

    return decorate


def should_play(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether a request has changed something on behalf of a user who is logged in.

    Raises:
        TypeError: the view has answered something else than a response, so nobody can say whether it succeeded.
    """
    if not isinstance(response, HttpResponseBase):
        raise TypeError(
            f"A view that plays has to return an HttpResponse, not {type(response).__name__}. With django-ninja write "
            "@decorate_view(plays(…)) of ninja.decorators under the route, or call services.play in it."
        )
    return (
        request.method in PLAYING_METHODS
        and response.status_code < 400
        and getattr(request, "user", None) is not None
        and request.user.is_authenticated
    )


def play_after(
    request: HttpRequest,
    action: str,
    variables: Mapping[str, Any],
    *,
    count: int = 1,
    idempotency_key: str | None = None,
    game: str = DEFAULT_GAME,
) -> None:
    """Play for the request's user so that the response stays what it is. Raises only a programmer's mistakes."""
    try:
        services.play(
            request.user, action, variables, count=count, idempotency_key=idempotency_key, wait=True, game=game
        )
    except (ActionNotFound, InvalidRequest, Conflict):
        raise
    except PlaylyfeError:
        logger.exception("The game %r could not take the play of %r; the response is not affected.", game, action)


def plays_on_create(
    action: str,
    *,
    user: str | Callable[[Any], Any],
    vars: Callable[[Any], Mapping[str, Any]] | None = None,  # noqa: A002 - the name that ``plays`` has
    count: int = 1,
    idempotency_key: Callable[[Any], str | None] | None = None,
    at: Callable[[Any], datetime | None] | None = None,
    game: str = DEFAULT_GAME,
) -> Callable[[ModelClass], ModelClass]:
    """Play ``action`` for each new instance of a model and its child classes, in the caller's transaction.

    ``@plays_on_create("finish_book", user="owner", vars=lambda book: {"pages": book.pages})``

    Nothing happens for fixtures (``raw``), for instances without a user, and where Django sends no signal:
    ``bulk_create``, data migrations; ``playlyfe_backfill`` is for those. A refusal or a game that fails leaves the
    instance saved; ``{% playlyfe_feedback %}`` tells the refusal, the log the failure. A programmer's mistake (unknown
    action, wrong variable) raises out of ``save()``.

    Args:
        action: id of the action.
        user: name of the attribute that holds who plays, or a function of the instance.
        vars: gives the variables of the play, from the instance.
        count: weight of the play.
        idempotency_key: gives the key under which the play counts once; by default ``library.book:7``, the model and
            the primary key. ``services.undo`` takes the play back by it.
        at: gives when it happened; by default it happens now.
        game: alias of the game.
    """

    def decorate(model: ModelClass) -> ModelClass:
        def saved(instance: Model, created: bool, raw: bool, **_kwargs: Any) -> None:
            if not created or raw or not isinstance(instance, model):
                return
            player = user(instance) if callable(user) else getattr(instance, user)
            if player is None or getattr(player, "is_anonymous", False):
                return
            _play_or_log(
                player,
                action,
                vars(instance) if vars is not None else {},
                count=count,
                idempotency_key=idempotency_key(instance) if idempotency_key is not None else key_of(instance, model),
                at=at(instance) if at is not None else None,
                game=game,
            )

        # not sender=model: instances of proxies and child classes are sent in the name of those
        post_save.connect(saved, weak=False, dispatch_uid=("django_playlyfe.plays_on_create", model, action, game))
        return model

    return decorate


def key_of(instance: Model, model: type[Model]) -> str:
    """The key of the play of an instance unless the site gives another: ``library.book:7``."""
    return f"{model._meta.label_lower}:{instance.pk}"


def _play_or_log(player: Any, action: str, variables: Mapping[str, Any], *, game: str, **how: Any) -> None:
    """Play so that what the caller has saved stays saved. Raises only a programmer's mistakes."""
    try:
        services.play(player, action, variables, game=game, **how)
    except (ActionNotFound, InvalidRequest, Conflict):
        raise
    except (PlaylyfeError, DatabaseError):
        logger.exception("The game %r could not take the play of %r; what was saved stays.", game, action)
