"""Query parameters: text that means numbers, booleans, choices and instants (``http-api.md`` §4.4, §4.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from django.http import QueryDict

from django_playlyfe.engine.calls.instants import read_instant
from django_playlyfe.engine.refusals import invalid

_INTEGER = re.compile(r"-?\d{1,30}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ENOUGH = 2**53
"""Numbers beyond it mean "all" or "beyond the end", and databases want them smaller."""
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """The query of a call. Of a parameter that is sent twice, as the Go library does, the first value counts."""

    def __init__(self, parameters: QueryDict) -> None:
        self._values = {name: values[0] for name, values in parameters.lists() if values}

    def as_data(self) -> dict[str, str]:
        """All of it, for the report of what was wrong."""
        return dict(self._values)

    def text(self, name: str) -> str | None:
        """A parameter as it is; None if it is missing or empty."""
        return self._values.get(name) or None

    def integer(self, name: str, default: int, *, least: int = 0) -> int:
        """A whole number from ``least`` up. Raises InvalidRequest."""
        if name not in self._values:
            return default
        return read_integer(self._values[name], f"/{name}", least=least)

    def boolean(self, name: str) -> bool:
        """``true`` or ``false``, which is the default. Raises InvalidRequest."""
        value = _BOOLEANS.get(self._values.get(name, "false").lower())
        if value is None:
            raise invalid(f"/{name}", "should be true or false", code="INVALID_TYPE", found=self._values[name])
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of ``choices``, of which the first is the default. Raises InvalidRequest."""
        value = self._values.get(name, choices[0])
        if value not in choices:
            raise invalid(f"/{name}", f"should be one of {', '.join(choices)}", code="ENUM_MISMATCH", found=value)
        return value

    def required(self, name: str) -> str:
        """A parameter that must be there. Raises InvalidRequest."""
        value = self.text(name)
        if value is None:
            raise invalid(f"/{name}", f"{name} is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
        return value

    def instant(self, name: str) -> datetime | None:
        """An instant; None if it is missing. Raises InvalidRequest."""
        return read_instant(self._values[name], f"/{name}") if name in self._values else None

    def day(self, name: str) -> date | None:
        """A calendar day, or an instant, which is a datetime; None if it is missing. Raises InvalidRequest."""
        text = self.text(name)
        if text is None:
            return None
        moment = read_instant(text, f"/{name}")
        return moment.date() if _DAY.fullmatch(text) else moment


def read_integer(value: object, path: str, *, least: int) -> int:
    """A whole number, as such or as text, from ``least`` up. Raises InvalidRequest."""
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value)
    if number is None:
        raise invalid(path, "should be a whole number", code="INVALID_TYPE", found=value)
    if number < least:
        raise invalid(path, f"should be {least} or more", code="MINIMUM", found=value)
    return min(number, _ENOUGH)
