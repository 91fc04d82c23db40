"""Actions: what a player can do, and doing it (``http-api.md`` §6.4, §6.5)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.calls.instants import read_instant
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.answers import REPLAYED, Answer
from django_playlyfe.engine.server.kit.bodies import as_object
from django_playlyfe.engine.server.kit.parameters import read_integer

_BACKDATES = "admin:write"
"""The scope of clients whose word on when something happened is taken."""


def listing(call: ApiCall) -> Logic:
    """The actions that the player can see."""
    return partial(selectors.actions, call.realm, call.player_id)


def play(call: ApiCall) -> Logic:
    """Play the action that the path names."""
    return _playing(call, call.path["id"])


def play_named_in_body(call: ApiCall) -> Logic:
    """Play the action that the body names, as v1 does."""
    action = call.body.get("id")
    if not isinstance(action, str) or not action:
        raise invalid("/id", "id is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    return _playing(call, action)


def _playing(call: ApiCall, action: str) -> Logic:
    given = call.body.get("scopes")
    play = partial(
        services.play,
        call.realm,
        call.player_id,
        action,
        as_object(call.body.get("variables"), "/variables"),
        count=_count(call),
        scopes=() if given is None else inputs.read_scopes(given),
        idempotency_key=call.idempotency_key(),
        at=_played_at(call),
    )

    def answer() -> Answer:
        recorded = play()
        if recorded.standing is None:
            shown = selectors.actions(call.realm, call.player_id)
        else:
            shown = selectors.actions_with(call.realm, recorded.standing)
        return Answer({"actions": shown, "events": recorded.events}, REPLAYED if recorded.replayed else {})

    return answer


def _count(call: ApiCall) -> int:
    """The weight of the play; the body wins over the query."""
    if call.body.get("count") is not None:
        return inputs.read_count(read_integer(call.body["count"], "/count", least=1))
    return inputs.read_count(call.query.integer("count", 1, least=1))


def _played_at(call: ApiCall) -> datetime | None:
    """When it happened, if the caller says so and may."""
    given = call.body.get("played_at")
    if given is None:
        return None
    if _BACKDATES not in call.access.scopes:
        raise invalid("/played_at", f"needs a client with the scope {_BACKDATES}", code="NOT_ALLOWED_HERE", found=given)
    return inputs.read_past_instant(read_instant(given, "/played_at"), "/played_at")
