"""Bodies of answers: read to a limit, parsed strictly (``reliability.md`` §2.7).

The stock ways are not for strangers' bytes: ``response.content`` makes 300 MB of a 292 KB gzip body, ``json.loads``
accepts NaN and raises RecursionError or a bare ValueError on hostile input, and requests guesses another charset when
UTF-8 is damaged.
"""

from __future__ import annotations

import http.client
import json
from typing import Any, Literal

from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

TOKEN_BYTES = 64 * 1024
JSON_BYTES = 2 * 1024 * 1024
FEED_BYTES = 8 * 1024 * 1024

PIECE = 64 * 1024

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

    Raises:
        NotJSON: also for NaN and infinities, numbers of thousands of digits, nesting beyond the stack, half characters.
    """
    try:
        text = body.decode("utf-8-sig")
        if not text.strip():
            return None
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:  # half of a surrogate pair: no database could store it
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise NotJSON("The body is not JSON") from None
    return value
