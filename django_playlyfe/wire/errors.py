"""One table of the error names of the wire (``http-api.md`` §4, ``reliability.md`` §2), for both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django_playlyfe import exceptions as errors


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
