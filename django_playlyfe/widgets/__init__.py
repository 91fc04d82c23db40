"""How a tag of ``{% load playlyfe %}`` works: whose data, rendering, and what happens when reading fails.

Each tag is a function that reads something for a user. ``as name`` puts what it returns into the context; without it
the template ``django_playlyfe/widgets/<name>.html`` is rendered with it. A tag never breaks the page it stands on
(``reliability.md`` §4): in place of data that cannot be had there is a placeholder, and a line in the log.

``definitions`` is what a reading function gets and returns, ``tags`` makes tags of them, ``use`` reads and renders;
``artwork`` and ``sparklines`` are what some widgets show. For ``templatetags``, ``jinja2`` and ``views``.
"""

from __future__ import annotations

from django_playlyfe.widgets.definitions import WIDGETS, Call, Definition, Widget, show
from django_playlyfe.widgets.tags import widget
from django_playlyfe.widgets.use import Use

__all__ = ["WIDGETS", "Call", "Definition", "Use", "Widget", "show", "widget"]
