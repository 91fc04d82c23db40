"""``manage.py playlyfe_engine_client``: create or change a client of the mounted server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_playlyfe.engine.models import Environment
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE
from django_playlyfe.exceptions import ConfigurationError

WRONG_INPUT = 2
"""Exit code: the command line is wrong; nothing was changed."""


class Command(BaseCommand):
    help = (
        "Creates a client of the mounted Playlyfe server, or changes the one of this name, and prints its id. A secret "
        "that is made is printed once and stored only as a hash. Without --for-site or --scopes a new client may play "
        "and do nothing else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of the command line."""
        parser.add_argument("name", metavar="NAME", help="Tells the clients of a game apart.")
        parser.add_argument("--id", help="The client id; made up if left out.")
        secret = parser.add_mutually_exclusive_group()
        secret.add_argument("--secret", help="The secret, random and long; made up for a new client if left out.")
        secret.add_argument("--new-secret", action="store_true", help="Make up a new secret for an old client.")
        secret.add_argument("--revoke", action="store_true", help="Let the client and its tokens in no more.")
        scopes = parser.add_mutually_exclusive_group()
        scopes.add_argument(
            "--for-site", action="store_true", help="All that the client of django-playlyfe needs: runtime and admin."
        )
        scopes.add_argument("--scopes", metavar="LIST", help='For example "admin,design,runtime:read".')
        parser.add_argument(
            "--redirect-uri",
            action="append",
            metavar="URI",
            help="Where the authorization page may send a browser back to; may be given several times.",
        )
        parser.add_argument(
            "--jwt",
            action="store_true",
            help="It logs players in with tokens that it signs: the secret is kept, encrypted. Needs the extra jwt.",
        )
        parser.add_argument("--test", action="store_true", help="A test client: it plays in staging.")
        parser.add_argument("--environment", choices=Environment.values, help="Default: production.")
        parser.add_argument("--game", default="", metavar="ID", help="May be left out while there is only one.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Raises CommandError with exit code 2 for everything that is wrong."""
        try:
            realm = _realm(options)
            if options["revoke"]:
                client = clients.revoke(realm, options["name"])
                self.stdout.write(f"The client '{client.name}' is revoked, and so are its tokens.")
            else:
                self._register(realm, options)
        except (clients.Refused, ConfigurationError) as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from None
        except DatabaseError as error:
            raise CommandError(
                f"The engine's tables cannot be used ({error}). Run `manage.py migrate` first."
            ) from error

    def _register(self, realm: Realm, options: dict[str, Any]) -> None:
        registered = clients.register(
            realm,
            options["name"],
            client_id=options["id"],
            secret=options["secret"],
            new_secret=options["new_secret"],
            scopes=_scopes(options),
            redirect_uris=options["redirect_uri"],
            signs_for_players=options["jwt"],
        )
        client = registered.client
        if options["verbosity"]:
            self.stdout.write(
                f"{'Created' if registered.created else 'Updated'} the client '{client.name}' of "
                f"'{client.game.game_id}' in {client.environment}: {', '.join(client.scopes)}"
            )
            self.stdout.write(f"CLIENT_ID={client.client_id}")
        if options["secret"] and len(options["secret"]) < clients.SAFE_SECRET:
            self.stderr.write(
                self.style.WARNING(
                    f"A secret of fewer than {clients.SAFE_SECRET} characters is for tests: its hash can be guessed."
                )
            )
        if registered.secret:
            self.stdout.write(f"CLIENT_SECRET={registered.secret}")
            self.stdout.write(self.style.WARNING("Keep the secret now: only its hash is stored."))


def _realm(options: dict[str, Any]) -> Realm:
    environment = options["environment"]
    if options["test"]:
        if environment == "production":
            raise clients.Refused("A test client plays in staging: leave out --test or --environment production.")
        environment = "staging"
    return Realm(options["game"], environment or "production")


def _scopes(options: dict[str, Any]) -> list[str] | None:
    """What was asked for; None to leave it as it is."""
    if options["for_site"]:
        return list(FOR_SITE)
    return None if options["scopes"] is None else clients.read_scopes(options["scopes"])
