"""A call of the log judged once more, with its own dice: by the design that judged it, or by another one."""

from __future__ import annotations

from django_playlyfe.engine.dice import KeyedDice, RecordedDice
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput


def dice_of(call: Call, secret: str) -> Dice:
    """What chance said, and what it would have said where it was not asked. ``secret`` is the game's."""
    return RecordedDice(call.dice, KeyedDice(secret, call.seed))


def outcome(plan: Plan, state: PlayerState, call: Call, secret: str) -> Outcome | None:
    """What the rules of a design say to a call on this state; None for a kind that no rule has a say in.

    Raises:
        Refused: the rules say no.
    """
    if call.kind == Call.Kind.CREATE:
        return judge.bootstrap(plan, state, call.at, dice_of(call, secret))
    if call.kind == Call.Kind.PLAY:
        return judge.play(plan, state, play_input(call), dice_of(call, secret))
    return None


def play_input(call: Call) -> PlayInput:
    """A play as the rules take it."""
    given = call.inputs
    return PlayInput(action=call.action, variables=given["variables"], count=given["count"], at=call.at)
