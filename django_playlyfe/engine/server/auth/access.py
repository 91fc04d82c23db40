"""What a token allows: one query per call, nothing written (``http-api.md`` §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import OuterRef, QuerySet, Subquery
from django.views.decorators.debug import sensitive_variables

from django_playlyfe import instants
from django_playlyfe.engine.database import statements, transactions
from django_playlyfe.engine.models import Player, Token
from django_playlyfe.engine.realm import Realm, check_player_id
from django_playlyfe.engine.server.auth import player_tokens
from django_playlyfe.engine.server.auth.credentials import Presented
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.wire import make_error

Resource = Literal["admin", "runtime", "design"]

RESOURCES: tuple[Resource, ...] = ("admin", "design", "runtime")
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))
"""All that a client can be allowed."""
NEW_CLIENT = ("runtime:read", "runtime:write")
"""What a client may do unless somebody says otherwise."""
PLAYER = frozenset(NEW_CLIENT)
"""What a token that a player holds can open at most."""
FOR_SITE = ("admin:read", "admin:write", "runtime:read", "runtime:write")
"""What django-playlyfe's own client needs."""


@dataclass(frozen=True)
class Access:
    """Who calls, and what that client may do.

    Attributes:
        client: public id of the client.
        client_key: its primary key.
        realm: the client's game, in its environment.
        scopes: of :data:`SCOPES`.
        player_id: the player of the call: the token's if it is a player's, else the one that the call names; "" for
            none.
        player_enabled: whether that player is enabled; None if there is no such player.
    """

    client: str
    client_key: int
    realm: Realm
    scopes: frozenset[str]
    player_id: str
    player_enabled: bool | None

    def allows(self, resource: Resource, method: str) -> bool:
        """Whether the client may use this method on routes of this resource."""
        return f"{resource}:{'read' if method == 'GET' else 'write'}" in self.scopes

    def check_player(self) -> None:
        """Refuse players who are not there or are disabled. No query: :func:`find_access` looked already.

        Raises:
            InvalidRequest: it cannot be a player id.
            PlayerNotFound: no player has it.
            AccessDenied: the player is disabled.
        """
        check_player_id(self.player_id)
        if self.player_enabled is None:
            raise make_error("player_not_found")
        if not self.player_enabled:
            raise make_error("access_denied", f"The player '{self.player_id}' is disabled")


def find_access(presented: Presented, player_id: str = "") -> Access | None:
    """What a token allows, None if it is unknown, expired or revoked, or its client is.

    Args:
        presented: what came with the request.
        player_id: whom the call names, if anybody; a token of a player is about that one.
    """
    if presented.digest is not None:
        return _of_access_token(presented.digest, player_id)
    if presented.jwt is not None:
        return _of_player_token(presented.jwt)
    return None


def _look_up(token_digest: str, player_id: str) -> QuerySet[Token, tuple[Any, ...]]:
    """What is stored of a token, and whether a player of its client's game is enabled."""
    players = Player.objects.filter(
        game_id=OuterRef("client__game_id"), environment=OuterRef("client__environment"), player_id=player_id
    )
    tokens = Token.objects.filter(digest=token_digest, revoked_at=None, client__revoked_at=None)
    return tokens.annotate(named_enabled=Subquery(players.values("enabled")[:1])).values_list(
        "expires_at",
        "client__client_id",
        "client_id",
        "client__game__game_id",
        "client__environment",
        "client__scopes",
        "player__player_id",
        "player__enabled",
        "grant_id",
        "named_enabled",
    )[:1]


_LOOK_UP = statements.Reading(_look_up, str, str)


def _of_access_token(token_digest: str, player_id: str) -> Access | None:
    """One query, which also looks the player up."""
    # Where the engine writes: a replica need not know a token yet that was issued a moment ago.
    (found,) = statements.read(transactions.write_alias(), (_LOOK_UP, (token_digest, _or_nobody(player_id))))
    if not found or found[0][0] <= instants.now():
        return None
    _, client, client_key, game, environment, scopes, own_id, own_enabled, grant, named_enabled = found[0]
    allowed = frozenset(scopes)
    if own_id is not None and grant is None:
        allowed &= PLAYER  # of the implicit flow: a player's browser holds it
    enabled = named_enabled if own_id is None else own_enabled
    return Access(
        client=client,
        client_key=client_key,
        realm=Realm(game, environment),
        scopes=allowed,
        player_id=player_id if own_id is None else own_id,
        # Databases without booleans answer a subquery with 0 and 1.
        player_enabled=None if enabled is None else bool(enabled),
    )


@sensitive_variables()
def _of_player_token(text: str) -> Access | None:
    found = player_tokens.read(text)
    if found is None:
        return None
    client = found.client
    players = Player.objects.using(transactions.write_alias()).filter(game=client.game, environment=client.environment)
    return Access(
        client=client.client_id,
        client_key=client.pk,
        realm=Realm(client.game.game_id, client.environment),
        scopes=found.scopes & PLAYER,
        player_id=found.player_id,
        player_enabled=players.filter(player_id=found.player_id).values_list("enabled", flat=True).first(),
    )


def _or_nobody(player_id: str) -> str:
    """The id, or "" for what cannot be one: databases need not be able to hold it."""
    try:
        return check_player_id(player_id)
    except PlaylyfeError:
        return ""
