"""One use of a widget on a page: whose data it reads, how it is rendered, and the placeholder where that fails."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import router, transaction
from django.template.context import Context
from django.utils.safestring import SafeString

from django_playlyfe import services
from django_playlyfe.conf import DEFAULT_GAME, game_settings
from django_playlyfe.exceptions import ConfigurationError, PlayerNotFound, PlaylyfeError
from django_playlyfe.models import PlayerLink
from django_playlyfe.widgets.definitions import OF_THE_REQUEST, Call, Definition, Widget, find_user

logger = logging.getLogger("django_playlyfe.tags")

NOTHING = SafeString()
PLACEHOLDER = "django_playlyfe/widgets/_placeholder.html"

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
                return NOTHING if found is None else self._render(call, found)
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
        signature = self.definition.signature
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
            return NOTHING


def _user_of_the_request(context: Context) -> Any:
    user = find_user(context)
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
