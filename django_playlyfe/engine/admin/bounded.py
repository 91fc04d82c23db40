"""Lists that cost the same however large a table is: no search and no filter looks at more rows than a number written
here. (``local_admin.BoundedPaginator`` counts no further than anybody turns pages.)"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import connections
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models import Environment, Game

MOST_FOUND = 500
"""Players that one search finds."""
NEWEST = 100_000
"""Rows of the log that a filter without a player looks at."""


class RealmFilter(admin.SimpleListFilter):
    """A game in one environment, as the indexes have them: together."""

    title = _("game")
    parameter_name = "realm"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every game, twice."""
        games = Game.objects.order_by("game_id").values_list("game_id", flat=True)[:50]
        names = dict(Environment.choices)
        return [(f"{game}:{env}", f"{game} · {names[env]}") for game in games for env in Environment.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of one game and environment."""
        game, _colon, environment = (self.value() or "").rpartition(":")
        if environment not in Environment.values:
            return queryset
        # Two steps: the planner then knows the one game, and takes the index that has the newest rows first.
        keys = list(Game.objects.filter(game_id=game).values_list("pk", flat=True))
        return queryset.filter(game_id=keys[0], environment=environment) if keys else queryset.none()


def starting_with(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    """The rows whose indexed ``field`` begins with ``text``, in a form that each database answers from the index."""
    if connections[rows.db].vendor == "postgresql":  # an index of its own, with varchar_pattern_ops
        return rows.filter(**{f"{field}__startswith": text})
    ends = {f"{field}__gte": text, f"{field}__lt": text + chr(0x10FFFF), f"{field}__startswith": text}
    return rows.filter(**ends)


def newest(rows: QuerySet[Any], model: type[Model]) -> QuerySet[Any]:
    """Those of the rows that are among the newest :data:`NEWEST` of the table, by key."""
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    return rows.filter(pk__gt=last - NEWEST)
