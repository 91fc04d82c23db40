"""What a widget is: the function that reads its data, what it is given, and what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.context import Context

from django_playlyfe.conf import DEFAULT_GAME, GameSettings
from django_playlyfe.players.links import player_id_or_none

OF_THE_REQUEST: Any = object()
"""Stands for "the user of the request" where a tag names nobody: None has another meaning."""


@dataclass(frozen=True)
class Call:
    """One use of a tag: what its reading function gets first.

    Attributes:
        user: a user or a player id; None where the template says ``user=None``: nobody in particular.
        settings: those of the game.
        context: the template's context.
    """

    user: Any
    settings: GameSettings
    context: Context

    @property
    def game(self) -> str:
        """Alias of the game."""
        return self.settings.alias

    @property
    def is_nobody(self) -> bool:
        """Whether the data is that of an anonymous visitor, or of a variable that the context does not have."""
        return self.user == "" or getattr(self.user, "is_anonymous", False)

    @property
    def is_left_out(self) -> bool:
        """Whether the site lets this user take no part in the game."""
        is_user = self.user is not None and not isinstance(self.user, str)
        return is_user and not self.settings.player_filter(self.user)

    @property
    def is_own(self) -> bool:
        """Whether the data is that of the person who looks at the page."""
        return self.user is not None and self.user == find_user(self.context)

    @property
    def is_about_viewer(self) -> bool:
        """Whether it is about the person who looks at the page, named as a user or by the player's id."""
        if self.is_own or not isinstance(self.user, str):
            return self.is_own
        viewer = find_user(self.context)
        return viewer is not None and player_id_or_none(viewer, self.game) == self.user


@dataclass(frozen=True)
class Widget:
    """What a tag gives: ``data`` for ``as name``; the widget's template sees it under ``name`` beside ``extra``."""

    name: str
    data: Any
    extra: Mapping[str, Any]

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the widget's template."""
        return {self.name: self.data, **self.extra}


def show(**variables: Any) -> Widget:
    """What a reading function returns: the first variable is the data, all are variables of the widget's template."""
    (name, data), *rest = variables.items()
    return Widget(name, data, dict(rest))


Reader = Callable[..., "Widget | None"]
"""Reads the data of a widget from a :class:`Call`; its name is the tag's. None = nothing to show."""


@dataclass(frozen=True)
class Definition:
    """A widget as it was registered.

    Attributes:
        read: gets the data; its name is the tag's.
        visitors: whether the tag does anything for anonymous visitors.
        needs: the capability flag of the backend without which there is nothing to show; "" for none.
    """

    read: Reader
    visitors: bool
    needs: str

    @property
    def tag(self) -> str:
        """``playlyfe_scores``."""
        return self.read.__name__

    @property
    def name(self) -> str:
        """``scores``."""
        return self.tag.removeprefix("playlyfe_")

    @property
    def template_name(self) -> str:
        """``django_playlyfe/widgets/scores.html`` for ``playlyfe_scores``."""
        return f"django_playlyfe/widgets/{self.name}.html"

    @property
    def signature(self) -> inspect.Signature:
        """The arguments of the tag: those of the function without its first one, ``user``, and ``game`` by name."""
        own = list(inspect.signature(self.read).parameters.values())[1:]
        by_position = [parameter for parameter in own if parameter.kind is not inspect.Parameter.KEYWORD_ONLY]
        by_name = [parameter for parameter in own if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
        user = inspect.Parameter("user", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=OF_THE_REQUEST)
        game = inspect.Parameter("game", inspect.Parameter.KEYWORD_ONLY, default=DEFAULT_GAME)
        return inspect.Signature([*by_position, user, *by_name, game])


WIDGETS: dict[str, Definition] = {}
"""All widgets by tag; ``jinja2.py`` makes functions of them."""


def find_user(context: Context) -> Any:
    """Who looks at the page; None where its template does not know."""
    request = context.get("request")
    return getattr(request, "user", None) if request is not None else context.get("user")
