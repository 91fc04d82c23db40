"""How a tag of ``{% load playlyfe %}`` works: arguments, whose data, rendering, and what happens when reading fails.

Each tag is a function that reads something for a user. ``as name`` puts what it returns into the context; without it
the template ``django_playlyfe/widgets/<name>.html`` is rendered with it. A tag never breaks the page it stands on
(``reliability.md`` §4): in place of data that cannot be had there is a placeholder, and a line in the log.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import router, transaction
from django.template import Library, Node, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.safestring import SafeString

from django_playlyfe import services
from django_playlyfe.conf import DEFAULT_GAME, GameSettings, game_settings
from django_playlyfe.exceptions import ConfigurationError, PlayerNotFound, PlaylyfeError
from django_playlyfe.links import player_id_or_none
from django_playlyfe.models import PlayerLink

logger = logging.getLogger("django_playlyfe.tags")

_NOTHING = SafeString()
PLACEHOLDER = "django_playlyfe/widgets/_placeholder.html"


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
        return self.user is not None and self.user == _find_user(self.context)

    @property
    def is_about_viewer(self) -> bool:
        """Whether it is about the person who looks at the page, named as a user or by the player's id."""
        if self.is_own or not isinstance(self.user, str):
            return self.is_own
        viewer = _find_user(self.context)
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


WIDGETS: dict[str, Definition] = {}
"""All widgets by tag; ``jinja2.py`` makes functions of them."""


def widget(library: Library, *, visitors: bool = False, needs: str = "") -> Callable[[Reader], Reader]:
    """Register a reading function as a tag of its name.

    All tags take ``user`` (last of the positional arguments) and ``game=`` besides the function's own arguments.

    Args:
        library: the tag library of the module.
        visitors: whether the tag does anything for anonymous visitors.
        needs: a capability flag; where the backend lacks it, the tag shows nothing.
    """

    def register(read: Reader) -> Reader:
        definition = Definition(read, visitors, needs)
        WIDGETS[definition.tag] = definition
        library.tag(definition.tag, lambda parser, token: _compile(parser, token, definition))
        return read

    return register


def _compile(parser: Parser, token: Token, definition: Definition) -> WidgetNode:
    tag = definition.tag
    bits = token.split_contents()[1:]
    target = None
    if len(bits) >= 2 and bits[-2] == "as":
        target = bits[-1]
        bits = bits[:-2]
    positional: list[FilterExpression] = []
    named: dict[str, FilterExpression] = {}
    for bit in bits:
        pair = token_kwargs([bit], parser)
        if pair and set(pair) & set(named):
            raise TemplateSyntaxError(f"{{% {tag} %}} got {bit.split('=')[0]!r} twice.")
        if not pair and named:
            raise TemplateSyntaxError(f"{{% {tag} %}} got {bit!r} after a named argument.")
        named.update(pair)
        if not pair:
            positional.append(parser.compile_filter(bit))
    try:
        _signature(definition.read).bind(*positional, **named)
    except TypeError as error:
        raise TemplateSyntaxError(f"{{% {tag} %}}: {error}.") from None
    return WidgetNode(definition, positional, named, target)


def _signature(read: Reader) -> inspect.Signature:
    """The arguments of the tag: those of the function without its first one, then ``user``, and ``game`` by name."""
    own = list(inspect.signature(read).parameters.values())[1:]
    by_position = [parameter for parameter in own if parameter.kind is not inspect.Parameter.KEYWORD_ONLY]
    by_name = [parameter for parameter in own if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
    user = inspect.Parameter("user", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=OF_THE_REQUEST)
    game = inspect.Parameter("game", inspect.Parameter.KEYWORD_ONLY, default=DEFAULT_GAME)
    return inspect.Signature([*by_position, user, *by_name, game])


class WidgetNode(Node):
    """A tag in a template: shows a widget or sets a variable."""

    def __init__(
        self,
        definition: Definition,
        positional: list[FilterExpression],
        named: dict[str, FilterExpression],
        target: str | None,
    ) -> None:
        self.definition = definition
        self.positional = positional
        self.named = named
        self.target = target

    def render(self, context: Context) -> SafeString:
        """The widget; "" for ``as name``, for nobody and where there is nothing to show."""
        use = Use(self.definition, context, lambda: self._resolve(context))
        if self.target is None:
            return use.rendered()
        context[self.target] = None  # arguments of the tag do not see an older value
        context[self.target] = use.data()
        return _NOTHING

    def _resolve(self, context: Context) -> Arguments:
        positional = [expression.resolve(context) for expression in self.positional]
        return positional, {name: expression.resolve(context) for name, expression in self.named.items()}


Arguments = tuple[Sequence[Any], Mapping[str, Any]]
"""Positional and named ones."""


@dataclass(frozen=True)
class Use:
    """One use of a widget on a page: reads, and whatever happens raises nothing.

    Attributes:
        definition: the widget.
        context: of the template it stands in.
        arguments: gives the arguments of the tag.
    """

    definition: Definition
    context: Context
    arguments: Callable[[], Arguments]

    def rendered(self) -> SafeString:
        """The widget; "" for nobody and where there is nothing to show; a placeholder if something goes wrong."""
        try:
            with _savepoint():
                call, found = self._read()
                return _NOTHING if found is None else self._render(call, found)
        except Exception as error:
            self._log(error)
            return self._placeholder(error)

    def data(self) -> Any:
        """The data of the widget; None for nobody, where there is nothing, and if something goes wrong."""
        try:
            with _savepoint():
                _call, found = self._read()
                return None if found is None else found.data
        except Exception as error:
            self._log(error)
            return None

    def _read(self) -> tuple[Call, Widget | None]:
        call, arguments = self._call()
        definition = self.definition
        if call.is_nobody and not definition.visitors:
            return call, None
        if definition.needs and definition.needs not in services.abilities(call.game):
            return call, None
        try:
            return call, definition.read(call, *arguments.args, **arguments.kwargs)
        except PlayerNotFound:
            if call.is_left_out:  # for those there is nothing, which is no failure
                return call, None
            raise

    def _render(self, call: Call, found: Widget) -> SafeString:
        variables = {"game": call.game, "is_own": call.is_own, **found.variables}
        return _include(self.context, self.definition.template_name, variables)

    def _call(self) -> tuple[Call, inspect.BoundArguments]:
        """Whose data of which game, and the remaining arguments."""
        positional, named = self.arguments()
        signature = _signature(self.definition.read)
        given = signature.bind(*positional, **named)
        user = given.arguments.pop("user", OF_THE_REQUEST)
        settings = game_settings(given.arguments.pop("game", DEFAULT_GAME) or DEFAULT_GAME)
        if user is OF_THE_REQUEST:
            user = _user_of_the_request(self.context)
        rest = [parameter for name, parameter in signature.parameters.items() if name not in ("user", "game")]
        return Call(user, settings, self.context), inspect.BoundArguments(inspect.Signature(rest), given.arguments)

    def _log(self, error: Exception) -> None:
        tag = self.definition.tag
        if isinstance(error, PlaylyfeError):
            logger.warning("{%% %s %%} shows a placeholder: %s", tag, error)
        elif isinstance(error, ConfigurationError):
            logger.error("{%% %s %%} shows a placeholder: %s", tag, error)
        else:
            logger.exception("{%% %s %%} shows a placeholder", tag)

    def _placeholder(self, error: Exception) -> SafeString:
        context = self.context
        debug = context.template is not None and context.template.engine.debug
        try:
            shown = f"{type(error).__name__}: {error}" if debug else ""
            return _include(context, PLACEHOLDER, {"tag": self.definition.tag, "problem": shown})
        except Exception:
            logger.exception("The placeholder of {%% %s %%} cannot be rendered", self.definition.tag)
            return _NOTHING


def _find_user(context: Context) -> Any:
    request = context.get("request")
    return getattr(request, "user", None) if request is not None else context.get("user")


def _user_of_the_request(context: Context) -> Any:
    user = _find_user(context)
    if user is None:
        raise ConfigurationError(
            "There is no user in this template's context. Render it with the request, and add "
            '"django.template.context_processors.request" to the context processors; or write user=… in the tag.'
        )
    return user


def _include(context: Context, template_name: str, variables: Mapping[str, Any]) -> SafeString:
    """Render a template with the context of the page and some variables more, as ``{% include %}`` does."""
    assert context.template is not None  # noqa: S101 - a node is only rendered by a template
    template = context.template.engine.get_template(template_name)
    with context.push(**variables):
        return template.render(context)


def _savepoint() -> AbstractContextManager[Any]:
    """Inside a transaction a failing query would spoil the queries after it; a savepoint keeps it to the tag."""
    using = router.db_for_read(PlayerLink)
    if transaction.get_connection(using).in_atomic_block:
        return transaction.atomic(using=using)
    return nullcontext()
