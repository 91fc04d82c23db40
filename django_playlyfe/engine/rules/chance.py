"""Probability rolls of one call (``engine.md`` §8.3)."""

from __future__ import annotations

from django_playlyfe.engine.rules.state import Dice


class Chance:
    """Rolls injected dice and keeps what came up. ``rolls``: key -> number, in order."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.rolls: dict[str, float] = {}

    def succeeds(self, key: str, probability: float) -> bool:
        """Roll once under ``key``; a certain thing is not rolled for."""
        if probability >= 1:
            return True
        self.rolls[key] = self._dice(key)
        return self.rolls[key] < probability
