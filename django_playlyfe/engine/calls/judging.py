"""One play of one player, judged on what is stored of him: the first time, and again after an undo."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django_playlyfe.engine.ledger.projections import Projections, RecordedWrite, StoredCount
from django_playlyfe.engine.rules import judge, rates
from django_playlyfe.engine.rules.once import moved
from django_playlyfe.engine.rules.plan import Plan, Rate
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayInput, Usage
from django_playlyfe.engine.rules.windows import calendar_unit, next_window_start

_MILLISECOND = timedelta(milliseconds=1)


class PastPlay(NamedTuple):
    """An applied play: when it was judged, and its weight."""

    at: datetime
    weight: int


@dataclass
class PastPlays:
    """The applied plays of one action by one player, in the order of the log, and what a rate limit remembers of them.

    That memory depends on the order of the plays. It grows play by play, in the order of the log. A backdated play is
    judged, and the memory made anew, in the order of the instants.
    """

    plays: list[PastPlay] = field(default_factory=list)
    usage: Usage = field(default_factory=dict)

    def add(self, plan: Plan, action: str, play: PastPlay, *, backdated: bool) -> None:
        """Remember one more play, as the rate limit of this design does."""
        self.plays.append(play)
        rate = rate_of(plan, action)
        if rate is None:
            return
        if backdated:
            self.usage = _fold(rate, plan.timezone, self.plays)
        else:
            self.usage = rates.consume(rate, self.usage, play.weight, play.at, ZoneInfo(plan.timezone))

    def usage_at(self, plan: Plan, action: str, at: datetime) -> Usage:
        """What the rate limit of this design remembers at an instant in the past: the plays up to it; of a FIXED
        limit all plays of its calendar window, also the later ones, or a sixth book would fit into a past day."""
        rate = rate_of(plan, action)
        if rate is None:
            return {}
        until = at
        if rate.type == "FIXED" and (unit := calendar_unit(rate.timeframe)) is not None:
            until = next_window_start(at, unit, ZoneInfo(plan.timezone)) - _MILLISECOND
        return _fold(rate, plan.timezone, [play for play in self.plays if play.at <= until])


@dataclass(frozen=True)
class Judged:
    """An applied play: what the rules said, and what the log keeps of its effect on stored scores."""

    outcome: Outcome
    writes: list[RecordedWrite]


def judge_play(
    plan: Plan, projections: Projections, request: PlayInput, dice: Dice, past: PastPlays | None = None
) -> Judged:
    """Judge a play and change the player's projections in memory.

    Args:
        plan: the design to judge with.
        projections: of the player; unchanged if the play is refused.
        request: the play.
        dice: chance.
        past: all earlier plays of the action, for a backdated play only; it is not changed.

    Raises:
        Refused: the rules say no.
    """
    action = request.action
    state = projections.state(plan, request.local_date)
    if past is not None:
        state.usage[action] = past.usage_at(plan, action, request.at)
    outcome = judge.play(plan, state, request, dice)
    usage = outcome.state.usage.get(action, {})
    if past is not None:
        memory = PastPlays(list(past.plays), past.usage)
        memory.add(plan, action, PastPlay(request.at, request.count), backdated=True)
        usage = memory.usage
    projections.counts[action] = StoredCount(outcome.state.counts[action], usage, outcome.state.days[action])
    projections.guards.update(moved(outcome.guards))
    return Judged(outcome, projections.apply(outcome.writes, request.at))


def rate_of(plan: Plan, action: str) -> Rate | None:
    """The rate limit of an action, None if it has none or the design does not know it."""
    definition = plan.actions.get(action)
    return definition.rate if definition is not None else None


def _fold(rate: Rate, zone: str, plays: list[PastPlay]) -> Usage:
    usage: Usage = {}
    for play in sorted(plays, key=lambda play: play.at):
        usage = rates.consume(rate, usage, play.weight, play.at, ZoneInfo(zone))
    return usage
