"""What the wire answers, in one line a fact: what the scripts of the games are written in.

``"action lesson x2: xp 20→30, kit Owl null→1"`` is an event with its count and its changes in their order; a board is
``"1 mia 60"`` a row, with ``*`` for the one that a window is around. Keys that the wire promises and a line leaves out
are looked at in passing.
"""

from __future__ import annotations

from typing import Any

Wire = Any


def events(told: Wire, player: str) -> list[str]:
    """The events of one call of a player, local ones first, global ones marked with a ``!``."""
    assert told.keys() == {"local", "global"}
    local, everywhere = told["local"], told["global"]
    every = [*local, *everywhere]
    assert {one["actor"]["id"] for one in every} <= {player}
    assert len({one["timestamp"] for one in every}) <= 1
    assert [one["id"] for one in every] == sorted(one["id"] for one in every)  # ticks in the order of emission
    return [_event(one) for one in local] + [f"! {_event(one)}" for one in everywhere]


def feed(told: list[Wire]) -> list[str]:
    """A player's own feed: nobody is named in it."""
    assert not any("actor" in one or "player" in one for one in told)
    return [_event(one) for one in told]


def profile(told: Wire) -> dict[str, Any]:
    """Metric -> value; of a set item name -> count, of a state its name and, behind it, the ends of the level."""
    assert told.keys() - {"email"} == {"id", "alias", "enabled", "created", "scores", "teams"}
    return {entry["metric"]["id"]: _value(entry) for entry in told["scores"]}


def board(told: Wire) -> list[str]:
    """The rows of a page; the last line is how many the whole board has."""
    assert told.keys() == {"data", "total"}
    return [*map(_row, told["data"]), f"of {told['total']}"]


def actions(told: list[Wire]) -> dict[str, Any]:
    """Action -> how often, and what it may pay."""
    return {one["id"]: [one["count"], *map(_reward, one["rewards"])] for one in told}


def _event(one: Wire) -> str:
    named = one.get("action") or one.get("rule") or {"id": "by hand"}
    count = f" x{one['count']}" if one.get("count", 1) != 1 else ""
    line = f"{one['event']} {named['id']}{count}"
    changes = [text for change in one["changes"] for text in _change(change)]
    return f"{line}: {', '.join(changes)}" if changes else line


def _change(change: Wire) -> list[str]:
    metric, delta = change["metric"], change["delta"]
    assert metric.keys() == {"id", "name", "type"}
    if metric["type"] == "set":
        return [f"{metric['id']} {item} {_step(step)}" for item, step in delta.items()]
    return [f"{metric['id']} {_step(delta)}"]


def _step(step: Wire) -> str:
    return "→".join("null" if step[end] is None else step[end] for end in ("old", "new"))


def _value(entry: Wire) -> Any:
    value, kind = entry["value"], entry["metric"]["type"]
    if kind == "set":
        return {item["name"]: item["count"] for item in value}
    if kind == "state":
        ends = entry.get("meta")
        return value["name"] if ends is None else f"{value['name']} {ends['low']}…{ends['high']}{_next(ends)}"
    assert isinstance(value, str)
    return value


def _next(ends: Wire) -> str:
    return f", then {ends['next']}" if "next" in ends else ""


def _row(row: Wire) -> str:
    score = row["score"] if isinstance(row["score"], str) else " ".join(row["score"])
    shares = "".join(f" ({one['id']} {one['score']})" for one in row.get("actions", ()))
    return f"{row['rank']} {row['player']['id']} {score}{shares}{' *' if row.get('primary') else ''}"


def _reward(reward: Wire) -> str:
    value = reward["value"]
    if isinstance(value, dict):
        value = ", ".join(f"{count} {item}" for item, count in value.items())
    chance = "" if reward["probability"] == 1 else f", {reward['probability']}"
    return f"{reward['verb']} {reward['metric']['id']} {value}{chance}"
