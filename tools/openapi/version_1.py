"""The operations of version 1: those of the runtime under shorter paths, some shapes its own (``http-api.md`` §5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from tools.openapi.operations import PLAY, Operation, Schema, of, operations

_ELSEWHERE = {
    ("GET", "/runtime/assets/definitions/metrics/:id"): "/assets/metrics/:id",
    ("POST", "/runtime/teams"): "/definitions/teams/:definition",
    ("POST", "/runtime/processes"): "/definitions/processes/:definition",
    ("GET", "/admin"): "/",
    ("GET", "/admin/players"): "/game/players",
    ("POST", "/admin/players"): "/players",
    ("DELETE", "/admin/players/:id"): "/players/:id",
    ("PUT", "/admin/players/:id/reset"): "/players/:id/reset",
}
"""Method and path in version 2 -> path in version 1. Other runtime routes lose the first word; no others are in it."""
_SHAPED = ("Profile", "Team", "Process", "Trigger", "Triggered")
"""Schemas that version 1 has in another shape, under the same name with ``V1`` at its end."""
_BODIES = {"TeamBody": "NewTeamBody", "ProcessBody": "NewProcessBody"}
"""The definition is in the path."""
_OWNED = "/processes/:owner/:id"


def operations_of_version_1() -> Iterator[Operation]:
    """All of version 1 that need a token."""
    for operation in operations():
        path = _ELSEWHERE.get((operation.method, operation.path))
        if path is None and operation.resource == "runtime":
            path = operation.path.removeprefix("/runtime")
        if path is not None:
            yield _older(operation, path)
    play = Operation("POST", "/action/play", "Play an action.", of("Played"), PLAY, "NamedPlayBody", True)
    yield replace(play, version="v1", resource="runtime")
    about = "The same; of early process ids the owner was a part."
    for operation in operations():
        if (operation.method, operation.path) in {
            ("GET", "/runtime/processes/:id"),
            ("PATCH", "/runtime/processes/:id"),
            ("DELETE", "/runtime/processes/:id"),
            ("POST", "/runtime/processes/:id/play"),
        }:
            path = operation.path.replace("/runtime/processes/:id", _OWNED)
            yield replace(_older(operation, path), summary=about)


def _older(operation: Operation, path: str) -> Operation:
    return replace(
        operation,
        version="v1",
        path=path,
        answer=_shaped(operation.answer),
        body=_BODIES.get(operation.body, operation.body) if ":definition" in path else operation.body,
        # Of a process nothing else is needed.
        needs_body=operation.needs_body and path != _ELSEWHERE["POST", "/runtime/processes"],
    )


def _shaped(answer: Schema | None) -> Schema | None:
    if answer is None:
        return None
    text = json.dumps(answer)
    for name in _SHAPED:
        text = text.replace(f'schemas/{name}"', f'schemas/{name}V1"')
    shaped: Schema = json.loads(text)
    return shaped
