"""What a token allows: one query per call, nothing written (``http-api.md`` §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db.models import BooleanField, OuterRef, Subquery, Value
from django.utils import timezone as clock

from django_playlyfe.engine import transactions
from django_playlyfe.engine.models import Player, Token
from django_playlyfe.engine.realm import Realm, check_player_id
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.wire import make_error

Resource = Literal["admin", "runtime", "design"]

RESOURCES: tuple[Resource, ...] = ("admin", "design", "runtime")
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))
"""All that a client can be allowed."""
NEW_CLIENT = ("runtime:read", "runtime:write")
"""What a client may do unless somebody says otherwise."""
FOR_SITE = ("admin:read", "admin:write", "runtime:read", "runtime:write")
"""What django-playlyfe's own client needs."""


@dataclass(frozen=True)
class Access:
    """Who calls, and what that client may do.

    Attributes:
        client: public id of the client.
        realm: the client's game, in its environment.
        scopes: of :data:`SCOPES`.
        player_enabled: whether the player that the call names is enabled; None if there is no such player.
    """

    client: str
    realm: Realm
    scopes: frozenset[str]
    player_enabled: bool | None

    def allows(self, resource: Resource, method: str) -> bool:
        """Whether the client may use this method on routes of this resource."""
        return f"{resource}:{'read' if method == 'GET' else 'write'}" in self.scopes

    def check_player(self, player_id: str) -> None:
        """Refuse players who are not there or are disabled. No query: :func:`find_access` looked already.

        Raises:
            InvalidRequest: it cannot be a player id.
            PlayerNotFound: no player has it.
            AccessDenied: the player is disabled.
        """
        check_player_id(player_id)
        if self.player_enabled is None:
            raise make_error("player_not_found")
        if not self.player_enabled:
            raise make_error("access_denied", f"The player '{player_id}' is disabled")


def find_access(token_digest: str, player_id: str | None = None) -> Access | None:
    """What a token allows, None if it is unknown, expired or revoked, or its client is. One query.

    Args:
        token_digest: from ``credentials.take_token``.
        player_id: whom the call is about, if anybody; looked up by the same query.
    """
    # Where the engine writes: a replica need not know a token yet that was issued a moment ago.
    tokens = Token.objects.using(transactions.write_alias()).filter(
        digest=token_digest, revoked_at=None, expires_at__gt=clock.now(), client__revoked_at=None
    )
    row = (
        tokens.annotate(player_enabled=_enabled(player_id))
        .values_list(
            "client__client_id", "client__game__game_id", "client__environment", "client__scopes", "player_enabled"
        )
        .first()
    )
    if row is None:
        return None
    client, game, environment, scopes, player_enabled = row
    # Databases without booleans answer a subquery with 0 and 1.
    return Access(
        client, Realm(game, environment), frozenset(scopes), None if player_enabled is None else bool(player_enabled)
    )


def _enabled(player_id: str | None) -> Subquery | Value:
    """SQL for ``Access.player_enabled``."""
    try:
        wanted = check_player_id(player_id)
    except PlaylyfeError:
        return Value(None, output_field=BooleanField())
    players = Player.objects.filter(
        game_id=OuterRef("client__game_id"), environment=OuterRef("client__environment"), player_id=wanted
    )
    return Subquery(players.values("enabled")[:1])
