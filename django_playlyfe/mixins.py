"""``PlaysMixin``: ``@plays`` for class-based views."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.decorators import play_after, should_play


class PlaysMixin:
    """Plays ``play_action`` for the user after a response below 400 to POST, PUT, PATCH or DELETE.

    Put it before the view's base class. The rules are those of :func:`~django_playlyfe.decorators.plays`::

        class FinishBook(PlaysMixin, CreateView):
            play_action = "finish_book"

            def get_play_variables(self):
                return {"pages": self.object.pages}
    """

    play_action: ClassVar[str] = ""
    play_count: ClassVar[int] = 1
    play_game: ClassVar[str] = DEFAULT_GAME

    def get_play_action(self) -> str:
        """Id of the action."""
        if not self.play_action:
            raise ImproperlyConfigured(f"{type(self).__name__} needs play_action or get_play_action().")
        return self.play_action

    def get_play_variables(self) -> Mapping[str, Any]:
        """Variables of the play; called after the view has done its work, so ``self.object`` is there."""
        return {}

    def get_play_idempotency_key(self) -> str | None:
        """A key under which only one play counts, such as ``f"book:{self.object.pk}"``."""
        return None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let the view answer, then play."""
        response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # a mixin of View
        if isawaitable(response):
            return self._await_and_play(request, response)
        self._play(request, response)
        return response

    async def _await_and_play(self, request: HttpRequest, pending: Any) -> HttpResponseBase:
        response: HttpResponseBase = await pending
        await sync_to_async(self._play)(request, response)
        return response

    def _play(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if should_play(request, response):
            play_after(
                request,
                self.get_play_action(),
                self.get_play_variables(),
                count=self.play_count,
                idempotency_key=self.get_play_idempotency_key(),
                game=self.play_game,
            )
