"""Issuing and revoking tokens (``http-api.md`` §2.3, RFC 6749 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.views.decorators.debug import sensitive_variables

from django_playlyfe import instants
from django_playlyfe.engine import conf
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Client, Token
from django_playlyfe.engine.server.auth import credentials
from django_playlyfe.wire import make_error

_OF_NOBODY = "0" * 64
"""A digest that no secret has: compared where no client has the id, so that both failures take the same time."""


@dataclass(frozen=True)
class IssuedToken:
    """A new token, the only time it is known in clear."""

    text: str = field(repr=False)
    life: int
    """Seconds."""


@sensitive_variables()
def authenticate(client_id: str, client_secret: str) -> int:
    """The primary key of the client that has this id and secret.

    Raises:
        AuthenticationError: wrong id or secret, or the client was revoked (``client_auth_fail``); nobody learns which.
    """
    clients = Client.objects.using(transactions.write_alias()).filter(revoked_at=None)
    # No database stores a NUL, and some refuse to look for one.
    found = clients.filter(client_id=client_id.replace("\0", "\ufffd")).values_list("pk", "secret_hash").first()
    client, secret_hash = found or (None, _OF_NOBODY)
    if not credentials.matches(client_secret, secret_hash) or client is None:
        raise make_error("client_auth_fail")
    return client


@sensitive_variables()
def issue(client_id: str, client_secret: str) -> IssuedToken:
    """A token for a client that knows its secret. Earlier ones stay valid: processes fetch theirs independently.

    Raises:
        AuthenticationError: as :func:`authenticate`.
    """
    return issue_for(authenticate(client_id, client_secret))


@sensitive_variables()
def issue_for(client: int, player: int | None = None, grant: int | None = None) -> IssuedToken:
    """A token for a client, and of a player who has let it act. Arguments are primary keys."""
    issued = IssuedToken(credentials.new_token(), conf.server_settings().token_life)
    _store(issued, client, player, grant)
    return issued


def revoke(token_digest: str) -> None:
    """Let a token open nothing any more; an unknown one does not matter."""
    tokens = Token.objects.using(transactions.write_alias())
    tokens.filter(digest=token_digest, revoked_at=None).update(revoked_at=instants.now())


def revoke_all(client: Client) -> None:
    """Let none of a client's tokens open anything any more."""
    tokens = Token.objects.using(transactions.write_alias())
    tokens.filter(client=client, revoked_at=None).update(revoked_at=instants.now())


@sensitive_variables()
def _store(issued: IssuedToken, client: int, player: int | None, grant: int | None) -> None:
    now = instants.now()
    tokens = Token.objects.using(transactions.write_alias())
    with transactions.atomic():
        tokens.create(
            client_id=client,
            player_id=player,
            grant_id=grant,
            digest=credentials.digest(issued.text),
            created_at=now,
            expires_at=now + timedelta(seconds=issued.life),
        )
        # The only place where tokens are made is also where old ones go, so the table needs no housekeeping.
        tokens.filter(client_id=client, expires_at__lte=now).delete()
