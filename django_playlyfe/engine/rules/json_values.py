"""What counts as JSON that can be kept: site code may hand over anything, the log must hold it."""

from __future__ import annotations

import re
from math import isfinite

INTEGER_DIGITS = 300
"""Digits of an integer at most: what every JSON reader can take for a number."""

NESTING = 32
"""Arrays and objects inside each other at most."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL keeps neither NUL nor lone surrogates in JSON


def is_text(value: object) -> bool:
    """Whether ``value`` is text that every supported database can keep."""
    return isinstance(value, str) and _UNSTORABLE.search(value) is None


def is_integer(value: object) -> bool:
    """Whether ``value`` is an integer of bearable size; booleans are none."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**INTEGER_DIGITS


def is_json(value: object, nesting: int = NESTING) -> bool:
    """Whether ``value`` is JSON that can be kept, nested at most ``nesting`` deep."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, list):
        return nesting > 0 and all(is_json(member, nesting - 1) for member in value)
    if isinstance(value, dict):
        return nesting > 0 and all(is_text(key) and is_json(value[key], nesting - 1) for key in value)
    return is_text(value) or is_integer(value)


def shown(value: object) -> object:
    """``value`` for a report: itself if it is JSON, else the name of its type."""
    return value if is_json(value) else type(value).__name__
