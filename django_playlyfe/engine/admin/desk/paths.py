"""Objects by paths, and the pointers of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Wire = dict[str, Any]
Path = tuple[str, ...]


def get(value: Any, path: Path) -> Any:
    """What is at a path; None if nothing is."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def put(value: Wire, path: Path, found: Any) -> None:
    """Store something at a path."""
    for step in path[:-1]:
        value = value.setdefault(step, {})
    value[path[-1]] = found


def drop(value: Wire, path: Path) -> None:
    """Take out what is at a path, and objects that are empty then."""
    inside = value.get(path[0])
    if len(path) == 1:
        value.pop(path[0], None)
    elif isinstance(inside, dict):
        drop(inside, path[1:])
        if not inside:
            del value[path[0]]


def tokens(pointer: str) -> Path:
    """The steps of a JSON pointer."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
