"""Tokens that a game's own login signs for a player: ``jwt=<client id>:<JWT>`` (``http-api.md`` §3.3)."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Client
from django_playlyfe.engine.server.auth import sealing
from django_playlyfe.exceptions import ConfigurationError

_CHECKS = {
    "require": ["exp"],
    # Claims that mean nothing here. The clock of whoever signs may be ahead, too: "iat" is no reason to refuse.
    **dict.fromkeys(("verify_aud", "verify_iat", "verify_iss", "verify_jti", "verify_sub"), False),
}
_SCOPES = {"player.runtime.read": "runtime:read", "player.runtime.write": "runtime:write"}


@dataclass(frozen=True)
class PlayerToken:
    """What a good player token says: the client whose secret has signed it, whose it is, and what it allows."""

    client: Client
    player_id: str
    scopes: frozenset[str]


@sensitive_variables()
def read(text: str) -> PlayerToken | None:
    """A player token; None if anything about it is wrong: client, signature, algorithm, age or content. One query.

    ``exp`` is required. Scopes narrow what the client may do as a player; an empty list narrows nothing, unknown ones
    are ignored. It never opens anything but the runtime.
    """
    client_id, _, encoded = text.partition(":")
    client = _client(client_id)
    if client is None:
        return None
    secret = sealing.open_sealed(client.sealed_secret)
    claims = _verified(encoded, secret) if secret else None
    if claims is None or not isinstance(claims.get("player_id"), str):
        return None
    wanted = claims.get("scopes", [])
    if not isinstance(wanted, list):
        return None
    asked = {_SCOPES[scope] for scope in wanted if isinstance(scope, str) and scope in _SCOPES}
    allowed = set(_SCOPES.values()) if not wanted else asked
    return PlayerToken(client, claims["player_id"], frozenset(allowed & set(client.scopes)))


def _client(client_id: str) -> Client | None:
    clients = Client.objects.using(transactions.write_alias()).filter(revoked_at=None).exclude(sealed_secret="")
    client: Client | None = clients.select_related("game").filter(client_id=client_id.replace("\0", "\ufffd")).first()
    return client


@sensitive_variables()
def _verified(encoded: str, secret: str) -> dict[str, Any] | None:
    jwt = library()
    try:
        # HS256 alone, whatever the header says: "none" and another algorithm are how such tokens are forged.
        claims: dict[str, Any] = jwt.decode(encoded, secret, algorithms=["HS256"], options=_CHECKS)
    except (jwt.PyJWTError, ValueError):
        return None
    return claims


def library() -> Any:
    """PyJWT. Raises ConfigurationError if it is not installed."""
    try:
        return importlib.import_module("jwt")
    except ImportError:
        raise ConfigurationError(
            'Clients whose players log in with signed tokens need two packages: pip install "django-playlyfe[jwt]"'
        ) from None
