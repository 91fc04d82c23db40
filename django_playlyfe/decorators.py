"""``@plays("finish_book")``: a view that plays an action when it has done its work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_playlyfe import services
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.exceptions import ActionNotFound, Conflict, InvalidRequest, PlaylyfeError

logger = logging.getLogger("django_playlyfe")

View = TypeVar("View", bound=Callable[..., Any])

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
    wrong variable) raises. Works on async views, and on methods by ``method_decorator``.

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
    """Whether a request has changed something on behalf of a user who is logged in."""
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
