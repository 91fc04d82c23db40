"""The game itself: its status, its metrics, its feeds (``http-api.md`` §6.6, §7.1, §9.2)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django_playlyfe.engine import selectors
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.paging import whole
from django_playlyfe.wire import make_error

Wire = dict[str, Any]

_STATUS = ("name", "version", "status", "game")


def status(call: ApiCall) -> Logic:
    """The status page, which clients use to try their token."""

    def read() -> Wire:
        known = selectors.status(call.realm)
        return {key: known[key] for key in _STATUS}

    return read


def metrics(call: ApiCall) -> Logic:
    """All metrics, as the runtime shows them."""
    return partial(selectors.metrics, call.realm)


def metric(call: ApiCall) -> Logic:
    """One metric."""

    def read() -> Wire:
        for definition in selectors.metrics(call.realm):
            if definition["id"] == call.path["id"]:
                return definition
        raise make_error("metric_not_found", f"The metric '{call.path['id']}' does not exist")

    return read


def activity(call: ApiCall) -> Logic:
    """The game's feed."""
    start, end = call.query.instant("start"), call.query.instant("end")
    return lambda: whole(selectors.game_activity_in_parts(call.realm, start=start, end=end))


def own_activity(call: ApiCall) -> Logic:
    """The player's own feed."""
    return _feed(call, call.player_id)


def activity_of(call: ApiCall) -> Logic:
    """Any player's feed, for admins."""
    return _feed(call, call.path["id"])


def _feed(call: ApiCall, player_id: str) -> Logic:
    start, end = call.query.instant("start"), call.query.instant("end")
    return lambda: whole(selectors.activity_in_parts(call.realm, player_id, start=start, end=end))
