"""The one text of a JSON value, so that equal values have equal hashes on every database."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """Sorted keys, no blanks. Databases may reorder the keys of stored JSON, so nothing may depend on their order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(value: Any) -> str:
    """Hex digest of the canonical text."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
