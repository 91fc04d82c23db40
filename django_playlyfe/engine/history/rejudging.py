"""The calls of a player judged once more, with their own dice: by the designs that judged them, or by another one."""

from __future__ import annotations

from django_playlyfe.engine import judging
from django_playlyfe.engine.dice import KeyedDice, RecordedDice
from django_playlyfe.engine.judging import Judged, PastPlay, PastPlays
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.projections import Projections
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Dice, PlayInput


class Rejudging:
    """What a player's calls come to if they are judged again, one after the other in the order of the log.

    Attributes:
        projections: scores and counts as the calls so far have left them; a refused call changes nothing.
        past: action -> its applied plays so far, for rate limits.
    """

    def __init__(self, projections: Projections, secret: str, past: dict[str, PastPlays] | None = None) -> None:
        self.projections = projections
        self.past = past if past is not None else {}
        self._secret = secret

    def judge(self, plan: Plan, call: Call) -> Judged | None:
        """Judge a call again and change the projections; None for a kind that no rule has a say in.

        Raises:
            Refused: the rules say no.
        """
        if call.kind == Call.Kind.CREATE:
            outcome = judge.bootstrap(plan, self.projections.state(plan), call.at, dice_of(call, self._secret))
            return Judged(outcome, self.projections.apply(outcome.writes, call.at))
        if call.kind == Call.Kind.PLAY:
            return self._play(plan, call)
        return None

    def _play(self, plan: Plan, call: Call) -> Judged:
        past = self.past.setdefault(call.action, PastPlays())
        request = play_input(call)
        dice = dice_of(call, self._secret)
        judged = judging.judge_play(plan, self.projections, request, dice, past if call.backdated else None)
        past.add(plan, call.action, PastPlay(call.at, request.count), backdated=call.backdated)
        return judged


def dice_of(call: Call, secret: str) -> Dice:
    """What chance said, and what it would have said where it was not asked. ``secret`` is the game's."""
    return RecordedDice(call.dice, KeyedDice(secret, call.seed))


def play_input(call: Call) -> PlayInput:
    """A play as the rules take it."""
    given = call.inputs
    return PlayInput(action=call.action, variables=given["variables"], count=given["count"], at=call.at)
