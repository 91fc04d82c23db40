"""``OPTIONS`` of a remote game, read and checked (the table at the head of ``reliability.md``)."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from django_playlyfe import conf
from django_playlyfe.backends.base import DeliveryPolicy
from django_playlyfe.client.addresses import check_base_url
from django_playlyfe.client.limits import CONNECT, HARD_LIMIT, READ
from django_playlyfe.exceptions import ConfigurationError

LINES_TO_ADD = """Write, with what the server gave you when the client was made:

    PLAYLYFE = {{
        {alias!r}: {{
            "BACKEND": "django_playlyfe.backends.http.HttpBackend",
            "CLIENT_ID": env("PLAYLYFE_CLIENT_ID"),
            "CLIENT_SECRET": env("PLAYLYFE_CLIENT_SECRET"),
            "OPTIONS": {{
                "AUTH_URL": "https://<host>/auth/token",
                "API_URL": "https://api.<host>/v2",
            }},
        }},
    }}"""


_OF_A_PROXY = re.compile(r"(https?|all)(://[^/]+)?|no")
"""Keys of ``PROXIES``, as requests reads them: a scheme, or a scheme and a host."""


@dataclass(frozen=True)
class HttpOptions:
    """The options of one remote game; the attributes are the keys of ``OPTIONS`` in lower case."""

    auth_url: str = ""
    api_url: str = ""
    allow_insecure_http: bool = False
    ca_bundle: str | Literal[False] | None = None
    proxies: Mapping[str, str] | None = field(default=None, repr=False)
    token_in: Literal["header", "query"] = "header"  # noqa: S105 - the place of a token, not a token
    token_encryption: bool = False
    timeout: tuple[float, float] = (CONNECT, READ)
    hard_limit: float = HARD_LIMIT
    page_budget: float = 0.8
    send_budget: float = 2.0
    delivery: str = "thread"
    delivery_rate: float = 20
    uncertain: Mapping[str, str] = field(default_factory=lambda: {"*": "hold"})

    @property
    def policy(self) -> DeliveryPolicy:
        """What of them is about sending."""
        return DeliveryPolicy(
            self.delivery, self.delivery_rate, self.send_budget, self.hard_limit, {"*": "hold", **self.uncertain}
        )


_BLANK = "begins or ends with a blank or a line break; a file or a shell has put it there"


class _Wrong(ValueError):
    """A value cannot be used; the text ends the sentence "PLAYLYFE[…]['OPTIONS'][…] …"."""


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("should be True or False (env.bool() reads it)")
    return value


def _encryption(value: Any) -> bool:
    if _boolean(value) and importlib.util.find_spec("cryptography") is None:
        raise _Wrong('needs the extra "crypto": pip install "django-playlyfe[crypto]"')
    return bool(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise _Wrong("should be a positive number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("should be text")
    if value != value.strip():
        raise _Wrong(_BLANK)
    return value


def _timeout(value: Any) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise _Wrong("should be two numbers of seconds: to connect, and between two pieces of an answer")
    return _seconds(value[0]), _seconds(value[1])


def _one_of(*choices: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in choices:
            raise _Wrong(f"should be one of {', '.join(map(repr, choices))}")
        return value

    return read


def _ca_bundle(value: Any) -> str | Literal[False] | None:
    if value is False and not conf.is_debug():
        raise _Wrong("may be False only while DEBUG is on; write the path of your CA's file")
    if value is None or value is False:
        return value
    if not isinstance(value, (str, Path)):
        raise _Wrong("should be the path of a file")
    if not Path(value).exists():
        raise _Wrong(f"names {str(value)!r}, and there is no such file")
    return str(value)


def _proxies(value: Any) -> Mapping[str, str] | None:
    if value is None:
        return None
    is_of_texts = isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair)
    if not is_of_texts or not all(_OF_A_PROXY.fullmatch(scheme) for scheme in value):  # others would be passed over
        raise _Wrong('should look like {"https": "http://proxy:3128"}')
    return dict(value)


def _uncertain(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not set(value.values()) <= {"hold", "resend"}:
        raise _Wrong('should give "hold" or "resend" per action, like {"*": "hold", "wave": "resend"}')
    return dict(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "AUTH_URL": _text,
    "API_URL": _text,
    "ALLOW_INSECURE_HTTP": _boolean,
    "CA_BUNDLE": _ca_bundle,
    "PROXIES": _proxies,
    "TOKEN_IN": _one_of("header", "query"),
    "TOKEN_ENCRYPTION": _encryption,
    "TIMEOUT": _timeout,
    "HARD_LIMIT": _seconds,
    "PAGE_BUDGET": _seconds,
    "SEND_BUDGET": _seconds,
    "DELIVERY": _one_of("thread", "worker"),
    "DELIVERY_RATE": _seconds,
    "UNCERTAIN": _uncertain,
}


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong with the settings of a remote game."""

    message: str
    hint: str | None = None


def read_options(settings: conf.GameSettings) -> HttpOptions:
    """The options. Raises ConfigurationError for the first thing that is wrong with them."""
    options, wrong = _read(settings)
    if wrong:
        raise ConfigurationError(f"{wrong[0].message} {wrong[0].hint or ''}".strip())
    return options


def find_wrong(settings: conf.GameSettings) -> list[Wrong]:
    """All that is wrong with the settings of a remote game."""
    return _read(settings)[1]


def _read(settings: conf.GameSettings) -> tuple[HttpOptions, list[Wrong]]:
    where = f"PLAYLYFE[{settings.alias!r}]"
    given = settings.options
    wrong = _missing(settings, where)
    wrong += [
        Wrong(
            f"{where}['OPTIONS'] has the unknown key {key!r}{conf.nearest(key, _READERS, '.')}",
            f"Known: {', '.join(_READERS)}.",
        )
        for key in given
        if key not in _READERS
    ]
    values = {}
    for key in _READERS.keys() & given.keys():
        try:
            values[key.lower()] = _READERS[key](given[key])
        except _Wrong as error:
            if given[key] is not None or key not in ("AUTH_URL", "API_URL"):  # said to be lacking already
                wrong.append(Wrong(conf.sentence(f"{where}['OPTIONS'][{key!r}] {error}")))
    for key in ("AUTH_URL", "API_URL"):
        if values.get(key.lower()):
            wrong += _insecure(where, key, values)
    if (
        str(values.get("api_url", "")).rstrip("/").endswith("/token")
    ):  # no API lives there, and the secret would go wrong
        wrong.append(
            Wrong(
                f"{where}['OPTIONS']['API_URL'] is where tokens come from: are AUTH_URL and API_URL swapped?",
                "AUTH_URL ends like /auth/token, API_URL with the API's version, like /v2.",
            )
        )
    return HttpOptions(**values), wrong


def _missing(settings: conf.GameSettings, where: str) -> list[Wrong]:
    """What nobody can do without. Hosts have no default: the old public names may belong to anyone now."""
    needed: dict[str, Any] = {
        "CLIENT_ID": settings.client_id,
        "CLIENT_SECRET": settings.client_secret,
        "AUTH_URL": settings.options.get("AUTH_URL"),
        "API_URL": settings.options.get("API_URL"),
    }
    wrong = [
        Wrong(f"{where}[{name!r}] {_BLANK}.")
        for name in ("CLIENT_ID", "CLIENT_SECRET")
        if needed[name] != needed[name].strip()
    ]
    missing = [name for name, value in needed.items() if not value]
    if missing:
        hint = LINES_TO_ADD.format(alias=settings.alias)
        wrong.append(Wrong(f"{where} is a remote game and lacks {', '.join(missing)}.", hint))
    return wrong


def _insecure(where: str, key: str, values: Mapping[str, Any]) -> list[Wrong]:
    try:
        check_base_url(key, values[key.lower()], allow_insecure=values.get("allow_insecure_http", False))
    except ConfigurationError as error:
        return [Wrong(f"{where}['OPTIONS']: {error}.")]
    return []
