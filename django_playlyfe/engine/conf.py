"""Settings of the engine (``docs/design/interface.md`` §1): the only module that reads ``settings.PLAYLYFE_SERVER``.

Read when used, never kept, so ``override_settings`` works for each key.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from django_playlyfe.exceptions import ConfigurationError


@dataclass(frozen=True)
class ServerSettings:
    """``PLAYLYFE_SERVER`` with its defaults.

    Attributes:
        token_life: seconds that an access token of the mounted server lives.
        rate_limit_status: HTTP status of ``rate_limit_exceeded``, 429 or 503.
        notification_stream: whether notifications are sent as they happen to whoever listens.
        single_use_codes: whether an authorization code may be exchanged only once.
        cors_origins: origins that a browser may call the mounted server from.
        call_limit: most plays a day, None = no limit.
        player_limit: most players of a game in one environment, None = no limit.
        backdate_days: how old a backdated play may be.
        player_id: tells which player a user of the site is, for the authorization page: ``(user) -> str | None``.
    """

    token_life: int
    rate_limit_status: int
    notification_stream: bool
    single_use_codes: bool
    cors_origins: tuple[str, ...]
    call_limit: int | None
    player_limit: int | None
    backdate_days: int
    player_id: Callable[[Any], str | None]


class _Wrong(ValueError):
    """A value cannot be used; the text ends the sentence "PLAYLYFE_SERVER[…] should be …"."""


def _whole_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _Wrong(f"a whole number from 0 up, not {value!r}")
    return value


def _limit(value: Any) -> int | None:
    try:
        return None if value is None else _whole_number(value)
    except _Wrong:
        raise _Wrong(f"a whole number from 0 up or None for no limit, not {value!r}") from None


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"True or False, not {value!r}")
    return value


def _rate_limit_status(value: Any) -> int:
    if isinstance(value, bool) or value not in (429, 503):
        raise _Wrong(f"429 or 503, not {value!r}")
    return int(value)


def _origins(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(origin, str) for origin in value):
        raise _Wrong(f'a list of origins such as ["https://example.org"], not {value!r}')
    return tuple(value)


def _callable(value: Any) -> Callable[[Any], str | None]:
    if isinstance(value, str):
        try:
            value = import_string(value)
        except ImportError:
            raise _Wrong(f"a callable or the dotted path of one; {value!r} cannot be imported") from None
    if not callable(value):
        raise _Wrong(f"a callable or the dotted path of one, not {value!r}")
    return value  # type: ignore[no-any-return]  # what a site wrote has no types


def primary_key(user: Any) -> str:
    """The player id that ``django_playlyfe`` gives a user unless a site says otherwise."""
    return str(user.pk)


_KEYS: Mapping[str, tuple[Callable[[Any], Any], Any]] = {
    "TOKEN_LIFE": (_whole_number, 86_400),
    "RATE_LIMIT_STATUS": (_rate_limit_status, 429),
    "NOTIFICATION_STREAM": (_boolean, False),
    "SINGLE_USE_CODES": (_boolean, False),
    "CORS_ORIGINS": (_origins, ["*"]),
    "CALL_LIMIT": (_limit, None),
    "PLAYER_LIMIT": (_limit, None),
    "BACKDATE_DAYS": (_whole_number, 30),
    "PLAYER_ID": (_callable, primary_key),
}
"""Key -> how its value is read, and the default."""


def server_settings() -> ServerSettings:
    """The engine's settings.

    Raises:
        ConfigurationError: a key is unknown or its value is of the wrong kind; the text says what to write.
    """
    values, wrong = _read()
    if wrong:
        raise ConfigurationError(wrong[0])
    return ServerSettings(**values)


def secret_keys() -> list[str]:
    """The site's ``SECRET_KEY`` and the ones it had before."""
    return [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]


def problems() -> list[str]:
    """All that is wrong in ``settings.PLAYLYFE_SERVER``, one sentence each."""
    return _read()[1]


def _read() -> tuple[dict[str, Any], list[str]]:
    given = getattr(django_settings, "PLAYLYFE_SERVER", None)
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        return {}, [f"PLAYLYFE_SERVER should be a dictionary, not a {type(given).__name__}."]
    wrong = [f"PLAYLYFE_SERVER has the unknown key {key!r}{_nearest(key)}." for key in given if key not in _KEYS]
    values = {}
    for key, (read, default) in _KEYS.items():
        try:
            values[key.lower()] = read(given.get(key, default))
        except _Wrong as error:
            wrong.append(f"PLAYLYFE_SERVER[{key!r}] should be {error}.")
    return values, wrong


def _nearest(name: object) -> str:
    close = difflib.get_close_matches(str(name).upper(), _KEYS, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(_KEYS)}"
