"""The token and the remembered failure in the cache: the keys of ``reliability.md`` §1.1."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac

from django_playlyfe.client.clock import Clock
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.sharing import Sharing
from django_playlyfe.client.tokens.failures import Failure, read_failure
from django_playlyfe.client.tokens.sealing import Seal
from django_playlyfe.client.tokens.windows import Token, read_record

_RECORD_FORMAT = 1


def token_key(auth_url: str, api_url: str, client_id: str, client_secret: Secret, hmac_key: str) -> str:
    """``K``: below 80 characters, without the secret, another one for another secret."""
    api_version = api_url.rpartition("/")[2]
    scope = hashlib.sha256(json.dumps([auth_url, api_url, api_version, client_id]).encode()).hexdigest()[:20]
    secret = salted_hmac("playlyfe.secret", client_secret.reveal(), secret=hmac_key, algorithm="sha256").hexdigest()[
        :12
    ]
    return f"playlyfe:tok:{_RECORD_FORMAT}:{scope}:{secret}"


@dataclass(frozen=True)
class View:
    """What the cache said at one moment.

    Attributes:
        token: the one in the cache, usable or not.
        failure: the remembered failure, current or not.
        entries: all that was read, by key.
    """

    token: Token | None
    failure: Failure | None
    entries: Mapping[str, Any]

    @property
    def previous(self) -> str:
        """Names the token that a renewal replaces."""
        return self.token.fingerprint if self.token is not None else "none"


class TokenStore:
    """Reads and writes ``K`` and ``K:neg``. There is no way to delete ``K``."""

    def __init__(self, key: str, sharing: Sharing, seal: Seal, clock: Clock) -> None:
        self.key = key
        self.sharing = sharing
        self._failure_key = f"{key}:neg"
        self._seal = seal
        self._clock = clock

    def look(self, *more: str) -> View:
        """Read both, and ``more`` keys. Raises CacheDown."""
        entries = self.sharing.read([self.key, self._failure_key, *more])
        now = self._clock.now()
        record = self._seal.open(entries.get(self.key), self.key)
        return View(read_record(record, now), read_failure(entries.get(self._failure_key), now), entries)

    def put(self, token: Token) -> bool:
        """Overwrite the token; False if it was not stored. Only the holder of a lease may. Raises CacheDown."""
        # Memcached and Redis cut fractions off, and some store nothing for less than a second.
        timeout = int(token.expires_at - self._clock.now())
        if timeout < 2:
            return False
        self.sharing.set(self.key, self._seal.close(token.as_data(), self.key), timeout)
        # DatabaseCache swallows the database's errors.
        return self.sharing.kind != "database" or self.look().previous == token.fingerprint

    def remember(self, failure: Failure) -> None:
        """Tell all processes that the endpoint failed. Raises CacheDown."""
        self.sharing.set(self._failure_key, failure.as_data(), failure.timeout(self._clock.now()))

    def forget_failure(self) -> None:
        """Let anybody ask again. Raises CacheDown."""
        self.sharing.delete(self._failure_key)
