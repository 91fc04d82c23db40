"""What changes from one design to another, for people: per component, down to the value that differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from django_playlyfe.engine.design.report import Path, pointer
from django_playlyfe.engine.design.schema import COMPONENTS

Kind = Literal["added", "removed", "changed"]

_SIGNS: Mapping[str, str] = {"added": "+", "removed": "-", "changed": "~"}
_TITLES: Mapping[str, str] = {
    "game": "game",
    "metrics": "metric",
    "actions": "action",
    "rules": "rule",
    "teams": "team",
    "processes": "process",
    "leaderboards": "leaderboard",
    "bootstrap": "bootstrap",
}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two designs.

    Attributes:
        kind: what happened to it.
        type: the key of the document it belongs to, such as ``"metrics"``.
        id: the component's id, "" in the game, the bootstrap and the order of a whole type.
        path: a JSON pointer inside the component; "" if the whole component came or went. Entries of lists that have
            an id, a name or a key are named by it, others by position.
        before: the old value, None if there was none.
        after: the new value, None if there is none.
    """

    kind: Kind
    type: str
    id: str
    path: str
    before: Any
    after: Any


def diff(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Difference]:
    """Compare two designs.

    Args:
        old: a canonical document (``normalise``), or None for a game without a design.
        new: a canonical document.

    Returns:
        The differences in the order of a design file; empty if the two play the same game.
    """
    before: Mapping[str, Any] = old or {}
    differences = list(_values("game", "", before.get("game"), new["game"]))
    for kind in COMPONENTS:
        differences.extend(_components(kind, before.get(kind, []), new[kind]))
    differences.extend(_values("bootstrap", "", before.get("bootstrap"), new["bootstrap"]))
    return differences


def render(differences: Iterable[Difference]) -> str:
    """The differences as lines for a terminal: ``+`` added, ``-`` removed, ``~`` changed."""
    return "\n".join(_line(difference) for difference in differences)


# --- comparing --------------------------------------------------------------------------------------------------------


def _components(kind: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    before, after = _named(old, "id"), _named(new, "id")
    for identifier in [*before, *(name for name in after if name not in before)]:
        yield from _values(kind, identifier, before.get(identifier), after.get(identifier))
    yield from _order(kind, "", (), list(before), list(after))


def _values(kind: str, identifier: str, old: Any, new: Any, path: Path = ()) -> Iterator[Difference]:
    """Differences between two values; None stands for nothing there (a design has no null)."""
    if old == new:
        return
    if old is None or new is None:
        happened: Kind = "added" if old is None else "removed"
        yield Difference(happened, kind, identifier, pointer(path), old, new)
    elif old and new and isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _values(kind, identifier, old.get(key), new.get(key), (*path, key))
    elif (key := _naming_key([old, new])) is not None:
        before, after = _named(old, key), _named(new, key)
        yield from _values(kind, identifier, before, after, path)
        yield from _order(kind, identifier, path, list(before), list(after))
    elif isinstance(old, list) and isinstance(new, list) and all(isinstance(entry, Mapping) for entry in old + new):
        for index, (left, right) in enumerate(zip_longest(old, new)):
            yield from _values(kind, identifier, left, right, (*path, index))
    else:
        yield Difference("changed", kind, identifier, pointer(path), old, new)


def _order(kind: str, identifier: str, path: Path, old: list[str], new: list[str]) -> Iterator[Difference]:
    """Rules are judged and scores are listed in the order of the design, so a new order is a difference."""
    before = [name for name in old if name in new]
    after = [name for name in new if name in old]
    if before != after:
        yield Difference("changed", kind, identifier, pointer((*path, "order")), before, after)


def _naming_key(lists: list[Any]) -> str | None:
    """The key that tells the entries of both lists apart: items by id, variables by name, levels by rank."""
    if not all(isinstance(entries, list) for entries in lists) or not any(lists):
        return None
    for key in ("id", "name", "key", "rank"):
        names = [[entry.get(key) if isinstance(entry, Mapping) else None for entry in entries] for entries in lists]
        if all(None not in column and len(set(column)) == len(column) for column in names):
            return key
    return None


def _named(entries: list[Any], key: str) -> dict[str, Any]:
    return {entry[key]: entry for entry in entries}


# --- rendering --------------------------------------------------------------------------------------------------------


def _line(difference: Difference) -> str:
    what = _TITLES[difference.type] + (f" {difference.id}" if difference.id else "")
    where = f" {difference.path.lstrip('/')}" if difference.path else ""
    return f"{_SIGNS[difference.kind]} {what}{where}{_values_in_words(difference)}"


def _values_in_words(difference: Difference) -> str:
    if difference.kind == "changed":
        return f": {_short(difference.before)} -> {_short(difference.after)}"
    value = difference.after if difference.kind == "added" else difference.before
    if difference.path:
        return f": {_short(value)}"
    name = value.get("name") or value.get("title") if isinstance(value, Mapping) else None
    return f" ({_short(name)})" if name else ""


def _short(value: object) -> str:
    """JSON in ASCII on one line, so that no name can steer a terminal."""
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
