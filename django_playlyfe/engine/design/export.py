"""Writing a design file that people read: short objects stay on one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_WIDTH = 110


def export(document: Mapping[str, Any]) -> str:
    """A document as the text of a design file.

    Args:
        document: as loaded, or canonical. Nothing is added or left out, keys keep their order.

    Returns:
        JSON, two blanks of indentation, names unescaped, with a final line end. ``load.parse`` reads it back equal.
    """
    return f"{_write(document, 0, _WIDTH)}\n"


def _write(value: Any, indent: int, room: int) -> str:
    """``room``: columns left for the value on its first line."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not value or not isinstance(value, dict | list) or (indent > 2 and len(line) <= room):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        heads = [f"{json.dumps(key, ensure_ascii=False)}: " for key in value]
        entries = list(value.values())
        opening, closing = "{", "}"
    else:
        heads, entries = [""] * len(value), value
        opening, closing = "[", "]"
    lines = [
        f"{inner}{head}{_write(entry, indent + 2, _WIDTH - indent - 2 - len(head))}"
        for head, entry in zip(heads, entries, strict=True)
    ]
    body = ",\n".join(lines)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"
