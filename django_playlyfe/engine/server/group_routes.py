"""The routes of teams and processes (``http-api.md`` §6.9-§6.13, §7.2, §7.5, §7.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from django_playlyfe.engine.server.route import Route, View
from django_playlyfe.engine.server.views import groups

_MEMBERSHIP = (
    ("GET", "/members"),
    ("POST", "/join"),
    ("POST", "/leave"),
    ("POST", "/kick"),
    ("POST", "/roles"),
    ("POST", "/invites"),
    ("GET", "/activity"),
)
"""What players and admins can do with an instance alike."""
_AMONG_PLAYERS = (
    ("GET", "/approvals"),
    ("GET", "/requests"),
    ("POST", "/approvals/:request_id"),
    ("DELETE", "/approvals/:request_id"),
    ("DELETE", "/invites/:invite_id"),
    ("POST", "/transfer"),
)
_PAGES = ("/members", "/performers", "/approvals", "/requests")
_NAMED = {"/kick": "player_id", "/transfer": "player_id", "/invites": "id"}
"""Whom a body has to name, under which key."""


def _about_one(kind: Literal["team", "process"], method: str, rest: str) -> View:
    """What a route below one instance reads before it looks for that."""
    if method == "GET" and rest in _PAGES:
        return groups.page(kind)
    if method == "POST" and rest in _NAMED:
        return groups.naming(kind, _NAMED[rest])
    return groups.roles(kind) if (method, rest) == ("POST", "/roles") else groups.missing(kind)


def _of_players(kind: Literal["team", "process"], plural: str, own: tuple[tuple[str, str], ...]) -> Iterator[Route]:
    """The routes of players to the instances of one kind; ``own`` are those that only this kind has."""
    root = f"/{plural}"
    yield Route("runtime", "GET", f"/runtime/definitions{root}", f"/definitions{root}", groups.no_definitions)
    yield Route("runtime", "POST", f"/runtime{root}", f"/definitions{root}/:definition", groups.create(kind))
    yield Route("runtime", "GET", f"/runtime{root}", root, groups.listing(kind))
    one = f"{root}/:id"
    yield Route("runtime", "PATCH", f"/runtime{one}", one, groups.change(kind))
    for method, rest in (("GET", ""), ("DELETE", ""), *_MEMBERSHIP, *_AMONG_PLAYERS, *own):
        yield Route("runtime", method, f"/runtime{one}{rest}", f"{one}{rest}", _about_one(kind, method, rest))


def _of_admins(kind: Literal["team", "process"], plural: str) -> Iterator[Route]:
    root = f"/admin/{plural}"
    yield Route("admin", "GET", root, "", groups.listing(kind))
    yield Route("admin", "POST", root, "", groups.create(kind))
    yield Route("admin", "PATCH", f"{root}/:id", "", groups.change(kind))
    for method, rest in (("GET", ""), ("DELETE", ""), *_MEMBERSHIP):
        yield Route("admin", method, f"{root}/:id{rest}", "", _about_one(kind, method, rest))


GROUP_ROUTES = (
    *_of_players("team", "teams", (("PUT", "/lock"), ("DELETE", "/lock"))),
    *_of_players("process", "processes", (("GET", "/performers"), ("GET", "/triggers"))),
    Route("runtime", "POST", "/runtime/processes/:id/play", "/processes/:id/play", groups.play_trigger),
    Route("runtime", "POST", "", "/processes/:owner/:id/play", groups.play_trigger),
    # Early process ids had a slash in them; whoever still stores one learns that it is gone.
    Route("runtime", "GET", "", "/processes/:owner/:id", groups.missing("process")),
    Route("runtime", "PATCH", "", "/processes/:owner/:id", groups.change("process")),
    Route("runtime", "DELETE", "", "/processes/:owner/:id", groups.missing("process")),
    Route("runtime", "POST", "/runtime/play", "/play", groups.play_escalated),
    Route("runtime", "GET", "/runtime/invites", "/invites", groups.nothing_pending),
    Route("runtime", "POST", "/runtime/invites/:id", "/invites/:id", groups.missing("invite")),
    Route("runtime", "DELETE", "/runtime/invites/:id", "/invites/:id", groups.missing("invite")),
    Route("runtime", "GET", "/runtime/requests", "/requests", groups.nothing_pending),
    Route("runtime", "GET", "/runtime/approvals", "/approvals", groups.nothing_pending),
    Route("admin", "GET", "/admin/requests", "", groups.nothing_pending),
    Route("admin", "GET", "/admin/invites", "", groups.nothing_pending),
    *_of_admins("team", "teams"),
    *_of_admins("process", "processes"),
)
