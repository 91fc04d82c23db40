"""All routes of both versions (``http-api.md`` §5-§8, §10). What is not listed does not exist: ``route_not_found``."""

from __future__ import annotations

from django_playlyfe.engine.server import v1
from django_playlyfe.engine.server.design_routes import DESIGN_ROUTES
from django_playlyfe.engine.server.group_routes import GROUP_ROUTES
from django_playlyfe.engine.server.route import Match, Route, match
from django_playlyfe.engine.server.views import actions, edits, game, images, leaderboards, notifications, players

ROUTES = (
    Route("runtime", "GET", "/runtime/player", "/player", players.own_profile, v1.profile),
    Route("runtime", "PATCH", "/runtime/player", "/player", players.change_own, v1.profile),
    Route("runtime", "GET", "/runtime/players", "/players", players.listing),
    Route("runtime", "GET", "/runtime/players/:id", "/players/:id", players.profile_of_another, v1.profile),
    Route("runtime", "GET", "/runtime/actions", "/actions", actions.listing),
    Route("runtime", "POST", "/runtime/actions/:id/play", "/actions/:id/play", actions.play),
    Route("runtime", "POST", "", "/action/play", actions.play_named_in_body),
    Route("runtime", "GET", "/runtime/definitions/metrics", "/definitions/metrics", game.metrics),
    Route("runtime", "GET", "/runtime/definitions/metrics/:id", "/definitions/metrics/:id", game.metric),
    Route("runtime", "GET", "/runtime/leaderboards", "/leaderboards", leaderboards.listing),
    Route("runtime", "GET", "/runtime/leaderboards/:id", "/leaderboards/:id", leaderboards.page),
    Route("runtime", "GET", "/runtime/leaderboards/:id/trend", "/leaderboards/:id/trend", leaderboards.trend),
    Route("runtime", "GET", "/runtime/player/image", "/player/image", images.own),
    Route("runtime", "POST", "/runtime/player/image", "/player/image", images.set_own, takes_file=True),
    Route("runtime", "GET", "/runtime/assets/game", "/assets/game", images.of_game),
    Route("runtime", "GET", "/runtime/assets/players/:id", "/assets/players/:id", images.of_player),
    Route("runtime", "GET", "/runtime/assets/definitions/metrics/:id", "/assets/metrics/:id", images.of_metric),
    Route("runtime", "GET", "/runtime/activity", "/activity", game.own_activity),
    Route("runtime", "GET", "/runtime/notifications", "/notifications", notifications.listing),
    Route("runtime", "POST", "/runtime/notifications", "/notifications", notifications.mark_seen),
    Route("runtime", "GET", "/runtime/notifications/token", "/notifications/token", notifications.token),
    Route("admin", "GET", "/admin", "/", game.status),
    Route("admin", "GET", "/admin/activity", "", game.activity),
    Route("admin", "GET", "/admin/players", "/game/players", players.listing),
    Route("admin", "POST", "/admin/players", "/players", players.create),
    Route("admin", "GET", "/admin/players/:id", "", players.profile),
    Route("admin", "PATCH", "/admin/players/:id", "", players.change),
    Route("admin", "DELETE", "/admin/players/:id", "/players/:id", players.delete),
    Route("admin", "GET", "/admin/players/:id/activity", "", game.activity_of),
    Route("admin", "GET", "/admin/players/:id/streak", "", players.streak),
    Route("admin", "PATCH", "/admin/players/:id/scores", "", edits.change_scores),
    Route("admin", "POST", "/admin/players/:id/revert", "", edits.revert),
    Route("admin", "POST", "/admin/players/:id/reset", "", edits.reset),
    Route("admin", "PUT", "/admin/players/:id/reset", "/players/:id/reset", edits.reset, v1.profile),
    Route("admin", "POST", "/admin/rules/:id", "", edits.run_rule),
    Route("admin", "POST", "/admin/leaderboards/:id/:scope", "", leaderboards.announce_scope),
    *GROUP_ROUTES,
    *DESIGN_ROUTES,
)


def find(version: str, method: str, path: str) -> Match | None:
    """The route of a call; None if there is none, or not for this method.

    Args:
        version: "v1" or "v2".
        method: of HTTP, with HEAD as GET.
        path: percent-decoded, with at most one slash at its end.
    """
    return match(ROUTES, version, method, path)
