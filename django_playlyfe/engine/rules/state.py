"""What the rules know of one player, and what they answer. Plain data, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

Usage = dict[str, Any]
"""What a rate limit remembers of one action, JSON-able. FIXED ``{"start": ms, "used": n}``, ROLLING
``{"plays": [[ms, n], …]}`` oldest first, LEAKY ``{"level": "fraction text", "at": ms}``; ms = Unix milliseconds."""


Guard = tuple[str, str]
"""What has paid, by its name in the plan, and the SHA-256 of what it paid for, "" if it pays for a player."""

Guards = dict[Guard, int]
"""Of a once-only rule 1 when it has paid, of a reward that pays what is better the best so far."""

GuardWrite = tuple[str, str, int | None, int]
"""A guard before and after a call: name, thing, None = not there yet."""


@dataclass(slots=True)
class PlayerState:
    """All the rules may read and write of one player.

    A key that is missing means that the player has no stored score, which is not the same as 0.

    Attributes:
        points: point metric id -> value.
        items: set metric id -> item id -> count; a count of 0 means held once and lost.
        states: state metric id -> state id.
        compounds: compound metric id -> value.
        counts: action id -> how often played.
        usage: action id -> what its rate limit remembers.
        days: action id -> on which days it was played (``rules.streaks``).
        teams: (team definition id, role) pairs the player holds; empty until teams exist.
        guards: the once-only rules and best attempts that have paid, those at least that the call may ask for.
        zone: IANA name of the player's own time zone, "" = the game's.
        today: the day on the player's calendar where it is known, of a call that the log has; None = by the zone.
    """

    points: dict[str, int] = field(default_factory=dict)
    items: dict[str, dict[str, int]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    compounds: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)
    teams: frozenset[tuple[str, str]] = frozenset()
    guards: Guards = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    today: date | None = None

    def copy(self) -> PlayerState:
        """A copy that shares nothing mutable (usage records are replaced, never changed in place)."""
        return PlayerState(
            dict(self.points),
            {metric: dict(held) for metric, held in self.items.items()},
            dict(self.states),
            dict(self.compounds),
            dict(self.counts),
            dict(self.usage),
            self.teams,
            dict(self.guards),
            dict(self.days),
            self.zone,
            self.today,
        )


@dataclass(frozen=True, slots=True)
class Write:
    """A stored score before and after a call: ``item`` is "" except for sets; None = no stored score."""

    metric: str
    item: str
    before: int | str | None
    after: int | str | None


class Dice(Protocol):
    """Chance, injected. ``key`` names the roll inside the call, the same in every judging of that call:
    ``"action"``, ``"<rule index>.<reward index>"``, ``"0.<reward index>"`` in a bootstrap."""

    def __call__(self, key: str) -> float:
        """A number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class PlayInput:
    """One play. The variables are as they were given, the rules check them; the caller has checked that ``count`` is
    a positive integer. ``at`` is aware; ``thorough`` judges every rule, not only touched ones, as after an
    activation; ``local_date`` is the day on the player's calendar if the log has recorded it."""

    action: str
    variables: Mapping[str, Any]
    count: int
    at: datetime
    thorough: bool = True
    local_date: date | None = None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event without id, timestamp, actor and scopes, in wire shape otherwise (``engine.md`` §10.3).

    ``body`` holds ``event``, ``changes`` and what its type adds (``action`` and ``count``, ``rule``).
    """

    body: Mapping[str, Any]
    is_global: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call does: the new state, its difference to the old one per stored score, the events in emission order
    (not counting silent calls), the rolls made (key -> number), the rewards that altered something, as
    ``"<rule index>.<reward index>"``: they made the first changes of the call's own event, in this order; and the
    guards it moved."""

    state: PlayerState
    writes: tuple[Write, ...]
    events: tuple[EventDraft, ...]
    rolls: Mapping[str, float]
    paid: tuple[str, ...] = ()
    guards: tuple[GuardWrite, ...] = ()


class Refused(Exception):
    """The rules say no. ``code`` is the name on the wire; ``report`` is the ``data`` of a validation error
    (``engine.md`` §15.4); ``retry_at`` is when the same play would fit its rate limit, None if never."""

    def __init__(
        self, code: str, text: str, *, report: Mapping[str, Any] | None = None, retry_at: datetime | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.report = report
        self.retry_at = retry_at
