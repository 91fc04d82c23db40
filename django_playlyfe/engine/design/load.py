"""Reading design files, from the disk or from the package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Problem, Report, shown
from django_playlyfe.engine.exceptions import DesignInvalid

__all__ = ["STARTER", "normalise", "parse", "read"]

STARTER = "starter"
"""The name of the game that ships with the package, in place of a path."""

LARGEST_FILE = 10_000_000
"""Bytes; a game of a thousand rules is about one million long."""

_STARTER_FILE = Path(__file__).resolve().parent.parent / "starter.json"


def read(source: Path | str) -> dict[str, Any]:
    """Read a design file.

    Args:
        source: the path of a JSON file in UTF-8, or ``"starter"`` for the game of the package.

    Returns:
        The document as it stands in the file, not yet checked.

    Raises:
        DesignInvalid: the file cannot be read or holds no JSON object; its report says where.
    """
    path = _STARTER_FILE if source == STARTER else Path(source)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or "this is no path of a file"
        raise _unreadable(f"Cannot read {str(source)!r}: {reason}", "a file that can be read") from error
    return parse(content)


def parse(content: bytes | str) -> dict[str, Any]:
    """Read the content of a design file; the same answer and errors as :func:`read`."""
    if len(content) > LARGEST_FILE:
        raise _unreadable("The design file is too large", f"at most {LARGEST_FILE} bytes", "MAXIMUM")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        message = f"The design file is not UTF-8: byte {error.start} is wrong. Save it as UTF-8"
        raise _unreadable(message, "text in UTF-8") from error
    try:
        document = json.loads(text, object_pairs_hook=_object_without_repeats, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"The design file is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise _unreadable(message, "a JSON object") from error
    except RecursionError as error:
        raise _unreadable("The design file is nested too deeply", "at most 64 levels", "MAXIMUM") from error
    except ValueError as error:  # an integer of thousands of digits
        raise _unreadable("A number in the design file is too long", "numbers within ±(2^63-1)", "MAXIMUM") from error
    if not isinstance(document, dict):
        raise _unreadable(f"The design file holds {shown(document)}", "a JSON object", "INVALID_TYPE")
    return document


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON leaves open what a repeated key means, so the author would not know which one counts."""
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _unreadable(
                f"The key {shown(key)} appears twice in one object: remove one", "different keys", "ARRAY_UNIQUE"
            )
        content[key] = value
    return content


def _refuse_constant(name: str) -> Callable[[], None]:
    raise _unreadable(f'{name} is no JSON: write it as text, "{name}", where the key allows it', "JSON", "INVALID_TYPE")


def _unreadable(message: str, expected: str, code: str = "INVALID_FORMAT") -> DesignInvalid:
    return DesignInvalid(message, report=Report((Problem(code, "", message, expected, validator="json"),)))
