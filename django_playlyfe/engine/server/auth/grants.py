"""Leave that players give: codes, their exchange, refresh tokens (``http-api.md`` §2.2, RFC 6749 §4.1, §6, RFC 7636).

A code may be exchanged again by the same client for as long as its grant lives, because the libraries for Playlyfe do
that when a token has expired; ``PLAYLYFE_SERVER["SINGLE_USE_CODES"]`` forbids it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from django.views.decorators.debug import sensitive_variables

from django_playlyfe import instants
from django_playlyfe.engine import conf
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Client, Grant, Player, RefreshToken
from django_playlyfe.engine.server.auth import credentials, tokens
from django_playlyfe.engine.server.auth.tokens import IssuedToken
from django_playlyfe.wire import make_error

CODE_LIFE = timedelta(minutes=10)
"""Within which a code must be exchanged for the first time."""
GRANT_LIFE = timedelta(days=30)
"""How long a grant lives after its code or a refresh token was last exchanged."""


@dataclass(frozen=True)
class Renewable:
    """An access token and the refresh token that came with it."""

    token: IssuedToken
    refresh: str = field(repr=False)


@dataclass(frozen=True)
class Challenge:
    """PKCE: what the exchange of a code has to prove. ``method`` is "S256" or "plain"; "" for no challenge."""

    text: str = ""
    method: str = ""

    def accepts(self, verifier: str | None) -> bool:
        """Whether ``verifier`` is what the challenge was made from."""
        if not self.text:
            return True
        if not verifier:
            return False
        made = verifier
        if self.method == "S256":
            digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
            made = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return hmac.compare_digest(made.encode(), self.text.encode())


@sensitive_variables()
def grant(client: Client, player: Player, redirect_uri: str, challenge: Challenge) -> str:
    """Note that a player lets a client act for it. Returns the code, the only time it is known in clear."""
    code = credentials.new_token()
    Grant.objects.using(transactions.write_alias()).create(
        client=client,
        player=player,
        code_digest=credentials.digest(code),
        redirect_uri=redirect_uri,
        challenge=challenge.text,
        challenge_method=challenge.method,
        expires_at=instants.now() + CODE_LIFE,
    )
    return code


@sensitive_variables()
def exchange(client_id: str, client_secret: str, code: str, redirect_uri: str, verifier: str | None) -> Renewable:
    """A token for a code.

    Raises:
        AuthenticationError: wrong id or secret (``client_auth_fail``).
        InvalidRequest: the code is bad, foreign or expired, the address another one, or the verifier wrong
            (``invalid_grant``).
    """
    client = tokens.authenticate(client_id, client_secret)
    with transactions.atomic():
        rows = transactions.locked(Grant.objects.filter(code_digest=credentials.digest(code), client_id=client))
        found: Grant | None = rows.first()
        is_reused = found is not None and found.redeemed_at is not None and conf.server_settings().single_use_codes
        if found is not None and is_reused:
            _revoke(found)  # RFC 6749 §4.1.2: somebody else may have it too
        elif (
            found is not None
            and _lives(found)
            and found.redirect_uri == redirect_uri
            and Challenge(found.challenge, found.challenge_method).accepts(verifier)
        ):
            return _renew(found)
    raise _bad_grant()


@sensitive_variables()
def refresh(client_id: str, client_secret: str, refresh_token: str) -> Renewable:
    """A token for a refresh token, which stays valid. Raises as :func:`exchange`."""
    client = tokens.authenticate(client_id, client_secret)
    with transactions.atomic():
        rows = transactions.locked(Grant.objects.filter(client_id=client))
        found: Grant | None = rows.filter(refresh_tokens__digest=credentials.digest(refresh_token)).first()
        if found is not None and _lives(found):
            return _renew(found)
    raise _bad_grant()


def _lives(found: Grant) -> bool:
    return found.revoked_at is None and found.expires_at > instants.now()


def _renew(found: Grant) -> Renewable:
    now = instants.now()
    found.redeemed_at = found.redeemed_at or now
    found.expires_at = now + GRANT_LIFE
    found.save(using=transactions.write_alias(), update_fields=["redeemed_at", "expires_at"])
    text = credentials.new_token()
    RefreshToken.objects.using(transactions.write_alias()).create(grant=found, digest=credentials.digest(text))
    return Renewable(tokens.issue_for(found.client_id, found.player_id, found.pk), text)


def _revoke(found: Grant) -> None:
    now = instants.now()
    found.revoked_at = now
    found.save(using=transactions.write_alias(), update_fields=["revoked_at"])
    found.tokens.using(transactions.write_alias()).filter(revoked_at=None).update(revoked_at=now)


def _bad_grant() -> Exception:
    error: Exception = make_error("invalid_grant", "The code or refresh token is not valid here, or no longer")
    return error
