"""Where requests go: base URLs that may be used, and ids as path segments (``reliability.md`` §2.6, §2.7)."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from django_playlyfe.exceptions import ConfigurationError, InvalidRequest

LONGEST_ID = 200
_LONGEST_KEY = 200


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(name: str, url: str, *, allow_insecure: bool = False) -> str:
    """A base URL without its trailing slash.

    Args:
        name: the setting's name, for the error.
        url: what the site wrote there.
        allow_insecure: plain HTTP is accepted for other hosts than this one too.

    Raises:
        ConfigurationError: it is no absolute URL, carries credentials, a query or a fragment, or would send the secret
            unencrypted over a network.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(f"{name} is not a URL. Write it like https://api.example.com/v2") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"{name} must be an absolute URL such as https://api.example.com/v2")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{name} must not contain a user name or password: use CLIENT_ID and CLIENT_SECRET")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must end with its path, without '?' or '#'")
    if parts.scheme == "http" and not allow_insecure and not _is_loopback(host):
        raise ConfigurationError(
            f"{name} is http://, so client secret and tokens would travel unencrypted. "
            f"Use https://, or set ALLOW_INSECURE_HTTP to True if the network between is yours"
        )
    return url.rstrip("/")


def host_of(url: str) -> str:
    """Host and port of a URL, without anything secret: the name of a throttle record."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def check_id(value: str, what: str = "id") -> str:
    """An id in Unicode form NFC, fit for a path segment.

    ``requests`` un-quotes dots and ``urllib3`` removes dot segments, so a DELETE of the player ``..`` would reach the
    parent path even when quoted; an empty id would reach the collection.

    Raises:
        InvalidRequest: before anything was sent.
    """
    if not isinstance(value, str):
        raise InvalidRequest(f"The {what} must be a string, not {type(value).__name__}")
    value = unicodedata.normalize("NFC", value)
    if value in {"", ".", ".."}:
        raise InvalidRequest(f"The {what} must not be empty, '.' or '..'")
    if len(value) > LONGEST_ID:
        raise InvalidRequest(f"The {what} must not be longer than {LONGEST_ID} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise InvalidRequest(f"The {what} must not contain control characters")
    return value


def check_key(value: str) -> str:
    """An idempotency key: 1 to 200 printable ASCII characters (``http-api.md`` §12).

    Raises:
        InvalidRequest: before anything was sent.
    """
    if not (0 < len(value) <= _LONGEST_KEY and all(" " <= character <= "~" for character in value)):
        raise InvalidRequest("An idempotency key is 1 to 200 printable ASCII characters")
    return value


def fill(route: str, ids: Mapping[str, str]) -> str:
    """A route template with its ids as percent-encoded segments: ``/players/{id}`` -> ``/players/a%2Fb``."""
    return route.format(**{name: quote(check_id(value, name), safe="") for name, value in ids.items()})
