"""Version 1 of the API: other paths, and two values in another shape (``http-api.md`` §5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Wire = dict[str, Any]


def profile(body: Mapping[str, Any]) -> Wire:
    """A profile of v2 as v1 shows it: sets are objects, states and definitions plain text."""
    teams = [{**team, "definition": team["definition"]["id"]} for team in body["teams"]]
    return {**body, "scores": [{**score, "value": _value(score)} for score in body["scores"]], "teams": teams}


def _value(score: Mapping[str, Any]) -> Any:
    value = score["value"]
    if score["metric"]["type"] == "set":
        return {item["name"]: {"description": item["description"], "count": item["count"]} for item in value}
    if score["metric"]["type"] == "state":
        return value["name"]
    return value
