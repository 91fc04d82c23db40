"""The shape of what callers hand in, checked before anything is read or locked (``http-api.md`` §4.6, step 5).

What only a design can judge (is there such an action, such a variable) is left to the rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from django_playlyfe import instants
from django_playlyfe.engine import conf
from django_playlyfe.engine.models import ALIAS_LENGTH, ID_LENGTH, KEY_LENGTH, SCOPE_LENGTH
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.wire import make_error, write_instant

_MOST_AT_ONCE = 2**31 - 1
"""Largest ``count`` of one play: sums of counts stay within a BIGINT column."""
_LONGEST_ZONE = 64
LONGEST_REASON = 500
"""Characters of what an administrator says about a change."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DESIGN_ID = re.compile(rf"[a-zA-Z_][a-zA-Z0-9_]{{0,{ID_LENGTH - 1}}}")


@dataclass(frozen=True)
class PlayRequest:
    """A play as asked for, of the right shape."""

    action: str
    variables: Mapping[str, Any]
    count: int
    scopes: tuple[Mapping[str, str], ...]
    idempotency_key: str | None
    at: datetime | None

    def as_data(self) -> dict[str, Any]:
        """The ``inputs`` of the log: what an idempotency key stands for, and what is judged again after an undo."""
        return {
            "variables": dict(self.variables),
            "count": self.count,
            "scopes": list(self.scopes),
            "at": None if self.at is None else write_instant(self.at),
        }


def read_play(
    action: object, variables: object, count: object, scopes: object, idempotency_key: object, at: object
) -> PlayRequest:
    """Check the arguments of a play.

    Raises:
        ActionNotFound: ``action`` cannot be the id of any action.
        InvalidRequest: an argument has the wrong shape; the report names it.
    """
    if not isinstance(action, str) or not _DESIGN_ID.fullmatch(action):
        raise make_error("action_not_found", f"The action {str(action)[:ID_LENGTH]!r} does not exist")
    return PlayRequest(
        action=action,
        variables=read_variables(variables),
        count=read_count(count),
        scopes=read_scopes(scopes),
        idempotency_key=None if idempotency_key is None else read_key(idempotency_key),
        at=None if at is None else read_past_instant(at, "/played_at"),
    )


def read_key(key: object) -> str:
    """An idempotency key: 1 to 200 printable characters (``interface.md`` §3.4)."""
    if not isinstance(key, str) or not 1 <= len(key) <= KEY_LENGTH or not is_printable(key):
        raise invalid("/idempotency_key", f"should be text of 1 to {KEY_LENGTH} printable characters", found=key)
    return key


def read_reason(reason: object) -> dict[str, str]:
    """Why an administrator does something, as a part of the call's inputs; nothing for "". At most 500 characters."""
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        raise invalid("/reason", f"should be text of at most {LONGEST_REASON} characters", code="MAX_LENGTH")
    return {"reason": reason} if reason else {}


def read_past_instant(at: object, path: str) -> datetime:
    """An instant from 1970 to now, in UTC, cut to whole milliseconds."""
    if not isinstance(at, datetime) or at.utcoffset() is None:
        raise invalid(path, "should be a datetime with a time zone", code="INVALID_TYPE")
    if at > instants.now():
        raise invalid(path, "should not lie in the future", code="MAXIMUM", found=at.isoformat())
    if at < _EARLIEST:
        raise invalid(path, "should not lie before 1970", code="MINIMUM", found=at.isoformat())
    return in_milliseconds(at)


def check_age(played_at: datetime) -> None:
    """Refuse a play that happened more than ``BACKDATE_DAYS`` ago. Raises InvalidRequest."""
    days = conf.server_settings().backdate_days
    if played_at < instants.now() - timedelta(days=days, milliseconds=1):
        raise invalid(
            "/played_at", f"should be at most {days} days ago", code="MINIMUM", found=write_instant(played_at)
        )


def in_milliseconds(at: datetime) -> datetime:
    """The instant in UTC without what a timestamp on the wire cannot hold."""
    at = at.astimezone(timezone.utc)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def read_alias(alias: object, *, default: str) -> str:
    """The name that others see, verbatim; ``default`` if it is None or empty. Names are free text without control
    characters: whoever shows one escapes it."""
    if alias is None or alias == "":
        return default
    if not isinstance(alias, str) or len(alias) > ALIAS_LENGTH or not is_printable(alias):
        raise invalid(
            "/alias", f"should be text of at most {ALIAS_LENGTH} characters without control characters", found=alias
        )
    return alias


def read_email(email: object) -> str:
    """An e-mail address; "" for None or empty."""
    if email is None or email == "":
        return ""
    try:
        validate_email(str(email))
    except ValidationError:
        raise invalid("/email", "should be an e-mail address") from None
    return str(email)


def read_timezone(zone: object) -> str:
    """The IANA name of a time zone; "" = the game's."""
    wrong = invalid("/timezone", "should be an IANA time zone name such as 'Europe/Lisbon'", found=zone)
    if zone == "":
        return ""
    if not isinstance(zone, str) or len(zone) > _LONGEST_ZONE:
        raise wrong
    try:
        return ZoneInfo(zone).key
    except (ValueError, KeyError, OSError):  # no such file, a folder, a path that leaves the database
        raise wrong from None


def read_boolean(value: object, path: str) -> bool:
    """True or False, and nothing that merely counts as one: the text "false" would be true."""
    if not isinstance(value, bool):
        raise invalid(path, "should be true or false", code="INVALID_TYPE", found=value)
    return value


def read_count(count: object) -> int:
    """The weight of a play, 1 to 2^31 - 1."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise invalid("/count", "should be a positive integer", code="MINIMUM", found=count)
    if count > _MOST_AT_ONCE:
        raise invalid("/count", f"should be at most {_MOST_AT_ONCE}", code="MAXIMUM")
    return count


def read_scopes(scopes: object) -> tuple[Mapping[str, str], ...]:
    """The custom scopes that a play credits: id and entity of each."""
    wanted = 'should be an array of {"id": …, "entity_id": …}, both text'
    if not isinstance(scopes, Sequence) or isinstance(scopes, str):
        raise invalid("/scopes", wanted, code="INVALID_TYPE", found=scopes)
    return tuple(_scope(scope, f"/scopes/{position}") for position, scope in enumerate(scopes))


def _scope(scope: object, path: str) -> Mapping[str, str]:
    read = {}
    for key in ("id", "entity_id"):
        value = scope.get(key) if isinstance(scope, Mapping) else None
        if not isinstance(value, str) or not value or not is_printable(value):
            raise invalid(path, 'should be {"id": …, "entity_id": …}, both text', code="INVALID_TYPE")
        read[key] = value
    if len(read["id"]) > SCOPE_LENGTH:
        raise invalid(f"{path}/id", f"should have at most {SCOPE_LENGTH} characters", code="MAX_LENGTH")
    return read


def read_variables(variables: object) -> Mapping[str, Any]:
    """Only their container: the rules check the values, and know which are declared."""
    if variables is None:
        return {}
    if not isinstance(variables, Mapping):
        raise invalid("/variables", "should be an object of names and values", code="INVALID_TYPE", found=variables)
    return dict(variables)


def is_printable(text: str) -> bool:
    """Whether a text has no control characters, which no database need store, nor half a surrogate pair."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
