"""Every route of the table in every version that has it, with a path that can be called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django_playlyfe.engine.server.route import Route
from django_playlyfe.engine.server.routes import ROUTES

NAMES = {"id": "ines", "version": "latest", "definition": "book_club", "scope": "history"}
"""What the ``:names`` of paths stand for; others stand for something that does not exist."""


@dataclass(frozen=True)
class Attempt:
    """A call of one route in one version."""

    route: Route
    version: str

    def __str__(self) -> str:
        return f"{self.route.method} /{self.version}{self.route.path(self.version)}"

    @property
    def method(self) -> str:
        return self.route.method

    @property
    def is_read(self) -> bool:
        return self.route.method == "GET"

    @property
    def path(self) -> str:
        """The path below the version."""
        return re.sub(r":(\w+)", lambda name: NAMES.get(name[1], "nothing"), self.route.path(self.version))

    @property
    def address(self) -> str:
        return f"/{self.version}{self.path}"


ATTEMPTS = [Attempt(route, version) for route in ROUTES for version in ("v1", "v2") if route.path(version)]
READS = [attempt for attempt in ATTEMPTS if attempt.is_read]
