"""All routes of both versions (``http-api.md`` §5-§7). What is not listed does not exist: ``route_not_found``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django_playlyfe.engine.server import v1
from django_playlyfe.engine.server.auth.access import Resource
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.views import actions, game, leaderboards, players


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        resource: which scope opens it; runtime routes need a player.
        method: GET also answers HEAD.
        v2, v1: its path in each version, ``:name`` for a segment that varies; "" where the version lacks it.
        view: reads the parameters of a call and returns what is left to do.
        in_v1: makes the body of v2 that of v1.
    """

    resource: Resource
    method: str
    v2: str
    v1: str
    view: Callable[[ApiCall], Logic]
    in_v1: Callable[[Any], Any] | None = None

    @property
    def has_player(self) -> bool:
        """Whether a call is about one player (§3.5)."""
        return self.resource == "runtime"

    def path(self, version: str) -> str:
        """The path in "v1" or "v2"."""
        return self.v1 if version == "v1" else self.v2

    def shape(self, version: str, body: Any) -> Any:
        """The body of an answer as this version has it."""
        return self.in_v1(body) if version == "v1" and self.in_v1 else body

    @cached_property
    def patterns(self) -> Mapping[str, re.Pattern[str]]:
        """Version -> what its paths look like."""
        return {"v1": _pattern(self.v1), "v2": _pattern(self.v2)}


@dataclass(frozen=True)
class Match:
    """A route, and what its ``:names`` stand for in a path."""

    route: Route
    values: Mapping[str, str]


ROUTES = (
    Route("runtime", "GET", "/runtime/player", "/player", players.own_profile, v1.profile),
    Route("runtime", "PATCH", "/runtime/player", "/player", players.change_own, v1.profile),
    Route("runtime", "GET", "/runtime/players", "/players", players.listing),
    Route("runtime", "GET", "/runtime/players/:id", "/players/:id", players.profile_of_another, v1.profile),
    Route("runtime", "GET", "/runtime/actions", "/actions", actions.listing),
    Route("runtime", "POST", "/runtime/actions/:id/play", "/actions/:id/play", actions.play),
    Route("runtime", "POST", "", "/action/play", actions.play_named_in_body),
    Route("runtime", "GET", "/runtime/definitions/metrics", "/definitions/metrics", game.metrics),
    Route("runtime", "GET", "/runtime/definitions/metrics/:id", "/definitions/metrics/:id", game.metric),
    Route("runtime", "GET", "/runtime/leaderboards", "/leaderboards", leaderboards.listing),
    Route("runtime", "GET", "/runtime/leaderboards/:id", "/leaderboards/:id", leaderboards.page),
    Route("runtime", "GET", "/runtime/leaderboards/:id/trend", "/leaderboards/:id/trend", leaderboards.trend),
    Route("runtime", "GET", "/runtime/activity", "/activity", game.own_activity),
    Route("admin", "GET", "/admin", "/", game.status),
    Route("admin", "GET", "/admin/activity", "", game.activity),
    Route("admin", "GET", "/admin/players", "/game/players", players.listing),
    Route("admin", "POST", "/admin/players", "/players", players.create),
    Route("admin", "GET", "/admin/players/:id", "", players.profile),
    Route("admin", "PATCH", "/admin/players/:id", "", players.change),
    Route("admin", "DELETE", "/admin/players/:id", "/players/:id", players.delete),
    Route("admin", "GET", "/admin/players/:id/activity", "", game.activity_of),
)


def find(version: str, method: str, path: str) -> Match | None:
    """The route of a call; None if there is none, or not for this method.

    Args:
        version: "v1" or "v2".
        method: of HTTP, with HEAD as GET.
        path: percent-decoded, with at most one slash at its end.
    """
    for route in ROUTES:
        found = route.patterns[version].fullmatch(path) if route.method == method else None
        if found:
            return Match(route, found.groupdict())
    return None


def _pattern(path: str) -> re.Pattern[str]:
    if not path:
        return re.compile(r"(?!)")
    return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", path.rstrip("/")) + "/?")
