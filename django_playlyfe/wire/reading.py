"""JSON of the wire to dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django_playlyfe import types
from django_playlyfe.wire.values import (
    as_array,
    as_object,
    as_text,
    read_chance,
    read_instant,
    read_number,
    wrong_shape,
)


def read_ref(value: Any) -> types.Ref:
    """``{id, name}``, or a bare id as v1 sends it."""
    if isinstance(value, str):
        return types.Ref(value, value)
    value = as_object(value, "a reference")
    identifier = as_text(value.get("id"))
    return types.Ref(identifier, as_text(value.get("name")) or identifier)


def read_metric_ref(value: Any) -> types.MetricRef:
    """``{id, name, type}``."""
    value = as_object(value, "a metric")
    identifier = as_text(value.get("id"))
    return types.MetricRef(identifier, as_text(value.get("name")) or identifier, as_text(value.get("type")))


def read_player_ref(value: Any) -> types.PlayerRef | None:
    """``{id, alias}``; None where it is missing, as in feeds of the player's own."""
    if value is None:
        return None
    value = as_object(value, "an actor")
    return types.PlayerRef(as_text(value.get("id")), as_text(value.get("alias")))


def _read_items(value: Any) -> tuple[types.Item, ...]:
    if isinstance(value, Mapping):  # v1: name -> {description, count}
        value = [{"name": name, **as_object(entry, "an item")} for name, entry in value.items()]
    return tuple(
        types.Item(as_text(entry.get("name")), as_text(entry.get("description")), read_number(entry.get("count")) or 0)
        for entry in (as_object(entry, "an item") for entry in as_array(value, "a set score"))
    )


def _read_state(value: Any) -> types.State | None:
    if value is None:
        return None
    if isinstance(value, str):  # v1
        return types.State(value)
    value = as_object(value, "a state")
    return types.State(as_text(value.get("name")), as_text(value.get("description")))


def _read_meta(value: Any) -> types.LevelMeta | None:
    if value is None:
        return None
    value = as_object(value, "meta")
    return types.LevelMeta(
        low=read_number(value.get("low")),
        high=read_number(value.get("high")),
        next=value.get("next"),
        base_metric=read_ref(value.get("base_metric") or ""),
    )


def read_score(value: Any) -> types.Score:
    """One entry of a profile's ``scores``."""
    value = as_object(value, "a score")
    metric = read_metric_ref(value.get("metric"))
    if metric.type == "set":
        return types.Score(metric, items=_read_items(value.get("value")))
    if metric.type == "state":
        return types.Score(metric, state=_read_state(value.get("value")), meta=_read_meta(value.get("meta")))
    return types.Score(metric, value=read_number(value.get("value")))


def read_player(value: Any, **freshness: Any) -> types.Player:
    """A profile (``http-api.md`` §6.1)."""
    value = as_object(value, "a profile")
    if not value.get("id"):
        raise wrong_shape("a profile should have an id")
    created = value.get("created")
    return types.Player(
        id=as_text(value.get("id")),
        alias=as_text(value.get("alias")),
        enabled=bool(value.get("enabled", True)),
        created=read_instant(created) if created else None,
        scores=tuple(read_score(score) for score in as_array(value.get("scores"), "scores")),
        teams=tuple(as_object(team, "a team") for team in as_array(value.get("teams"), "teams")),
        **freshness,
    )


def _read_change(value: Any) -> types.Change:
    value = as_object(value, "a change")
    metric = read_metric_ref(value.get("metric"))
    delta = as_object(value.get("delta"), "a delta")
    if metric.type == "set":
        entries = ((name, as_object(entry, "an item's delta")) for name, entry in delta.items())
        return types.Change(
            metric,
            items=tuple(
                types.ItemChange(name, read_number(entry.get("old")), read_number(entry.get("new")))
                for name, entry in entries
            ),
        )
    read: Callable[[Any], int | str | None] = (
        (lambda side: None if side is None else as_text(side)) if metric.type == "state" else read_number
    )
    return types.Change(metric, read(delta.get("old")), read(delta.get("new")))


def read_event(value: Any, *, is_global: bool = False) -> types.Event:
    """One event of an answer or feed; an unknown type is read like any other."""
    value = as_object(value, "an event")
    action = value.get("action")
    rule = value.get("rule")
    return types.Event(
        type=as_text(value.get("event")),
        id=as_text(value.get("id")),
        timestamp=read_instant(value.get("timestamp")),
        actor=read_player_ref(value.get("actor") or value.get("player")),
        action=read_ref(action) if action is not None else None,
        variables=dict(as_object(action.get("vars") or {}, "vars")) if isinstance(action, Mapping) else {},
        rule=read_ref(rule) if rule is not None else None,
        count=read_number(value.get("count")) or 1,
        changes=tuple(_read_change(change) for change in as_array(value.get("changes"), "changes")),
        is_global=is_global,
        data=value,
    )


def read_events(value: Any) -> tuple[types.Event, ...]:
    """``{"local": […], "global": […]}`` of a play's answer: local events first."""
    value = as_object(value, "events")
    local = [read_event(event) for event in as_array(value.get("local"), "events.local")]
    shared = [read_event(event, is_global=True) for event in as_array(value.get("global"), "events.global")]
    return (*local, *shared)


def read_feed(value: Any) -> tuple[types.Event, ...]:
    """An activity feed: a bare array, or null when empty."""
    shared = {"level", "achievement", "create"}
    return tuple(
        read_event(event, is_global=isinstance(event, Mapping) and as_text(event.get("event")) in shared)
        for event in as_array(value, "a feed")
    )


def _read_offered(value: Any) -> str | dict[str, str]:
    """What a reward gives: a number, a formula or the name of a state; of sets item name -> count."""
    if isinstance(value, Mapping):
        return {name: as_text(count) for name, count in value.items()}
    return as_text(value)


def read_action(value: Any) -> types.Action:
    """One entry of ``GET /runtime/actions``."""
    value = as_object(value, "an action")
    variables = (as_object(entry, "a variable") for entry in as_array(value.get("variables"), "variables"))
    rewards = (as_object(entry, "a reward") for entry in as_array(value.get("rewards"), "rewards"))
    return types.Action(
        id=as_text(value.get("id")),
        name=as_text(value.get("name")) or as_text(value.get("id")),
        description=as_text(value.get("description")),
        variables=tuple(
            types.Variable(
                as_text(entry.get("name")),
                as_text(entry.get("type")),
                bool(entry.get("required")),
                entry.get("default"),
            )
            for entry in variables
        ),
        rewards=tuple(
            types.Reward(
                read_metric_ref(entry.get("metric")),
                as_text(entry.get("verb")),
                _read_offered(entry.get("value")),
                read_chance(entry.get("probability", 1)),
            )
            for entry in rewards
        ),
        count=read_number(value.get("count")) or 0,
    )


def read_metric_definition(value: Any) -> types.MetricDefinition:
    """One entry of ``GET /runtime/definitions/metrics``."""
    value = as_object(value, "a metric definition")
    members = as_object(value.get("items") or value.get("states") or {}, "members")
    return types.MetricDefinition(
        id=as_text(value.get("id")),
        name=as_text(value.get("name")) or as_text(value.get("id")),
        type=as_text(value.get("type")),
        description=as_text(value.get("description")),
        members={name: as_text(as_object(entry, "a member").get("description")) for name, entry in members.items()},
        formula=as_text(value.get("formula")),
    )


def read_leaderboard_info(value: Any) -> types.LeaderboardInfo:
    """One entry of ``GET /runtime/leaderboards``."""
    value = as_object(value, "a leaderboard")
    if not value.get("id"):
        raise wrong_shape("a leaderboard should have an id")
    scope = as_object(value.get("scope") or {"type": "game"}, "a scope")
    return types.LeaderboardInfo(
        id=as_text(value.get("id")),
        name=as_text(value.get("name")) or as_text(value.get("id")),
        entity_type=as_text(value.get("entity_type")),
        metric=read_metric_ref(value.get("metric")),
        scope_type=as_text(scope.get("type")),
        cycles=tuple(as_text(cycle) for cycle in as_array(value.get("cycles"), "cycles")) or ("alltime",),
        description=as_text(value.get("description")),
    )


def read_leaderboard_rows(value: Any, *, me: str | None = None) -> tuple[tuple[types.LeaderboardRow, ...], int]:
    """``{"data": […], "total": n}`` of a board as rows and total; ``me`` is the viewer's player id."""
    value = as_object(value, "a leaderboard page")
    rows = []
    for entry in (as_object(entry, "a row") for entry in as_array(value.get("data"), "data")):
        entity = as_object(entry.get("player") or entry.get("team"), "a row's player")
        identifier = as_text(entity.get("id"))
        rows.append(
            types.LeaderboardRow(
                rank=read_number(entry.get("rank")) or 0,
                score=read_number(entry.get("score")) or 0,
                player_id=identifier,
                alias=as_text(entity.get("alias", entity.get("name"))) or identifier,
                is_me=me is not None and identifier == me,
            )
        )
    return tuple(rows), read_number(value.get("total")) or 0


def read_streak(value: Any) -> types.Streak:
    """A streak, which only servers that announce them tell (``http-api.md`` §12)."""
    value = as_object(value, "a streak")
    length, longest = read_number(value.get("length")), read_number(value.get("longest"))
    if length is None or longest is None:
        raise wrong_shape("a streak should have a length and a longest one")
    return types.Streak(
        length=length,
        longest=longest,
        is_kept=value.get("is_kept") is True,
        unit=as_text(value.get("unit")) or "day",
        action=as_text(value.get("action")),
    )


def as_listing(items: Iterable[Any], total: int | None = None, **freshness: Any) -> types.Listing[Any]:
    """Wrap parsed items as a :class:`~django_playlyfe.types.Listing`."""
    parsed = tuple(items)
    return types.Listing(items=parsed, total=len(parsed) if total is None else total, **freshness)
