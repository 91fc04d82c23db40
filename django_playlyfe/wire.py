"""The vocabulary of the Playlyfe v2 wire, shared by both sides: one error table, JSON to dataclass.

Normative: ``http-api.md`` §4, §6, §9, §11 (shapes) and §13 "Reading" (what other servers may send instead).
Readers accept both; a shape that cannot be read at all is :class:`~django_playlyfe.exceptions.BadResponse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django_playlyfe import exceptions as errors
from django_playlyfe import types

# --- errors -----------------------------------------------------------------------------------------------------------


class ErrorRow(NamedTuple):
    """One row of ``http-api.md`` §11: the class raised, the status sent, the default text."""

    error: type[errors.PlaylyfeError]
    status: int
    text: str = ""


ERRORS: Mapping[str, ErrorRow] = {
    "client_auth_fail": ErrorRow(errors.AuthenticationError, 401, "Client authentication failed"),
    "invalid_client": ErrorRow(errors.AuthenticationError, 401, "Client authentication failed"),
    "unauthorized_client": ErrorRow(errors.AuthenticationError, 401, "Client authentication failed"),
    "invalid_request": ErrorRow(errors.InvalidRequest, 400, "The request is incomplete"),
    "invalid_grant": ErrorRow(errors.InvalidRequest, 400, "The grant is invalid"),
    "unsupported_grant_type": ErrorRow(errors.InvalidRequest, 400, "The grant type is not supported"),
    "invalid_access_token": ErrorRow(errors.AuthenticationError, 401, "The Access Token is invalid"),
    "access_token_invalid": ErrorRow(errors.AuthenticationError, 401, "The Access Token is invalid"),
    "access_denied": ErrorRow(errors.AccessDenied, 401, "You are not allowed to access this api route"),
    "forbidden": ErrorRow(errors.AccessDenied, 403, "This is not permitted"),
    "team_locked": ErrorRow(errors.AccessDenied, 401, "The team is locked"),
    "route_not_found": ErrorRow(errors.NotFound, 404, "This route does not exist"),
    "invalid_player": ErrorRow(
        errors.InvalidRequest, 400, "The 'player_id' parameter should be specified in the query"
    ),
    "player_not_found": ErrorRow(errors.PlayerNotFound, 404, "Invalid player_id. No player exists with that id."),
    "player_exists": ErrorRow(errors.PlayerExists, 409, "A player with this ID already exists"),
    "player_limit_exceeded": ErrorRow(errors.QuotaExceeded, 403, "The game has reached its limit of players"),
    "plan_limit_exceeded": ErrorRow(errors.QuotaExceeded, 429, "The limit of API calls is reached"),
    "validation_exception": ErrorRow(errors.InvalidRequest, 400, "Invalid request"),
    "image_not_found": ErrorRow(errors.NotFound, 404, "The player has no display image"),
    "rate_limit_exceeded": ErrorRow(errors.RateLimited, 429, "Too many requests"),
    "action_not_found": ErrorRow(errors.ActionNotFound, 404, "The action does not exist"),
    "leaderboard_not_found": ErrorRow(errors.NotFound, 404, "The leaderboard does not exist"),
    "rule_not_found": ErrorRow(errors.NotFound, 404, "The rule does not exist"),
    "item_not_found": ErrorRow(errors.NotFound, 404, "The item does not exist"),
    "metric_not_found": ErrorRow(errors.NotFound, 404, "The metric does not exist"),
    "team_not_found": ErrorRow(errors.NotFound, 404, "The team does not exist"),
    "process_not_found": ErrorRow(errors.NotFound, 404, "The process does not exist"),
    "event_not_found": ErrorRow(errors.NotFound, 404, "The event does not exist"),
    "invite_not_found": ErrorRow(errors.NotFound, 404, "The invite does not exist"),
    "team_definition_not_found": ErrorRow(errors.NotFound, 404, "The team definition does not exist"),
    "process_definition_not_found": ErrorRow(errors.NotFound, 404, "The process definition does not exist"),
    "trigger_not_found": ErrorRow(errors.NotFound, 404, "The trigger does not exist"),
    "member_not_found": ErrorRow(errors.NotFound, 404, "The member does not exist"),
    "performer_not_found": ErrorRow(errors.NotFound, 404, "The performer does not exist"),
    "invalid_approval_request": ErrorRow(errors.NotFound, 404, "The request does not exist"),
    "invalid_access_setting": ErrorRow(errors.InvalidRequest, 400, "The access setting is not offered"),
    "invalid_role": ErrorRow(errors.InvalidRequest, 400, "The role does not exist"),
    "role_required": ErrorRow(errors.InvalidRequest, 400, "A role is required"),
    "invalid_lane": ErrorRow(errors.InvalidRequest, 400, "The lane does not exist"),
    "invalid_lanes": ErrorRow(errors.InvalidRequest, 400, "The lanes do not exist"),
    "team_instance_exists": ErrorRow(errors.Conflict, 409, "A team with this id already exists"),
    "idempotency_key_reused": ErrorRow(errors.Conflict, 422, "This key was used for another request"),
    "request_too_large": ErrorRow(errors.InvalidRequest, 413, "The request is too large"),
    "internal_error": ErrorRow(errors.ServerError, 500, "The server failed"),
    "service_unavailable": ErrorRow(errors.ServerError, 503, "The service is not available"),
}

_BY_STATUS: Mapping[int, type[errors.PlaylyfeError]] = {
    400: errors.InvalidRequest,
    403: errors.AccessDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.InvalidRequest,
    415: errors.InvalidRequest,
    422: errors.InvalidRequest,
    429: errors.RateLimited,
}


def error_class(name: str, status: int | None = None) -> type[errors.PlaylyfeError]:
    """The class for an error name, by its pattern or status where the name is unknown (``reliability.md`` §2.10)."""
    if name in ERRORS:
        return ERRORS[name].error
    if name.endswith("_not_found"):
        return errors.NotFound
    if name.endswith("_exists"):
        return errors.Conflict
    if name.startswith("invalid_"):
        return errors.InvalidRequest
    if status is not None:
        if status in _BY_STATUS:
            return _BY_STATUS[status]
        if status == 408 or status >= 500:
            return errors.ServerError
    return errors.APIError


def make_error(name: str, description: str | None = None, *, of_play: bool = False, **details: Any) -> Any:
    """Build the exception for an error name.

    Args:
        name: as on the wire.
        description: the text; the table's default if None.
        of_play: the call was a play, so ``rate_limit_exceeded`` is the player's limit, not the client's.
        details: further arguments of :class:`~django_playlyfe.exceptions.PlaylyfeError`.

    Returns:
        A :class:`~django_playlyfe.exceptions.PlaylyfeError`, ready to raise.
    """
    row = ERRORS.get(name)
    status = details.pop("status", None) or (row.status if row else None)
    cls = error_class(name, status)
    if of_play and name == "rate_limit_exceeded":
        cls = errors.ActionLimitReached
    text = description if description is not None else (row.text if row else name)
    return cls(text, code=name, status=status, **details)


# --- reading ----------------------------------------------------------------------------------------------------------


def wrong_shape(what: str) -> errors.BadResponse:
    """The error for an answer that cannot be read; ``what`` names the expectation."""
    return errors.BadResponse(f"The game's answer has the wrong shape: {what}", reason="wrong_shape")


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong_shape(f"{what} should be an object")
    return value


def _array(value: Any, what: str) -> list[Any]:
    if value is None:  # other servers send null for an empty feed
        return []
    if not isinstance(value, list):
        raise wrong_shape(f"{what} should be an array")
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def read_instant(value: Any) -> datetime:
    """An ISO timestamp as an aware datetime in UTC."""
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise wrong_shape("a timestamp should be ISO 8601") from None
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def write_instant(moment: datetime) -> str:
    """ISO 8601 in UTC with three millisecond digits and ``Z`` (``http-api.md`` §4.3)."""
    moment = moment.astimezone(timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def read_number(value: Any) -> int | None:
    """A score as it travels (text or number) as an int, rounded half away from zero; infinities and null are None.

    Scores pass 2^53, so no float is ever made from text.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise wrong_shape("a score should be a number")
    if isinstance(value, int):
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise wrong_shape("a score should be a number") from None
    if not number.is_finite():
        return None
    return int(number.to_integral_value(rounding="ROUND_HALF_UP"))


def read_ref(value: Any) -> types.Ref:
    """``{id, name}``, or a bare id as v1 sends it."""
    if isinstance(value, str):
        return types.Ref(value, value)
    value = _object(value, "a reference")
    identifier = _text(value.get("id"))
    return types.Ref(identifier, _text(value.get("name")) or identifier)


def read_metric_ref(value: Any) -> types.MetricRef:
    """``{id, name, type}``."""
    value = _object(value, "a metric")
    identifier = _text(value.get("id"))
    return types.MetricRef(identifier, _text(value.get("name")) or identifier, _text(value.get("type")))


def read_player_ref(value: Any) -> types.PlayerRef | None:
    """``{id, alias}``; None where it is missing, as in feeds of the player's own."""
    if value is None:
        return None
    value = _object(value, "an actor")
    return types.PlayerRef(_text(value.get("id")), _text(value.get("alias")))


def _read_items(value: Any) -> tuple[types.Item, ...]:
    if isinstance(value, Mapping):  # v1: name -> {description, count}
        value = [{"name": name, **_object(entry, "an item")} for name, entry in value.items()]
    return tuple(
        types.Item(_text(entry.get("name")), _text(entry.get("description")), read_number(entry.get("count")) or 0)
        for entry in (_object(entry, "an item") for entry in _array(value, "a set score"))
    )


def _read_state(value: Any) -> types.State | None:
    if value is None:
        return None
    if isinstance(value, str):  # v1
        return types.State(value)
    value = _object(value, "a state")
    return types.State(_text(value.get("name")), _text(value.get("description")))


def _read_meta(value: Any) -> types.LevelMeta | None:
    if value is None:
        return None
    value = _object(value, "meta")
    return types.LevelMeta(
        low=read_number(value.get("low")),
        high=read_number(value.get("high")),
        next=value.get("next"),
        base_metric=read_ref(value.get("base_metric") or ""),
    )


def read_score(value: Any) -> types.Score:
    """One entry of a profile's ``scores``."""
    value = _object(value, "a score")
    metric = read_metric_ref(value.get("metric"))
    if metric.type == "set":
        return types.Score(metric, items=_read_items(value.get("value")))
    if metric.type == "state":
        return types.Score(metric, state=_read_state(value.get("value")), meta=_read_meta(value.get("meta")))
    return types.Score(metric, value=read_number(value.get("value")))


def read_player(value: Any, **freshness: Any) -> types.Player:
    """A profile (``http-api.md`` §6.1)."""
    value = _object(value, "a profile")
    if not value.get("id"):
        raise wrong_shape("a profile should have an id")
    created = value.get("created")
    return types.Player(
        id=_text(value.get("id")),
        alias=_text(value.get("alias")),
        enabled=bool(value.get("enabled", True)),
        created=read_instant(created) if created else None,
        scores=tuple(read_score(score) for score in _array(value.get("scores"), "scores")),
        teams=tuple(_object(team, "a team") for team in _array(value.get("teams"), "teams")),
        **freshness,
    )


def _read_change(value: Any) -> types.Change:
    value = _object(value, "a change")
    metric = read_metric_ref(value.get("metric"))
    delta = _object(value.get("delta"), "a delta")
    if metric.type == "set":
        entries = ((name, _object(entry, "an item's delta")) for name, entry in delta.items())
        return types.Change(
            metric,
            items=tuple(
                types.ItemChange(name, read_number(entry.get("old")), read_number(entry.get("new")))
                for name, entry in entries
            ),
        )
    read: Callable[[Any], int | str | None] = (
        (lambda side: None if side is None else _text(side)) if metric.type == "state" else read_number
    )
    return types.Change(metric, read(delta.get("old")), read(delta.get("new")))


def read_event(value: Any, *, is_global: bool = False) -> types.Event:
    """One event of an answer or feed; an unknown type is read like any other."""
    value = _object(value, "an event")
    action = value.get("action")
    rule = value.get("rule")
    return types.Event(
        type=_text(value.get("event")),
        id=_text(value.get("id")),
        timestamp=read_instant(value.get("timestamp")),
        actor=read_player_ref(value.get("actor") or value.get("player")),
        action=read_ref(action) if action is not None else None,
        variables=dict(_object(action.get("vars") or {}, "vars")) if isinstance(action, Mapping) else {},
        rule=read_ref(rule) if rule is not None else None,
        count=read_number(value.get("count")) or 1,
        changes=tuple(_read_change(change) for change in _array(value.get("changes"), "changes")),
        is_global=is_global,
        data=value,
    )


def read_events(value: Any) -> tuple[types.Event, ...]:
    """``{"local": […], "global": […]}`` of a play's answer: local events first."""
    value = _object(value, "events")
    local = [read_event(event) for event in _array(value.get("local"), "events.local")]
    shared = [read_event(event, is_global=True) for event in _array(value.get("global"), "events.global")]
    return (*local, *shared)


def read_feed(value: Any) -> tuple[types.Event, ...]:
    """An activity feed: a bare array, or null when empty."""
    shared = {"level", "achievement", "create"}
    return tuple(
        read_event(event, is_global=isinstance(event, Mapping) and event.get("event") in shared)
        for event in _array(value, "a feed")
    )


def read_action(value: Any) -> types.Action:
    """One entry of ``GET /runtime/actions``."""
    value = _object(value, "an action")
    variables = (_object(entry, "a variable") for entry in _array(value.get("variables"), "variables"))
    rewards = (_object(entry, "a reward") for entry in _array(value.get("rewards"), "rewards"))
    return types.Action(
        id=_text(value.get("id")),
        name=_text(value.get("name")) or _text(value.get("id")),
        description=_text(value.get("description")),
        variables=tuple(
            types.Variable(
                _text(entry.get("name")), _text(entry.get("type")), bool(entry.get("required")), entry.get("default")
            )
            for entry in variables
        ),
        rewards=tuple(
            types.Reward(
                read_metric_ref(entry.get("metric")),
                _text(entry.get("verb")),
                entry.get("value", ""),
                entry.get("probability", 1),
            )
            for entry in rewards
        ),
        count=read_number(value.get("count")) or 0,
    )


def read_metric_definition(value: Any) -> types.MetricDefinition:
    """One entry of ``GET /runtime/definitions/metrics``."""
    value = _object(value, "a metric definition")
    members = _object(value.get("items") or value.get("states") or {}, "members")
    return types.MetricDefinition(
        id=_text(value.get("id")),
        name=_text(value.get("name")) or _text(value.get("id")),
        type=_text(value.get("type")),
        description=_text(value.get("description")),
        members={name: _text(_object(entry, "a member").get("description")) for name, entry in members.items()},
        formula=_text(value.get("formula")),
    )


def read_leaderboard_info(value: Any) -> types.LeaderboardInfo:
    """One entry of ``GET /runtime/leaderboards``."""
    value = _object(value, "a leaderboard")
    scope = _object(value.get("scope") or {"type": "game"}, "a scope")
    return types.LeaderboardInfo(
        id=_text(value.get("id")),
        name=_text(value.get("name")) or _text(value.get("id")),
        entity_type=_text(value.get("entity_type")),
        metric=read_metric_ref(value.get("metric")),
        scope_type=_text(scope.get("type")),
        cycles=tuple(_text(cycle) for cycle in _array(value.get("cycles"), "cycles")) or ("alltime",),
        description=_text(value.get("description")),
    )


def read_leaderboard_rows(value: Any, *, me: str | None = None) -> tuple[tuple[types.LeaderboardRow, ...], int]:
    """``{"data": […], "total": n}`` of a board as rows and total; ``me`` is the viewer's player id."""
    value = _object(value, "a leaderboard page")
    rows = []
    for entry in (_object(entry, "a row") for entry in _array(value.get("data"), "data")):
        entity = _object(entry.get("player") or entry.get("team"), "a row's player")
        identifier = _text(entity.get("id"))
        rows.append(
            types.LeaderboardRow(
                rank=read_number(entry.get("rank")) or 0,
                score=read_number(entry.get("score")) or 0,
                player_id=identifier,
                alias=_text(entity.get("alias", entity.get("name"))) or identifier,
                is_me=me is not None and identifier == me,
            )
        )
    return tuple(rows), read_number(value.get("total")) or 0


def as_listing(items: Iterable[Any], total: int | None = None, **freshness: Any) -> types.Listing[Any]:
    """Wrap parsed items as a :class:`~django_playlyfe.types.Listing`."""
    parsed = tuple(items)
    return types.Listing(items=parsed, total=len(parsed) if total is None else total, **freshness)
