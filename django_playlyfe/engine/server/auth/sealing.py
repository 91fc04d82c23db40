"""Secrets that the server has to read again: encrypted with keys made from ``SECRET_KEY`` (``http-api.md`` §3.3)."""

from __future__ import annotations

import base64
import importlib
from typing import Any

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine import conf
from django_playlyfe.exceptions import ConfigurationError


@sensitive_variables()
def seal(secret: str) -> str:
    """The secret, encrypted. Raises ConfigurationError without the package ``cryptography``."""
    encrypted: bytes = _box().encrypt(secret.encode())
    return encrypted.decode()


@sensitive_variables()
def open_sealed(sealed: str) -> str | None:
    """The secret; None if it was sealed with a key that is no longer among ``SECRET_KEY_FALLBACKS``."""
    try:
        opened: bytes = _box().decrypt(sealed.encode())
    except (ValueError, _fernet().InvalidToken):
        return None
    return opened.decode()


def _box() -> Any:
    fernet = _fernet()
    return fernet.MultiFernet([fernet.Fernet(_derived(key)) for key in conf.secret_keys()])


def _fernet() -> Any:
    try:
        return importlib.import_module("cryptography.fernet")
    except ImportError:
        raise ConfigurationError(
            'Clients whose players log in with signed tokens need two packages: pip install "django-playlyfe[jwt]"'
        ) from None


@sensitive_variables()
def _derived(secret_key: str) -> bytes:
    digest = salted_hmac("playlyfe.engine.client_secret", "", secret=secret_key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
