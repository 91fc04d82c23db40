"""Bodies of answers: read to a limit, parsed strictly (``reliability.md`` §2.7).

The stock ways are not for strangers' bytes: ``response.content`` makes 300 MB of a 292 KB gzip body, ``json.loads``
accepts NaN and raises RecursionError or a bare ValueError on hostile input, and requests guesses another charset when
UTF-8 is damaged.
"""

from __future__ import annotations

import http.client
import json
import re
from typing import Any, Literal

from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

TOKEN_BYTES = 64 * 1024
JSON_BYTES = 2 * 1024 * 1024
FEED_BYTES = 8 * 1024 * 1024

PIECE = 64 * 1024

_DEEPEST = 100
"""Arrays and objects inside each other. Every reader of JSON gives up somewhere, PostgreSQL at a depth of its own."""
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""The escape of NUL, after an even number of backslashes."""

Trouble = Literal["", "truncated", "timeout", "too_large", "undecodable"]
"""Why a body could not be read whole; empty if it was."""


def read_body(raw: BaseHTTPResponse, limit: int) -> tuple[bytes, Trouble]:
    """Read a streamed body, at most ``limit`` bytes counted after decompression.

    The connection goes back to its pool only if the body was read to its end.

    Returns:
        What came, and what was wrong with it.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        piece, trouble = read_piece(raw)
        if trouble:
            return b"", trouble
        if not piece:
            return b"".join(pieces), ""
        size += len(piece)
        if size > limit:
            raw.close()
            return b"", "too_large"
        pieces.append(piece)


def read_piece(raw: BaseHTTPResponse) -> tuple[bytes, Trouble]:
    """The next piece of a streamed body, of :data:`PIECE` bytes unless it is the last; empty at the end."""
    try:
        return raw.read(PIECE, decode_content=True), ""
    except ReadTimeoutError:
        return b"", "timeout"
    except DecodeError:
        raw.close()
        return b"", "undecodable"
    except (HTTPError, OSError, http.client.HTTPException):
        return b"", "truncated"


class NotJSON(ValueError):
    """The bytes are no JSON text, or one that would harm its reader."""


def _refuse(constant: str) -> Any:
    raise NotJSON(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise NotJSON("The number is out of range")
    return number


def parse_json(body: bytes) -> Any:
    """A JSON text in strict UTF-8 as Python data; None if it is empty.

    NUL, which PostgreSQL stores nowhere, becomes the replacement character: a name with one in it is shown, and the
    play in whose answer it stands is settled.

    Raises:
        NotJSON: also for NaN and infinities, numbers of thousands of digits, nesting beyond 100, half characters.
    """
    try:
        text = body.decode("utf-8-sig")
        if not text.strip():
            return None
        if "\\u0000" in text:
            text = _NUL.sub(r"\1\\ufffd", text)
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:  # half of a surrogate pair: no database could store it
            json.dumps(value, ensure_ascii=False).encode()
        if text.count("[") + text.count("{") > _DEEPEST:
            _check_depth(value)
    except (ValueError, RecursionError):
        raise NotJSON("The body is not JSON") from None
    return value


def _check_depth(value: Any) -> None:
    """Level by level, not by recursion, which is what the limit protects."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    if any(isinstance(value, (dict, list)) for value in level):
        raise NotJSON("The nesting is too deep")
