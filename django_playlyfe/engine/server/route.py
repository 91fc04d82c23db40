"""What a route is, and how a path finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django_playlyfe.engine.server.auth.access import Resource
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.answers import Answer

View = Callable[[ApiCall], Logic]
"""Reads the parameters of a call and returns what is left to do."""


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        resource: which scope opens it; runtime routes need a player.
        method: GET also answers HEAD.
        v2, v1: its path in each version, ``:name`` for a segment that varies; "" where the version lacks it.
        view: what it does.
        in_v1: makes the body of v2 that of v1.
        takes_file: its body is a form with a file, not JSON.
        keeps_refused: what a refused call wrote stays; else a call that fails has not happened.
    """

    resource: Resource
    method: str
    v2: str
    v1: str
    view: View
    in_v1: Callable[[Any], Any] | None = None
    takes_file: bool = False
    keeps_refused: bool = False

    @property
    def has_player(self) -> bool:
        """Whether a call is about one player (§3.5)."""
        return self.resource == "runtime"

    @property
    def changes_seldom(self) -> bool:
        """Whether answers name what they hold, so that nobody fetches them twice (§12)."""
        return self.v2.startswith(("/runtime/definitions/", "/runtime/assets/", "/runtime/player/image", "/design/"))

    def path(self, version: str) -> str:
        """The path in "v1" or "v2"."""
        return self.v1 if version == "v1" else self.v2

    def shape(self, version: str, body: Any) -> Any:
        """The body of an answer as this version has it."""
        if version != "v1" or self.in_v1 is None:
            return body
        return replace(body, body=self.in_v1(body.body)) if isinstance(body, Answer) else self.in_v1(body)

    @cached_property
    def patterns(self) -> Mapping[str, re.Pattern[str]]:
        """Version -> what its paths look like."""
        return {"v1": _pattern(self.v1), "v2": _pattern(self.v2)}


@dataclass(frozen=True)
class Match:
    """A route, and what its ``:names`` stand for in a path."""

    route: Route
    values: Mapping[str, str]


def match(routes: Iterable[Route], version: str, method: str, path: str) -> Match | None:
    """The first of some routes that a call fits; see ``routes.find``."""
    for route in routes:
        found = route.patterns[version].fullmatch(path) if route.method == method else None
        if found:
            return Match(route, found.groupdict())
    return None


def _pattern(path: str) -> re.Pattern[str]:
    if not path:
        return re.compile(r"(?!)")
    return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", path.rstrip("/")) + "/?")
