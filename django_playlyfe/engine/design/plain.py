"""The first look at a document from anywhere: is it plain JSON of a sane size?

Everything after this may walk it by recursion, print it, store it in any database and calculate with its numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from django_playlyfe.engine.design.integers import LARGEST
from django_playlyfe.engine.design.report import Findings, Path, Problem, pointer, shown

DEEPEST = 64
"""Levels of arrays and objects. A condition of 16 levels (``engine.md`` §5) inside nested processes needs about 45."""

MOST_VALUES = 200_000
"""Values in one document; a game of a thousand rules has about 30,000."""

_FAULTS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|(?P<surrogate>[\ud800-\udfff])")
"""All controls but tab and the ends of lines."""


def is_plain(document: object, findings: Findings) -> bool:
    """Report what is not plain JSON, without recursion.

    Returns:
        False if anything was reported: nothing else may look at the document then.
    """
    before = len(findings.problems)
    pending: list[tuple[Path, object]] = [((), document)]
    seen = 0
    while pending:
        path, value = pending.pop()
        seen += 1
        if seen > MOST_VALUES:
            _report(findings, (), "ARRAY_LENGTH_LONG", "the document", f"at most {MOST_VALUES} values", "is too large")
            break
        if isinstance(value, dict | list):
            if len(path) >= DEEPEST:
                _report(findings, path, "MAXIMUM", value, f"at most {DEEPEST} levels", "is nested too deeply")
            else:
                pending.extend(_children(path, value, findings))
        else:
            _check_scalar(path, value, findings)
    findings.held()
    return len(findings.problems) == before


def _children(path: Path, value: dict[Any, Any] | list[Any], findings: Findings) -> Iterator[tuple[Path, object]]:
    if isinstance(value, list):
        yield from ((((*path, index), entry)) for index, entry in enumerate(value))
        return
    for key, entry in value.items():
        if not isinstance(key, str):
            _report(findings, path, "INVALID_TYPE", key, "text as a key", "is no key of a JSON object")
            continue
        if (fault := _fault_of_text(key)) is not None:
            _report(findings, path, "INVALID_FORMAT", key, "a key of printable text", fault)
            continue
        yield (*path, key), entry


def _check_scalar(path: Path, value: object, findings: Findings) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if (fault := _fault_of_text(value)) is not None:
            _report(findings, path, "INVALID_FORMAT", value, "printable text", fault)
    elif isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            _report(findings, path, "INVALID_TYPE", value, 'a number, or the text "Infinity"', "is no JSON number")
        elif abs(value) > LARGEST:
            code = "MAXIMUM" if value > 0 else "MINIMUM"
            _report(findings, path, code, value, "a number within ±(2^63-1)", "is too large a number")
    else:
        _report(findings, path, "INVALID_TYPE", value, "JSON: text, number, boolean, array, object", "is no JSON value")


def _fault_of_text(text: str) -> str | None:
    """What a database or a terminal would stumble over: control characters and lone surrogates."""
    found = _FAULTS.search(text)
    if found is None:
        return None
    if found.lastgroup == "surrogate":
        return "contains half a surrogate pair; save the file as UTF-8"
    return "contains a control character; remove it"


def _report(findings: Findings, path: Path, code: str, found: object, expected: str, fault: str) -> None:
    harmless = _describe(found)
    problem = Problem(code, pointer(path), f"{harmless} {fault}", expected, found=harmless, validator="json")
    findings.problems.append((path, problem))


def _describe(value: object) -> str:
    """A hostile value in words; the report must stay plain JSON itself, and Python refuses to print a huge integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**30 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, str | float | list | dict):
        return shown(value).encode("ascii", "backslashreplace").decode("ascii")
    return f"a {type(value).__name__}"
