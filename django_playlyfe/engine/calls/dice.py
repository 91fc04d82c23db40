"""The engine's dice: random for players, replayable for auditors (``engine-internals.md`` §1)."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django_playlyfe.engine.rules.state import Dice


@dataclass(frozen=True)
class KeyedDice:
    """Dice of one call: HMAC-SHA256, under the game's secret, of the id of its first event and the roll's key."""

    secret: str = field(repr=False)
    seed: uuid.UUID

    def __call__(self, key: str) -> float:
        """A number in [0, 1)."""
        digest = hmac.digest(self.secret.encode(), f"{self.seed}:{key}".encode(), hashlib.sha256)
        # A float holds 53 bits exactly; more would round up to 1.0 now and then.
        return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)


@dataclass(frozen=True)
class RecordedDice:
    """Dice that repeat the rolls of the log; one that was never made comes from ``otherwise``."""

    rolls: Mapping[str, float]
    otherwise: Dice

    def __call__(self, key: str) -> float:
        """A number in [0, 1)."""
        return self.rolls[key] if key in self.rolls else self.otherwise(key)
