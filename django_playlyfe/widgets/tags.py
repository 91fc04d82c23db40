"""The tag of a widget: how it is registered, and what may stand in it."""

from __future__ import annotations

from collections.abc import Callable

from django.template import Library, Node, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.safestring import SafeString

from django_playlyfe.widgets.definitions import WIDGETS, Definition, Reader
from django_playlyfe.widgets.use import NOTHING, Arguments, Use


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
        definition.signature.bind(*positional, **named)
    except TypeError as error:
        raise TemplateSyntaxError(f"{{% {tag} %}}: {error}.") from None
    return WidgetNode(definition, positional, named, target)


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
        return NOTHING

    def _resolve(self, context: Context) -> Arguments:
        positional = [expression.resolve(context) for expression in self.positional]
        return positional, {name: expression.resolve(context) for name, expression in self.named.items()}
