"""Leaderboards (``http-api.md`` §6.7, §6.8)."""

from __future__ import annotations

from functools import partial

from django_playlyfe.engine import selectors
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.paging import paged


def listing(call: ApiCall) -> Logic:
    """The boards that the player can see."""
    return partial(selectors.leaderboards, call.realm, call.player_id)


def page(call: ApiCall) -> Logic:
    """A page of a board, or with ``ranking=relative`` the rows around somebody."""
    query = call.query
    ranking = query.choice("ranking", ("absolute", "relative"))
    read = partial(
        selectors.leaderboard,
        call.realm,
        call.path["id"],
        player_id=call.player_id,
        cycle=query.required("cycle"),
        timestamp=query.instant("timestamp"),
        sort=query.choice("sort", ("descending", "ascending")),
        scope_id=query.text("scope_id") or query.text("team_instance_id"),
        detailed=query.boolean("detailed"),
        merge_with=query.text("merge_with") or "",
    )
    around = partial(
        read, ranking=ranking, entity_id=query.text("entity_id") or call.player_id, radius=query.integer("radius", 5)
    )
    listed = paged(query, lambda skip, limit: read(skip=skip, limit=limit))
    return around if ranking == "relative" else listed


def trend(call: ApiCall) -> Logic:
    """How an entity did from cycle to cycle."""
    query = call.query
    return partial(
        selectors.trend,
        call.realm,
        call.path["id"],
        player_id=call.player_id,
        cycle=query.required("cycle"),
        start=query.day("start"),
        end=query.day("end"),
        entity_id=query.text("entity_id"),
        scope_id=query.text("scope_id") or query.text("team_instance_id"),
    )


def announce_scope(_call: ApiCall) -> Logic:
    """Early clients announced the scopes of a board before they used them. Here a scope begins with its first play."""
    return lambda: {"message": "Scopes need not be announced"}
