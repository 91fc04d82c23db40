"""Twins of some services for async views: ``await aplay(user, "finish_book", {"pages": 320})``.

Each runs its service in the thread that Django keeps for a request's synchronous code, because connections and
transactions of the database belong to a thread: the event loop goes on with other requests meanwhile, and what the
request does by ``sync_to_async`` uses the same connection. As everywhere in Django, no transaction is held open across
an ``await``: where a play and a row are to share their fate, put both into one function and ``sync_to_async`` that.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from django_playlyfe.feedback import feedback
from django_playlyfe.services.by_hand import adjust_scores, reset_player, revert
from django_playlyfe.services.pictures import picture
from django_playlyfe.services.plays import play
from django_playlyfe.services.reads import explain, leaderboard, profile, standing

P = ParamSpec("P")
T = TypeVar("T")


def _twin(service: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The service as a coroutine function: same arguments, answers and errors."""
    in_the_thread = sync_to_async(service, thread_sensitive=True)

    @wraps(service)
    async def twin(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_the_thread(*args, **kwargs)

    twin.__name__ = twin.__qualname__ = f"a{service.__name__}"
    twin.__module__ = __name__
    twin.__doc__ = (
        f"``await a{service.__name__}(…)``: as :func:`~django_playlyfe.services.{service.__name__}`, with the same "
        "arguments, answers and errors; the event loop goes on meanwhile."
    )
    return twin


aplay = _twin(play)
aadjust_scores = _twin(adjust_scores)
arevert = _twin(revert)
areset_player = _twin(reset_player)
aprofile = _twin(profile)
aleaderboard = _twin(leaderboard)
astanding = _twin(standing)
aexplain = _twin(explain)
apicture = _twin(picture)
afeedback = _twin(feedback)
