"""What admins do to players: edited scores, reverts, resets, custom rules (``http-api.md`` §7.2-7.4)."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.answers import REPLAYED, Answer
from django_playlyfe.engine.server.kit.bodies import as_object

Wire = dict[str, Any]


def change_scores(call: ApiCall) -> Logic:
    """Apply rewards to a player's scores; answers the profile."""
    call.check_keys("rewards")
    rewards = _array(call, "rewards")

    def change() -> Wire:
        services.adjust_scores(call.realm, call.path["id"], rewards, admin=call.access.client)
        return selectors.profile(call.realm, call.path["id"])

    return change


def revert(call: ApiCall) -> Logic:
    """Take the changes of events back; answers the profile."""
    events = _array(call, "event_ids")

    def take_back() -> Wire:
        services.revert(call.realm, call.path["id"], events, admin=call.access.client)
        return selectors.profile(call.realm, call.path["id"])

    return take_back


def reset(call: ApiCall) -> Logic:
    """Give a player the state of a new one; answers the profile."""

    def begin_anew() -> Wire:
        services.reset_player(call.realm, call.path["id"])
        return selectors.profile(call.realm, call.path["id"])

    return begin_anew


def run_rule(call: ApiCall) -> Logic:
    """Run a custom rule for many players; answers an array per entry, in it an object per player."""
    data = [_entry(entry, f"/data/{index}") for index, entry in enumerate(_array(call, "data"))]
    key = call.idempotency_key()

    def run() -> Answer:
        answers = services.run_rule(call.realm, call.path["id"], data, idempotency_key=key)
        is_replayed = any(recorded.replayed for entry in answers for recorded in entry)
        body = [[{"events": recorded.events} for recorded in entry] for entry in answers]
        return Answer(body, REPLAYED if is_replayed else {})

    return run


def _entry(entry: Any, path: str) -> Any:
    """An entry of a rule call, with its variables as an object; the engine says what else is wrong with it."""
    if not isinstance(entry, dict):
        return entry
    return {**entry, "variables": as_object(entry.get("variables"), f"{path}/variables")}


def _array(call: ApiCall, name: str) -> list[Any]:
    value = call.body.get(name)
    if value is None:
        raise invalid(f"/{name}", f"{name} is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    if not isinstance(value, list):
        raise invalid(f"/{name}", "should be an array", code="INVALID_TYPE")
    return value
