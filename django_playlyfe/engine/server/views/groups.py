"""Teams and processes. Designs hold their definitions, but nobody can begin one yet: lists are empty, and what is named
does not exist (``http-api.md`` §6.9-§6.13, §7.5). Parameters are read all the same, so that a client's mistakes show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NoReturn

from django_playlyfe.engine.realm import check_player_id
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.bodies import as_object
from django_playlyfe.engine.server.kit.paging import paged
from django_playlyfe.wire import make_error

Kind = Literal["team", "process"]
View = Callable[[ApiCall], Logic]
Wire = dict[str, Any]

_STATES = ("ACTIVE", "COMPLETED")


def no_definitions(_call: ApiCall) -> Logic:
    """What the player may begin."""
    return list


def listing(kind: Kind) -> View:
    """The instances that the player, or the admin, can see; of processes those in the states that are asked for."""

    def view(call: ApiCall) -> Logic:
        if kind == "process":
            _check_states(call.query.text("state") or "ACTIVE")
        return _no_rows(call)

    return view


def nothing_pending(call: ApiCall) -> Logic:
    """Invitations and requests that wait for an answer."""
    return _no_rows(call)


def create(kind: Kind) -> View:
    """Begin an instance of the definition that the body, or in v1 the path, names."""

    def view(call: ApiCall) -> Logic:
        definition = call.path.get("definition") or _required(call, "definition")
        if kind == "team":
            _required(call, "name")
        _check_texts(call)
        call.idempotency_key()
        return _absent(f"{kind}_definition_not_found", f"{kind} definition", definition)

    return view


def change(kind: Kind) -> View:
    """Change name and access of an instance."""

    def view(call: ApiCall) -> Logic:
        call.check_keys("name", "access")
        _check_texts(call)
        return missing(kind)(call)

    return view


def page(kind: Kind) -> View:
    """A page of what belongs to one instance: its members, requests to it."""

    def view(call: ApiCall) -> Logic:
        _no_rows(call)
        return missing(kind)(call)

    return view


def naming(kind: Kind, key: str) -> View:
    """Anything about one instance and a player, whom the body names under this key."""

    def view(call: ApiCall) -> Logic:
        check_player_id(_required(call, key))
        as_object(call.body.get("roles"), "/roles")
        return missing(kind)(call)

    return view


def roles(kind: Kind) -> View:
    """Change roles in one instance: one's own, or those of the player whom the body names."""

    def view(call: ApiCall) -> Logic:
        if call.body.get("roles") is None:
            raise invalid("/roles", "roles is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
        as_object(call.body["roles"], "/roles")
        if call.body.get("player_id") is not None:
            check_player_id(call.body["player_id"])
        return missing(kind)(call)

    return view


def missing(kind: Literal["team", "process", "invite"]) -> View:
    """Anything else about one instance, or one invitation."""

    def view(call: ApiCall) -> Logic:
        for name in ("start", "end"):
            call.query.instant(name)
        return _absent(f"{kind}_not_found", kind, call.path["id"])

    return view


def play_trigger(call: ApiCall) -> Logic:
    """Play a trigger of a process."""
    _required(call, "trigger")
    call.idempotency_key()
    return missing("process")(call)


def play_escalated(call: ApiCall) -> Logic:
    """Play a trigger with the token of an escalation."""
    trigger = _required(call, "trigger")
    _required(call, "play_token")
    call.idempotency_key()
    return _absent("trigger_not_found", "trigger", trigger)


def _no_rows(call: ApiCall) -> Logic:
    return paged(call.query, lambda _skip, _limit: {"data": [], "total": 0})


def _absent(code: str, thing: str, name: str) -> Logic:
    def refuse() -> NoReturn:
        raise make_error(code, f"The {thing} '{name}' does not exist")

    return refuse


def _required(call: ApiCall, key: str) -> str:
    value = call.body.get(key)
    if value is None:
        raise invalid(f"/{key}", f"{key} is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    if not isinstance(value, str) or not value:
        raise invalid(f"/{key}", "should be text", code="INVALID_TYPE", found=value)
    return value


def _check_texts(call: ApiCall) -> None:
    for key in ("name", "access"):
        if call.body.get(key) is not None:
            _required(call, key)


def _check_states(text: str) -> None:
    for state in text.split(","):
        if state.strip() not in _STATES:
            raise invalid("/state", f"should be some of {', '.join(_STATES)}", code="ENUM_MISMATCH", found=text)
