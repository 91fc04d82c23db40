"""``diff``: the real log under another design, with the same dice. Nothing is written (``engine.md`` §17.7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django_playlyfe.engine.history.players import BATCH, batches
from django_playlyfe.engine.history.projected import calls_of
from django_playlyfe.engine.history.rejudging import Rejudging
from django_playlyfe.engine.ledger.projections import Projections, StoredScore
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Refused, Write

ScoreKey = tuple[str, str]
"""Metric and item; the item is "" except for sets."""


@dataclass(frozen=True)
class ScoreShift:
    """A score that would be another one. Numbers, or ids of states; None = no score, also one that the design does not
    know."""

    metric: str
    item: str
    old: int | str | None
    new: int | str | None

    @property
    def amount(self) -> int:
        """What the player would gain, negative for a loss; no score counts as 0, a state has no amount."""
        return (self.new if isinstance(self.new, int) else 0) - (self.old if isinstance(self.old, int) else 0)


@dataclass(frozen=True)
class WhatIf:
    """What the design would have made of one player.

    Attributes:
        player_id: whose.
        shifts: the scores that would be others, in no particular order.
        refused: code -> plays that counted and would have been refused.
        admitted: plays that became void and would have counted.
    """

    player_id: str
    shifts: tuple[ScoreShift, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    admitted: int = 0


@dataclass
class ShiftCount:
    """All players together, of one score: how many gain and lose how much; of a state how many enter and leave it."""

    gaining: int = 0
    losing: int = 0
    gained: int = 0
    lost: int = 0

    def add(self, amount: int) -> None:
        """One more player."""
        if amount > 0:
            self.gaining, self.gained = self.gaining + 1, self.gained + amount
        elif amount < 0:
            self.losing, self.lost = self.losing + 1, self.lost - amount


class Totals:
    """Sums over all players; no larger than the two designs.

    Attributes:
        players, moved: how many there are, and how many of them would have another score.
        scores: per score; a state is counted under its id as the item, entering it as a gain.
        refused: code -> plays.
        admitted: plays.
    """

    def __init__(self) -> None:
        self.players = self.moved = self.admitted = 0
        self.scores: dict[ScoreKey, ShiftCount] = {}
        self.refused: Counter[str] = Counter()

    def add(self, found: WhatIf) -> None:
        """One more player."""
        self.players += 1
        self.moved += bool(found.shifts)
        self.refused.update(found.refused)
        self.admitted += found.admitted
        for shift in found.shifts:
            if isinstance(shift.old, str) or isinstance(shift.new, str):
                self._add_state(shift)
            else:
                self._count(shift.metric, shift.item).add(shift.amount)

    def _add_state(self, shift: ScoreShift) -> None:
        if shift.new is not None:
            self._count(shift.metric, str(shift.new)).add(1)
        if shift.old is not None:
            self._count(shift.metric, str(shift.old)).add(-1)

    def _count(self, metric: str, item: str) -> ShiftCount:
        return self.scores.setdefault((metric, item), ShiftCount())


def what_if(
    realm: Realm, plan: Plan, *, player_id: str | None = None, after: str | None = None, batch_size: int = BATCH
) -> Iterator[WhatIf]:
    """Judge the log of each player by another design, with the same inputs, instants and dice, and compare the scores
    that come of it with those that the log recorded.

    Args:
        realm: whose log.
        plan: the other design, compiled.
        player_id: this player only.
        after: only players created after this one.
        batch_size: players in memory at a time.

    Returns:
        One after the other every player, in the order of creation. Undone plays play no part; void ones are judged.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as every selector.
    """
    for batch in batches(realm, player_id=player_id, after=after, size=batch_size):
        for player in batch:
            yield _of_player(player, plan)


def _of_player(player: Player, plan: Plan) -> WhatIf:
    recorded, judged = Projections(player), Rejudging(Projections(player), player.game.secret)
    refused: Counter[str] = Counter()
    admitted = 0
    for call in calls_of([player]):
        if call.status == Call.Status.UNDONE:
            continue
        counts = call.status == Call.Status.APPLIED
        if counts:
            recorded.apply(_writes(call), call.at)
        try:
            if judged.judge(plan, call) is None and counts:  # a fix: what was written then
                judged.projections.apply(_writes(call), call.at)
        except Refused as refusal:
            if counts:
                refused[refusal.code] += 1
        else:
            admitted += not counts
    shifts = _shifts(recorded.scores, judged.projections.scores)
    return WhatIf(player.player_id, tuple(shifts), dict(refused), admitted)


def shifts_of(writes: Iterable[Write]) -> tuple[ScoreShift, ...]:
    """What a call would write, as shifts."""
    return tuple(ScoreShift(write.metric, write.item, write.before, write.after) for write in writes)


def _writes(call: Call) -> list[Write]:
    return [Write(metric, item, old, new) for metric, item, old, _, new in call.writes]


def _shifts(recorded: Mapping[ScoreKey, StoredScore], judged: Mapping[ScoreKey, StoredScore]) -> Iterator[ScoreShift]:
    for metric, item in {**recorded, **judged}:
        old, new = recorded.get((metric, item)), judged.get((metric, item))
        before, after = old.value if old is not None else None, new.value if new is not None else None
        if before != after:
            yield ScoreShift(metric, item, before, after)
