"""How a token is stored in the cache: signed, or encrypted as well (``reliability.md`` §1.2).

Django pickles what it puts into a cache, so whoever can *write* the cache can run code in the site anyway. Signing
detects damage and keeps a record under its own key; encryption protects against those who can *read* the cache.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from django.core import signing
from django.utils.crypto import salted_hmac

from django_playlyfe.exceptions import ConfigurationError


class Seal(Protocol):
    """Turns a record into text that only opens under the same cache key."""

    def close(self, record: dict[str, Any], key: str) -> str:
        """The sealed text to store under ``key``."""
        ...

    def open(self, text: Any, key: str) -> Any:
        """The record, None for anything that is not one of ours under this key."""
        ...


class SignedSeal:
    """Signs with ``django.core.signing``. Works without Django settings.

    Args:
        key: the secret, ``settings.SECRET_KEY``.
        fallback_keys: earlier ones that are still accepted, ``settings.SECRET_KEY_FALLBACKS``.
    """

    def __init__(self, key: str, fallback_keys: Sequence[str] = ()) -> None:
        self._key = key
        self._fallback_keys: list[str | bytes] = list(fallback_keys)

    def close(self, record: dict[str, Any], key: str) -> str:
        return self._signer(key).sign_object(record)

    def open(self, text: Any, key: str) -> Any:
        try:
            return self._signer(key).unsign_object(text)
        except (signing.BadSignature, ValueError, TypeError, AttributeError):
            return None

    def _signer(self, key: str) -> signing.Signer:
        return signing.Signer(key=self._key, fallback_keys=self._fallback_keys, salt=key)


class EncryptedSeal:
    """Encrypts and signs with Fernet. Needs ``pip install "django-playlyfe[crypto]"``. Arguments as above."""

    def __init__(self, key: str, fallback_keys: Sequence[str] = ()) -> None:
        try:
            fernet = importlib.import_module("cryptography.fernet")
        except ImportError:
            raise ConfigurationError(
                'TOKEN_ENCRYPTION needs the package cryptography: pip install "django-playlyfe[crypto]"'
            ) from None
        self._fernet = fernet
        self._keys = [key, *fallback_keys]

    def close(self, record: dict[str, Any], key: str) -> str:
        encrypted: bytes = self._box(key).encrypt(json.dumps(record).encode())
        return encrypted.decode()

    def open(self, text: Any, key: str) -> Any:
        try:
            return json.loads(self._box(key).decrypt(text))
        except (self._fernet.InvalidToken, ValueError, TypeError):
            return None

    def _box(self, key: str) -> Any:
        # Fernet binds nothing but its key, so the cache key goes into that: a record cannot move to another one.
        return self._fernet.MultiFernet([self._fernet.Fernet(_derived(secret, key)) for secret in self._keys])


def _derived(secret: str, key: str) -> bytes:
    digest = salted_hmac("playlyfe.token", key, secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
