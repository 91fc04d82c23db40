"""Settings of the client side (``docs/design/interface.md`` §1): the only module that reads ``settings.PLAYLYFE``.

Settings are read when used, never at import, so ``override_settings`` works for each one. ``problems()`` finds all that
is wrong, for the system checks; reading a game's settings raises the first problem as a ConfigurationError, so that a
wrong setting is met even where no check runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_playlyfe.exceptions import ConfigurationError

DEFAULT_GAME = "default"
LONGEST_ALIAS = 100
ENGINE_APP = "django_playlyfe.engine"
ENGINE_BACKEND = "django_playlyfe.backends.engine.EngineBackend"
HTTP_BACKEND = "django_playlyfe.backends.http.HttpBackend"
OUR_BACKENDS = (ENGINE_BACKEND, HTTP_BACKEND)

UserFunction = Callable[[Any], Any]
"""What a site plugs in: one argument, the user."""

_LINES_TO_ADD = f"""Either add the embedded engine:

    INSTALLED_APPS = [..., "django_playlyfe", "{ENGINE_APP}"]

or name a backend:

    PLAYLYFE = {{"default": {{"BACKEND": "{ENGINE_BACKEND}"}}}}"""


@dataclass(frozen=True)
class GameSettings:
    """The settings of one game, resolved: defaults filled in, dotted paths replaced by what they name.

    Attributes:
        alias: the key in ``settings.PLAYLYFE``.
        backend: dotted path of the backend class.
        player_id: user -> player id; asked once per user, never again once linked.
        player_alias: user -> the name that other players see.
        player_filter: user -> whether this user takes part at all.
        player_email: user -> address sent to the game; None = none is ever sent.
        player_timezone: user -> IANA name of the zone whose days their streaks count, "" = the game's; None = all have
            the game's.
        create_players: whether saving a new user creates the player.
        on_user_delete: "forget" or "keep".
        browser_actions: action id -> ``{"variables": [names]}``: what the play view accepts.
        reader_player_id: whose eyes read shared boards for visitors without a player.
        cache: alias in ``settings.CACHES``.
        client_id, client_secret: credentials of a remote game.
        options: arguments of the backend class.
    """

    alias: str
    backend: str
    player_id: UserFunction
    player_alias: UserFunction
    player_filter: UserFunction
    player_email: UserFunction | None = None
    player_timezone: UserFunction | None = None
    create_players: bool = True
    on_user_delete: str = "forget"
    browser_actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reader_player_id: str | None = None
    cache: str = "default"
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in ``settings.PLAYLYFE``: ``identifier`` is that of its system check."""

    identifier: str
    message: str
    hint: str = ""

    def as_error(self) -> ConfigurationError:
        """The problem as the exception that reading the setting raises."""
        return ConfigurationError(f"{self.message} {self.hint}".strip())


# --- what a value may be ----------------------------------------------------------------------------------------------


class _Wrong(ValueError):
    """A value cannot be used; the text ends the sentence "PLAYLYFE[…][…] …", with or without its full stop."""


class _NotFound(_Wrong):
    """A dotted path leads nowhere."""


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        raise _Wrong(f"is the text {value!r}, which counts as true; write True or False (env.bool() reads it)")
    if not isinstance(value, bool):
        raise _Wrong(f"should be True or False, not {_kind(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"should be text, not {_kind(value)}")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _options(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Wrong(f"should be a dictionary, not {_kind(value)}")
    return dict(value)


def _cache_alias(value: Any) -> str:
    alias = _text(value)
    if alias not in django_settings.CACHES:
        raise _Wrong(f"names {alias!r}, which is not in CACHES{nearest(alias, django_settings.CACHES, '.')}")
    return alias


def _on_user_delete(value: Any) -> str:
    if value not in ("forget", "keep"):
        raise _Wrong('should be "forget" or "keep"')
    return str(value)


def _function(value: Any) -> UserFunction:
    found = _import(value) if isinstance(value, str) else value
    if not callable(found):
        raise _Wrong(f"should be a function of the user or a dotted path to one, not {_kind(found)}")
    return found  # type: ignore[no-any-return]  # what the site plugs in cannot be known more exactly


def _function_or_none(value: Any) -> UserFunction | None:
    return None if value is None else _function(value)


def _backend_path(value: Any) -> str:
    """A dotted path to a GameBackend; the class itself is imported by ``backends``, and by the checks."""
    path = _text(value)
    if "." not in path:
        raise _NotFound(f"should be the dotted path of a backend class, not {path!r}")
    return path


def _browser_actions(value: Any) -> Mapping[str, Mapping[str, Any]]:
    example = 'should look like {"buy_bookmark": {"variables": []}}'
    if not isinstance(value, Mapping):
        raise _Wrong(f"{example}, not {_kind(value)}")
    actions = {}
    for action, given in value.items():
        if not isinstance(action, str) or not isinstance(given, Mapping):
            raise _Wrong(f"{example}; {action!r} does not")
        unknown = set(given) - {"variables"}
        if unknown:
            raise _Wrong(f"has the unknown key {min(map(str, unknown))!r} under {action!r}; only 'variables' is known")
        variables = given.get("variables", ())
        if not isinstance(variables, (list, tuple)) or not all(isinstance(name, str) for name in variables):
            raise _Wrong(f"should list the names of variables under {action!r}")
        actions[action] = {"variables": list(variables)}
    return actions


def _import(path: str) -> Any:
    try:
        return import_string(path)
    except ImportError as error:
        raise _NotFound(f"cannot be imported: {error}") from None


def _kind(value: Any) -> str:
    """What a value is, without showing it: it may be a secret."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def nearest(name: object, known: Iterable[str], otherwise: str = "") -> str:
    """``"; did you mean 'X'?"`` with the known name that looks most like ``name``, else ``otherwise``."""
    by_upper = {candidate.upper(): candidate for candidate in known}
    close = difflib.get_close_matches(str(name).upper(), by_upper, n=1)
    return f"; did you mean {by_upper[close[0]]!r}?" if close else otherwise


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends like a sentence."""
    return text if text.endswith((".", "?")) else f"{text}."


_KEYS: Mapping[str, tuple[Callable[[Any], Any], Any]] = {
    "BACKEND": (_backend_path, None),
    "PLAYER_ID": (_function, "django_playlyfe.players.player_id"),
    "PLAYER_ALIAS": (_function, "django_playlyfe.players.player_alias"),
    "PLAYER_FILTER": (_function, "django_playlyfe.players.is_player"),
    "PLAYER_EMAIL": (_function_or_none, None),
    "PLAYER_TIMEZONE": (_function_or_none, None),
    "CREATE_PLAYERS": (_boolean, True),
    "ON_USER_DELETE": (_on_user_delete, "forget"),
    "BROWSER_ACTIONS": (_browser_actions, {}),
    "READER_PLAYER_ID": (_text_or_none, None),
    "CACHE": (_cache_alias, "default"),
    "CLIENT_ID": (_text, ""),
    "CLIENT_SECRET": (_text, ""),
    "OPTIONS": (_options, {}),
}
"""Key -> how its value is read, and the default. The one table of ``interface.md`` §1."""


# --- reading ----------------------------------------------------------------------------------------------------------


def games() -> Mapping[str, GameSettings]:
    """All games of the site by alias, ``"default"`` among them.

    Raises:
        ConfigurationError: something in ``settings.PLAYLYFE`` is wrong; the text says what to write.
    """
    read, wrong = _read()
    if wrong:
        raise wrong[0].as_error()
    return read


def game_settings(alias: str = DEFAULT_GAME) -> GameSettings:
    """The settings of one game. Raises ConfigurationError if there is none of this alias."""
    known = games()
    if alias not in known:
        raise ConfigurationError(f"PLAYLYFE has no game {alias!r}{nearest(alias, known)}")
    return known[alias]


def as_given() -> Mapping[str, Mapping[str, Any]]:
    """``settings.PLAYLYFE`` as the site has written it; empty where it has written none."""
    return dict(getattr(django_settings, "PLAYLYFE", None) or {})


def site_language() -> str:
    """The language of texts that are stored, not shown: that of the site, whoever is looking."""
    return django_settings.LANGUAGE_CODE


def signing_keys() -> tuple[str, list[str]]:
    """``SECRET_KEY``, with which what is kept in the cache is sealed, and the earlier ones that still open it."""
    return django_settings.SECRET_KEY, [str(key) for key in django_settings.SECRET_KEY_FALLBACKS]


def is_debug() -> bool:
    """Whether this is a developer's site."""
    return bool(django_settings.DEBUG)


def problems() -> list[Problem]:
    """All that is wrong in ``settings.PLAYLYFE``, in order of appearance."""
    return list(_read()[1])


@cache
def _read() -> tuple[Mapping[str, GameSettings], tuple[Problem, ...]]:
    given = getattr(django_settings, "PLAYLYFE", None)
    if given is None:
        given = {DEFAULT_GAME: {}}
    if not isinstance(given, Mapping):
        return {}, (Problem("E001", f"PLAYLYFE should be a dictionary of games, not {_kind(given)}.", _LINES_TO_ADD),)
    if DEFAULT_GAME not in given:
        hint = 'Write PLAYLYFE = {"default": {…}}.'
        return {}, (Problem("E001", 'PLAYLYFE has no game "default".', hint),)
    read: dict[str, GameSettings] = {}
    wrong: list[Problem] = []
    for alias, entry in given.items():
        values, found = _read_game(alias, entry)
        wrong += found
        if not found:
            read[alias] = GameSettings(alias=alias, **values)
    return read, tuple(wrong)


def _read_game(alias: Any, entry: Any) -> tuple[dict[str, Any], list[Problem]]:
    """Values by attribute name, and what is wrong with them."""
    where = f"PLAYLYFE[{alias!r}]"
    if not isinstance(alias, str) or not 0 < len(alias) <= LONGEST_ALIAS or "/" in alias:
        return {}, [Problem("E001", f"{where}: a game's name is text of 1 to {LONGEST_ALIAS} characters without '/'.")]
    if not isinstance(entry, Mapping):
        return {}, [Problem("E001", f"{where} should be a dictionary, not {_kind(entry)}.")]
    wrong = [
        Problem(
            "E002",
            f"{where} has the unknown key {key!r}{nearest(key, _KEYS, '.')}",
            f"Known: {', '.join(_KEYS)}. What a backend alone knows, such as AUTH_URL, goes into its OPTIONS.",
        )
        for key in entry
        if key not in _KEYS
    ]
    values: dict[str, Any] = {}
    for key, (read, default) in _KEYS.items():
        if key == "BACKEND" and key not in entry:
            if not apps.is_installed(ENGINE_APP):
                wrong.append(Problem("E005", f"{where} names no BACKEND.", _LINES_TO_ADD))
            values["backend"] = ENGINE_BACKEND
            continue
        try:
            values[key.lower()] = read(entry.get(key, default))
        except _Wrong as error:
            identifier = "E004" if isinstance(error, _NotFound) else "E003"
            wrong.append(Problem(identifier, sentence(f"{where}[{key!r}] {error}")))
    return values, wrong


def _forget_settings(*, setting: str, **_kwargs: Any) -> None:
    """Receiver of ``setting_changed``: the next reader reads anew."""
    if setting in ("PLAYLYFE", "INSTALLED_APPS", "CACHES"):
        _read.cache_clear()


setting_changed.connect(_forget_settings, dispatch_uid="django_playlyfe.conf")
