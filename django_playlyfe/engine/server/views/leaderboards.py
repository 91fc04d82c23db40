"""Leaderboards (``http-api.md`` §6.7, §6.8)."""

from __future__ import annotations

from functools import partial

from django_playlyfe.engine import selectors
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.paging import paged


def listing(call: ApiCall) -> Logic:
    """The boards that the player can see."""
    return partial(selectors.leaderboards, call.realm, call.player_id)


def page(call: ApiCall) -> Logic:
    """A page of a board, or with ``ranking=relative`` the rows around somebody."""
    query = call.query
    query.boolean("detailed")  # how a score came about is not kept by action; the plain rows are the answer
    if query.text("merge_with"):
        raise invalid("/merge_with", "boards cannot be merged on this server", code="NOT_ALLOWED_HERE")
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
    )
    around = partial(
        read, ranking=ranking, entity_id=query.text("entity_id") or call.player_id, radius=query.integer("radius", 5)
    )
    listed = paged(query, lambda skip, limit: read(skip=skip, limit=limit))
    return around if ranking == "relative" else listed
