"""Conditions for monitoring: ``--fail-if oldest>300,uncertain>0,dead>0,paused`` (``reliability.md`` §3.10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django_playlyfe.conf import nearest

_FACTS: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "oldest": lambda queue: queue["oldest_seconds"] or 0,
    "overdue": lambda queue: queue["overdue_seconds"],
    "uncertain": lambda queue: queue["rows"]["uncertain"],
    "dead": lambda queue: queue["rows"]["dead"],
    "pending": lambda queue: queue["rows"]["pending"],
    "blocked": lambda queue: queue["blocked_players"],
    "paused": lambda queue: len(queue["paused"]),
}
_CONDITION = re.compile(r"\s*([a-z]+)\s*(?:>\s*(\d+)\s*)?")


@dataclass(frozen=True)
class Condition:
    """That a fact about the queue is above a limit."""

    fact: str
    limit: int

    def value(self, queue: Mapping[str, Any]) -> int:
        """The fact, of the dictionary that ``services.queue_facts`` gives."""
        return _FACTS[self.fact](queue)

    def holds(self, queue: Mapping[str, Any]) -> bool:
        """Whether monitoring should raise an alarm."""
        return self.value(queue) > self.limit


def parse(text: str) -> list[Condition]:
    """Conditions as they are typed; a fact without a limit must be 0.

    Raises:
        ValueError: a condition cannot be read; the text says which, and what is known.
    """
    conditions = []
    for part in text.split(","):
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise ValueError(f"{part.strip()!r} is no condition; write something like oldest>300, or paused.")
        fact, limit = match.groups()
        if fact not in _FACTS:
            raise ValueError(
                f"Nothing is known by the name {fact!r}{nearest(fact, _FACTS)}; known: {', '.join(_FACTS)}."
            )
        conditions.append(Condition(fact, int(limit or 0)))
    return conditions
