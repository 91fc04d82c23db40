"""The client-credentials token: cache, early renewal, one request for all (``reliability.md`` §1)."""

from django_playlyfe.client.tokens.endpoint import TokenEndpoint
from django_playlyfe.client.tokens.sealing import EncryptedSeal, Seal, SignedSeal
from django_playlyfe.client.tokens.source import TokenSource
from django_playlyfe.client.tokens.store import TokenStore, token_key
from django_playlyfe.client.tokens.windows import Token

__all__ = ["EncryptedSeal", "Seal", "SignedSeal", "Token", "TokenEndpoint", "TokenSource", "TokenStore", "token_key"]
