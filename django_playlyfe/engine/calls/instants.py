"""Instants as they are sent to a server (``http-api.md`` §4.3)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django.utils.dateparse import parse_datetime

from django_playlyfe.engine.refusals import invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UNIX = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].+)?", re.ASCII)
_MILLISECONDS_FROM = 10**11
"""A Unix number above this counts milliseconds: as seconds it would lie in the year 5138."""


def read_instant(value: object, path: str) -> datetime:
    """An instant in UTC.

    Args:
        value: a Unix number in seconds or milliseconds, also as text; an ISO timestamp, in UTC if it names no zone;
            or a plain date, meaning midnight UTC.
        path: where it was sent, for the report.

    Raises:
        InvalidRequest: anything else.
    """
    text = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    try:
        if _UNIX.fullmatch(text):
            return _from_unix(Decimal(text))
        moment = (
            parse_datetime(text if "T" in text or " " in text else f"{text}T00:00") if _ISO.fullmatch(text) else None
        )
        if moment is not None:
            return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        pass  # the 30th of February; or a year that UTC does not have
    raise invalid(path, "should be an ISO timestamp, a date or a Unix time", found=value)


def _from_unix(number: Decimal) -> datetime:
    seconds = number / 1000 if number > _MILLISECONDS_FROM else number
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
