"""What the services return, as JSON-able values: the answers of the pages to clients that prefer JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from django_playlyfe.types import Event, LevelProgress, Player

_LEFT_OUT = frozenset(("user", "data", "token"))
"""Site users are not the game's to show, and raw wire objects say everything twice."""
_DERIVED: Mapping[type, tuple[str, ...]] = {
    Player: ("levels",),
    LevelProgress: ("missing", "percent"),
    Event: ("earned",),
}
"""Properties that save a client the arithmetic."""


def plain(value: Any) -> Any:
    """A dataclass as an object of its fields, instants as ISO 8601, a listing with ``items`` and ``total``."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in _LEFT_OUT]
        names += _DERIVED.get(type(value), ())
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
