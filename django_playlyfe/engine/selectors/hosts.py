"""All games of a host at a glance, for whoever runs it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max

from django_playlyfe.engine.models import Call, Client, Environment, Game, Player
from django_playlyfe.wire import write_instant


def describe(game_id: str = "") -> list[dict[str, Any]]:
    """The games, in the order of their creation; or the one of this id. Five queries, whatever the number of games.

    Returns:
        Per game ``{"id", "title", "environments"}``, per environment ``{"version", "players", "calls", "last_call",
        "clients"}``: version is the number of the design in force, None without one; no secret of a client is in it.
    """
    games = Game.objects.select_related("production", "staging").defer(
        "document", "production__document", "staging__document"
    )
    found = list(games.filter(game_id=game_id) if game_id else games.order_by("pk"))
    keys = [game.pk for game in found]
    players = _by_place(Player.objects.filter(game__in=keys).values("game", "environment").annotate(number=Count("pk")))
    calls = _by_place(
        Call.objects.filter(game__in=keys)
        .values("game", "environment")
        .annotate(number=Count("pk"), last=Max("recorded_at"))
    )
    clients: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for client in Client.objects.filter(game__in=keys, revoked_at=None).order_by("name"):
        told = {"id": client.client_id, "name": client.name, "scopes": list(client.scopes)}
        clients.setdefault((client.game_id, client.environment), []).append(told)

    def environment(game: Game, name: str) -> dict[str, Any]:
        place = game.pk, name
        version, log = getattr(game, name), calls.get(place, {})
        return {
            "version": None if version is None else version.number,
            "players": players.get(place, {}).get("number", 0),
            "calls": log.get("number", 0),
            "last_call": write_instant(log["last"]) if log.get("last") else None,
            "clients": clients.get(place, []),
        }

    return [
        {
            "id": game.game_id,
            "title": game.title,
            "environments": {name: environment(game, name) for name in Environment.values},
        }
        for game in found
    ]


def _by_place(rows: Any) -> dict[tuple[int, str], dict[str, Any]]:
    return {(row["game"], row["environment"]): row for row in rows}
