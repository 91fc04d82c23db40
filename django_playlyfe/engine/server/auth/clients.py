"""Making and changing clients of the mounted server. For the command and, later, pages; no route reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.views.decorators.debug import sensitive_variables

from django_playlyfe import instants
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import ADDRESS_LENGTH, ID_LENGTH, TITLE_LENGTH, Client, Game
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.server.auth import credentials, player_tokens, sealing, tokens
from django_playlyfe.engine.server.auth.access import NEW_CLIENT, RESOURCES, SCOPES

SHORTEST_SECRET = 8
"""Characters."""
SAFE_SECRET = 32
"""Characters. Only a digest is kept, by a hash that protects what cannot be guessed and nothing else: shorter is for
tests."""


class Refused(ValueError):
    """A client cannot be made or changed like this; the text says why and what to do. Nothing was changed."""


@dataclass(frozen=True)
class Registered:
    """A client after :func:`register`.

    Attributes:
        client: the stored row.
        created: it was not there before.
        secret: a secret that was made just now, the only time it is known in clear; None if there is no new one.
    """

    client: Client
    created: bool
    secret: str | None = field(repr=False)


def read_scopes(text: str) -> list[str]:
    """``"admin,runtime:read"`` -> ``["admin:read", "admin:write", "runtime:read"]``. Raises Refused."""
    wanted: set[str] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        found = {scope for scope in SCOPES if part in (scope, scope.partition(":")[0])}
        if not found:
            raise Refused(f"There is no scope {part!r}; write {', '.join(RESOURCES)}, each also with :read or :write.")
        wanted |= found
    if not wanted:
        raise Refused("Name at least one scope.")
    return sorted(wanted)


@sensitive_variables()
def register(
    realm: Realm,
    name: str,
    *,
    client_id: str | None = None,
    secret: str | None = None,
    new_secret: bool = False,
    scopes: list[str] | None = None,
    redirect_uris: list[str] | None = None,
    signs_for_players: bool = False,
) -> Registered:
    """Create the client of this name in a game's environment, or change what is given of it.

    Args:
        realm: whose client it is.
        name: tells a game's clients apart, for people.
        client_id: its public id; made up for a new client if None.
        secret: its secret from now on; made up for a new client if None.
        new_secret: make up a secret for an old one, too.
        scopes: what it may do, of ``access.SCOPES``; a new client may only play if None.
        redirect_uris: where the authorization page may send a browser back to.
        signs_for_players: it logs players in with tokens that it signs (JWT): the secret is kept, encrypted. Needs the
            secret, so an old client gets a new one unless ``secret`` is given.

    Raises:
        Refused: the id belongs to another client, or the client was revoked and gets no new secret, or an argument
            cannot be used.
        ConfigurationError: no such game.
    """
    if not name.strip() or len(name) > TITLE_LENGTH or not name.isprintable():
        raise Refused(f"The name should be printable text of at most {TITLE_LENGTH} characters.")
    if client_id is not None and not (
        client_id.isascii() and client_id.isprintable() and 0 < len(client_id) <= ID_LENGTH
    ):
        raise Refused(f"The id should be printable ASCII text of at most {ID_LENGTH} characters.")
    if secret is not None and len(secret) < SHORTEST_SECRET:
        raise Refused(
            f"The secret should have at least {SHORTEST_SECRET} characters, better {SAFE_SECRET} random ones."
        )
    for address in redirect_uris or ():
        _check_address(address)
    if signs_for_players:
        player_tokens.library()  # better now than at the first login
    with transactions.atomic():
        client = _find(find_game(realm), realm, name, client_id)
        created = client.pk is None
        if client.revoked_at is not None and secret is None and not new_secret:
            raise Refused(f"The client '{name}' was revoked. With a new secret it may come back.")
        needs = signs_for_players and not client.sealed_secret
        made = credentials.new_client_secret() if secret is None and (created or new_secret or needs) else None
        if secret is not None or made is not None:
            client.secret_hash = credentials.digest(secret or made or "")
            client.revoked_at = None
            if signs_for_players or client.sealed_secret:
                client.sealed_secret = sealing.seal(secret or made or "")
        if scopes is not None or created:
            client.scopes = list(NEW_CLIENT if scopes is None else scopes)
        if redirect_uris is not None:
            client.redirect_uris = list(redirect_uris)
        client.save(using=transactions.write_alias())
    return Registered(client, created, made)


def revoke(realm: Realm, name: str) -> Client:
    """Let a client and all its tokens in no more. Raises Refused if there is no such client."""
    with transactions.atomic():
        client = _named(find_game(realm), realm, name)
        if client is None:
            raise Refused(f"There is no client '{name}' in {realm}.")
        client.revoked_at = instants.now()
        client.save(using=transactions.write_alias(), update_fields=["revoked_at"])
        tokens.revoke_all(client)
    return client


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    is_written_well = address.isascii() and address.isprintable() and " " not in address
    if not (is_written_well and parts.scheme and len(address) <= ADDRESS_LENGTH and not parts.fragment):
        raise Refused(f"{address!r} is no address to send a browser to: write it whole, without a fragment.")
    if parts.scheme in ("javascript", "data", "vbscript", "file"):
        raise Refused(f"A browser must not be sent to {parts.scheme!r} addresses.")


def _find(game: Game, realm: Realm, name: str, client_id: str | None) -> Client:
    """The client of this name, or a new one, not saved yet."""
    client = _named(game, realm, name)
    if client_id is not None:
        other = Client.objects.using(transactions.write_alias()).filter(client_id=client_id).first()
        if other is not None and other != client:
            raise Refused(f"The id '{client_id}' belongs to another client, '{other.name}'.")
        if client is not None and other is None:
            raise Refused(f"The client '{name}' has the id '{client.client_id}', and ids do not change.")
    if client is not None:
        return client
    return Client(
        game=game,
        environment=realm.environment,
        name=name,
        client_id=client_id or credentials.new_client_id(),
    )


def _named(game: Game, realm: Realm, name: str) -> Client | None:
    clients = Client.objects.using(transactions.write_alias())
    client: Client | None = clients.filter(game=game, environment=realm.environment, name=name).first()
    return client
