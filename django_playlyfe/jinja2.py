"""The widgets for Jinja2: functions of the same names as the tags.

Add them to the environment of your Jinja2 templates::

    from django_playlyfe.jinja2 import functions

    def environment(**options):
        env = jinja2.Environment(**options)
        env.globals.update(functions())
        return env

``{{ playlyfe_player() }}`` shows the widget, ``{% set player = playlyfe_player(data=True) %}`` gives its data. The
arguments are those of the tag. Widgets are templates of Django's own engine, so ``TEMPLATES`` has to have that one too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Engine
from django.template.context import make_context
from jinja2 import pass_context
from jinja2.runtime import Context as Jinja2Context
from markupsafe import Markup

from django_playlyfe.templatetags import playlyfe
from django_playlyfe.widgets import WIDGETS, Definition, Use, artwork


def functions() -> dict[str, Callable[..., Any]]:
    """Name -> function, for ``env.globals``: one for each tag, and the filters as functions."""
    return {
        **{tag: _function(definition) for tag, definition in WIDGETS.items()},
        "playlyfe_artwork": artwork.address,
        **playlyfe.register.filters,
    }


def _function(definition: Definition) -> Callable[..., Any]:
    @pass_context
    def widget(context: Jinja2Context, *positional: Any, data: bool = False, **named: Any) -> Any:
        """The widget as HTML, or with ``data=True`` what it shows."""
        around = _django_context(context)
        use = Use(definition, around, lambda: (positional, named))
        if data:
            return use.data()
        with around.bind_template(Engine.get_default().from_string("")):  # what the widget's own template is found by
            return Markup(use.rendered())  # noqa: S704 - Django's templates have escaped it

    widget.__name__ = definition.tag
    return widget


def _django_context(context: Jinja2Context) -> Any:
    """The context that a widget's template sees: the request and, without one, the user."""
    known = {name: context[name] for name in ("request", "user") if context.get(name) is not None}
    return make_context(known, known.get("request"))
