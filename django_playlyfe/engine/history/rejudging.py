"""The calls of a player judged once more, with their own dice: by the designs that judged them, or by another one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_playlyfe.engine.calls import judging
from django_playlyfe.engine.calls.dice import KeyedDice, RecordedDice
from django_playlyfe.engine.calls.fixes import fix
from django_playlyfe.engine.calls.judging import Judged, PastPlay, PastPlays
from django_playlyfe.engine.design.compile import compile_rewards
from django_playlyfe.engine.ledger import event_ids, log
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.rules import awarding, judge, reverting
from django_playlyfe.engine.rules.judgement import differences
from django_playlyfe.engine.rules.once import moved
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput


class Rejudging:
    """What a player's calls come to if they are judged again, one after the other in the order of the log.

    Attributes:
        projections: scores and counts as the calls so far have left them; a refused call changes nothing.
        past: action -> its applied plays so far, for rate limits.
        told: first event's id -> events of the calls so far, which reverts name; none of a call that was refused. May
            be filled with those of calls that are not judged here.
    """

    def __init__(self, projections: Projections, secret: str, past: dict[str, PastPlays] | None = None) -> None:
        self.projections = projections
        self.past = past if past is not None else {}
        self.told: dict[uuid.UUID, list[dict[str, Any]]] = {}
        self._secret = secret

    def judge(self, plan: Plan, call: Call) -> Judged | None:
        """Judge a call again and change the projections; None for a kind that no rule has a say in.

        Raises:
            Refused: the rules say no.
        """
        self.told[call.seed] = []
        judged = self._play(plan, call) if call.kind == Call.Kind.PLAY else self._other(plan, call)
        if judged is not None:
            self.told[call.seed] = log.stored_events(judged.outcome.events)
        return judged

    def _other(self, plan: Plan, call: Call) -> Judged | None:
        state, given = self.projections.state(plan, call.local_date), call.inputs
        if call.kind == Call.Kind.CREATE:
            outcome = judge.bootstrap(plan, state, call.at, dice_of(call, self._secret))
        elif call.kind == Call.Kind.RULE:
            outcome = judge.custom_rule(plan, state, call.action, given["variables"], call.at)
        elif call.kind == Call.Kind.SCORE:
            outcome = judge.apply_rewards(plan, state, compile_rewards(given["rewards"], plan), call.at, given["admin"])
        elif call.kind == Call.Kind.REVERT:
            outcome = reverting.revert(plan, state, self._changes(given), call.at, given["admin"])
        elif call.kind == Call.Kind.AWARD:
            outcome = awarding.award(plan, state, given["rules"], call.at)
        elif call.kind == Call.Kind.RESET:
            outcome = self._reset(plan, state, call)
        elif call.kind == Call.Kind.FIX:
            writes = fix(self.projections, plan, given, call.at)
            return Judged(Outcome(self.projections.state(plan), (), (), {}), writes)
        else:
            return None
        self.projections.guards.update(moved(outcome.guards))
        return Judged(outcome, self.projections.apply(outcome.writes, call.at))

    def _reset(self, plan: Plan, state: PlayerState, call: Call) -> Outcome:
        fresh = judge.bootstrap(plan, PlayerState(), call.at, dice_of(call, self._secret))
        self.projections.clear_counts()
        self.past.clear()
        return replace(fresh, writes=tuple(differences(plan, state, fresh.state)))

    def _changes(self, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What the events that a revert names say now, newest first."""
        changes: list[Mapping[str, Any]] = []
        for text in given["event_ids"]:
            event = uuid.UUID(text)
            events, tick = self.told.get(event_ids.first_of(event), []), event_ids.tick_of(event)
            if tick < len(events):
                changes += reversed(events[tick]["body"].get("changes", []))
        return changes

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
    return PlayInput(
        action=call.action,
        variables=given["variables"],
        count=given["count"],
        at=call.at,
        local_date=call.local_date,
    )
