"""What admins do to players: edited scores, reverts, resets, custom rules (``http-api.md`` §7.2-7.4)."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.answers import REPLAYED, Answer
from django_playlyfe.engine.server.kit.bodies import as_object


def change_scores(call: ApiCall) -> Logic:
    """Apply rewards to a player's scores; answers the profile."""
    call.check_keys("rewards")
    rewards, key = _array(call, "rewards"), call.idempotency_key()

    def change() -> Answer:
        who = call.access.client
        recorded = services.adjust_scores(call.realm, call.path["id"], rewards, admin=who, idempotency_key=key)
        return _profile(call, recorded)

    return change


def revert(call: ApiCall) -> Logic:
    """Take the changes of events back; answers the profile."""
    events, key = _array(call, "event_ids"), call.idempotency_key()

    def take_back() -> Answer:
        who = call.access.client
        recorded = services.revert(call.realm, call.path["id"], events, admin=who, idempotency_key=key)
        return _profile(call, recorded)

    return take_back


def reset(call: ApiCall) -> Logic:
    """Give a player the state of a new one; answers the profile."""
    key = call.idempotency_key()

    def begin_anew() -> Answer:
        return _profile(call, services.reset_player(call.realm, call.path["id"], idempotency_key=key))

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


def _profile(call: ApiCall, recorded: Recorded | None) -> Answer:
    """The player as he is now, also for a repeat of a call that was made before with the same key."""
    profile = selectors.profile(call.realm, call.path["id"])
    return Answer(profile, REPLAYED if recorded is not None and recorded.replayed else {})


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
