"""Whether a Playlyfe server answers, and lets this client do what a site needs: for ``playlyfe_status``."""

from __future__ import annotations

from typing import Any

from django_playlyfe.client import PlaylyfeClient
from django_playlyfe.exceptions import AccessDenied, APIError, ConfigurationError, PlaylyfeError

_NOBODY = "playlyfe-status-asks-for-nobody"


def status_of(client: PlaylyfeClient) -> dict[str, Any]:
    """Whether the server answers and lets this client do what a site needs."""
    try:
        server = client.status()
        missing = _missing_scopes(client)
    except ConfigurationError as error:
        return {"ok": False, "detail": str(error)}
    except PlaylyfeError as error:
        return {"ok": False, "detail": str(error), "client": client.describe()}
    game = server.get("game") or {}
    detail = f"{game.get('title') or game.get('id') or server.get('name')} at {client.api_url}"
    if missing:
        detail = f"{detail}: the client lacks the scopes {', '.join(missing)}"
    return {
        "ok": not missing,
        "detail": detail,
        "game_id": str(game.get("id") or ""),
        "features": ", ".join(sorted(client.features)) or "none announced",
        "missing_scopes": ", ".join(missing) or "none",
        "client": client.describe(),
    }


def _missing_scopes(client: PlaylyfeClient) -> list[str]:
    """Scopes that the client lacks, found by calls that can change nothing: they name no player, or nobody."""
    nobody = {"player_id": _NOBODY}
    attempts: dict[str, tuple[str, str, dict[str, str]]] = {
        "admin:write": ("PATCH", "/admin/players/{player_id}", nobody),
        "runtime:read": ("GET", "/runtime/actions", {}),
        "runtime:write": ("POST", "/runtime/actions/{player_id}/play", nobody),
    }
    missing = []
    for scope, (method, route, ids) in attempts.items():
        try:
            client.call(method, route, ids=ids)
        except AccessDenied:
            missing.append(scope)
        except APIError:
            continue
    return missing
