"""What a player is owed for what happened before a rule existed (``engine.md`` §17.6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from django_playlyfe.engine.rules.compounds import evaluate
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.judgement import Judgement
from django_playlyfe.engine.rules.plan import AchievementRule, Plan
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import Outcome, PlayerState


def award(plan: Plan, state: PlayerState, earned: Collection[str], at: datetime) -> Outcome:
    """Give the levels of the present scores, and achievements.

    Args:
        earned: ids of achievement rules that are to be given whatever their conditions say now; those whose conditions
            hold now are given too.
        at: when.

    Returns:
        ``level`` and ``achievement`` events, each marked with ``"retroactive": true``; none if nothing is owed.
    """
    judgement = Judgement(Snapshot.take(plan, state, at, {}))
    judgement.follow_levels(thorough=True)
    judgement.grant(earned)
    judgement.follow(thorough=True)
    outcome = judgement.outcome({})
    marked = tuple(replace(event, body={**event.body, "retroactive": True}) for event in outcome.events)
    return replace(outcome, events=marked)


class Chronicle:
    """Looks at each moment of a player's history for achievements whose conditions held, and that were never held.

    What was earned so counts as held from then on, so that badges for badges are found too. One that the player held
    once and lost is not owed: it was paid (``engine.md`` §9.1).

    Attributes:
        earned: rule id -> the rule, in the order of the moments.
    """

    def __init__(self, plan: Plan) -> None:
        self.earned: dict[str, AchievementRule] = {}
        self._plan = plan
        self._open = {rule.id: rule for rule in plan.achievement_rules}

    @property
    def is_settled(self) -> bool:
        """Whether no rule is left that could be owed or found to be held."""
        return not self._open and not self.earned

    def look(self, state: PlayerState, at: datetime) -> None:
        """One more moment; the state is changed."""
        for rule in self._plan.achievement_rules:
            if _has(state.items, rule):
                self._open.pop(rule.id, None)
                self.earned.pop(rule.id, None)
        for rule in self.earned.values():
            held = state.items.setdefault(rule.metric, {})
            held.update({item: max(count, held.get(item, 0)) for item, count in rule.items.items()})
        while self._pass(state, at):
            pass  # each pass that finds something leaves fewer rules

    def begin_anew(self) -> None:
        """The player was reset: what was before is nobody's history any more."""
        self.earned.clear()
        self._open = {rule.id: rule for rule in self._plan.achievement_rules}

    def _pass(self, state: PlayerState, at: datetime) -> bool:
        state.compounds.clear()  # those of this design, from what is held now
        view = Snapshot(self._plan, state, at, evaluate(self._plan, state), {})
        found = [rule for rule in self._open.values() if holds(rule.requires, view)]
        for rule in found:
            self.earned[rule.id] = self._open.pop(rule.id)
            held = state.items.setdefault(rule.metric, {})
            held.update({item: max(count, held.get(item, 0)) for item, count in rule.items.items()})
        return bool(found)


def _has(items: Mapping[str, Mapping[str, int]], rule: AchievementRule) -> bool:
    held = items.get(rule.metric, {})
    return all(held.get(item, 0) >= count for item, count in rule.items.items())
