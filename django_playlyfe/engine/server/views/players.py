"""Players: their profiles, and the admin's ways to make, change and remove them (``http-api.md`` §6.1-6.3, §7.2)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.realm import check_player_id
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.answers import REPLAYED, Answer
from django_playlyfe.engine.server.kit.paging import paged

Wire = dict[str, Any]


def own_profile(call: ApiCall) -> Logic:
    """The player's own profile."""
    return partial(selectors.profile, call.realm, call.player_id, detailed=call.query.boolean("detailed"))


def change_own(call: ApiCall) -> Logic:
    """The player's own name and address, nothing else."""
    call.check_keys("alias", "email")
    inputs.read_alias(call.body.get("alias"), default="")
    inputs.read_email(call.body.get("email"))
    return partial(services.update_player, call.realm, call.player_id, **call.body)


def profile_of_another(call: ApiCall) -> Logic:
    """A player as others may see him: without the address."""

    def read() -> Wire:
        profile = selectors.profile(call.realm, player_id, detailed=detailed)
        profile.pop("email", None)
        return profile

    player_id, detailed = check_player_id(call.path["id"]), call.query.boolean("detailed")
    return read


def listing(call: ApiCall) -> Logic:
    """Players in the order of their creation."""
    return paged(call.query, partial(selectors.players, call.realm))


def profile(call: ApiCall) -> Logic:
    """Any player's profile, for admins."""
    return partial(selectors.profile, call.realm, call.path["id"], detailed=call.query.boolean("detailed"))


def streak(call: ApiCall) -> Logic:
    """How many days, weeks or months in a row any player has played, for admins."""
    action, unit = call.query.text("action") or "", call.query.text("unit") or "day"

    def read() -> Wire:
        found = selectors.streak(call.realm, call.path["id"], action, unit)
        told = {"length": found.length, "longest": found.longest, "is_kept": found.is_kept, "unit": found.unit}
        return {**told, "action": found.action or None}

    return read


def create(call: ApiCall) -> Logic:
    """A new player."""
    if "id" not in call.body:
        raise invalid("/id", "id is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    player_id, key = check_player_id(call.body["id"], "/id"), call.idempotency_key()
    asked = {"alias": call.body.get("alias"), "email": call.body.get("email")}
    if key is None:
        return partial(services.create_player, call.realm, player_id, **asked)

    def create_once() -> Answer:
        created = services.create_player_once(call.realm, player_id, idempotency_key=key, **asked)
        return Answer(created.body, REPLAYED if created.replayed else {})

    return create_once


def change(call: ApiCall) -> Logic:
    """Name, address, and whether the player may play."""
    call.check_keys("alias", "email", "enabled")
    return partial(services.update_player, call.realm, call.path["id"], **call.body)


def delete(call: ApiCall) -> Logic:
    """Erase a player."""

    def erase() -> Wire:
        services.delete_player(call.realm, call.path["id"])
        return {"message": "Player removed successfully"}

    return erase
