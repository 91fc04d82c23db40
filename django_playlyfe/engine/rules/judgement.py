"""One call while it is judged (``engine.md`` §10.1): running scores, what the call has touched, the events so far."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django_playlyfe.engine.rules import achievements, compounds, levels, rewards
from django_playlyfe.engine.rules.changes import Change
from django_playlyfe.engine.rules.plan import AchievementRule, Metric, Plan, PointMetric, Reward, SetMetric, StateMetric
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import EventDraft, Guard, Outcome, PlayerState, Write


class Judgement:
    """What comes of one call for one player. Nothing that is given is changed.

    Attributes:
        snapshot: the player before the call; all conditions and formulas of the call's own rewards read it.
        running: the player as the call has left them so far.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.running = snapshot.state.copy()
        self._plan = snapshot.plan
        self._computed = snapshot.computed
        self._touched: set[tuple[str, str]] = set()
        self._events: list[EventDraft] = []
        self._paid: list[str] = []

    def pay(self, key: str, reward: Reward, count: int) -> Change | None:
        """Apply a reward, which is known by ``key``, to the running scores (step 6)."""
        change = rewards.apply(reward, self.running, self.snapshot, count)
        if change is not None:
            self._paid.append(key)
            self._touched.add(("metric", reward.metric))
        return change

    def recompute(self, changes: list[Change]) -> list[Change]:
        """The changes of one event, with those of compounds at their end (step 7)."""
        if not changes:
            return changes
        stored = dict(self.running.compounds)
        self._computed, changed = compounds.recompute(self._plan, self.running, self._computed)
        for metric in self._plan.compounds:
            if stored.get(metric) != self.running.compounds.get(metric):
                self._touched.add(("metric", metric))
        return [*changes, *changed]

    def raise_action_count(self, action: str, count: int) -> None:
        """Count a play (step 8)."""
        self.running.counts[action] = self.running.counts.get(action, 0) + count
        self._touched.add(("action", action))

    def emit(self, body: Mapping[str, Any]) -> None:
        """Add the call's own, local event."""
        self._events.append(EventDraft(body, is_global=False))

    def follow(self, *, thorough: bool) -> None:
        """Judge levels, then achievements (steps 9 to 11).

        Unless ``thorough``, only rules that this call can have moved are looked at. For a player whose last call was
        judged by the same plan the result is the same.
        """
        self.follow_levels(thorough=thorough)
        self._follow_achievements(thorough)

    def settle(self) -> None:
        """Bring compounds and levels up to date with scores that no reward has changed."""
        self._computed, _ = compounds.recompute(self._plan, self.running, self._computed)
        self.follow_levels(thorough=True)

    def close(self, guard: Guard) -> None:
        """A once-only rule pays in this call, and in no later one."""
        self.running.guards[guard] = 1

    def outcome(self, rolls: Mapping[str, float]) -> Outcome:
        """What came of the call."""
        writes = tuple(differences(self._plan, self.snapshot.state, self.running))
        before, after = self.snapshot.state.guards, self.running.guards
        guards = tuple((*key, before.get(key), after[key]) for key in sorted(after) if before.get(key) != after[key])
        return Outcome(self.running, writes, tuple(self._events), rolls, tuple(self._paid), guards)

    def follow_levels(self, *, thorough: bool) -> None:
        """Judge levels alone (step 9), as a revert does."""
        for rule in self._plan.level_rules:
            moved = {("metric", rule.base_metric), ("metric", rule.level_metric)} & self._touched
            if not (thorough or moved):
                continue
            change = levels.judge(self._plan, rule, self.running)
            if change is not None:
                self._touched.add(("metric", rule.level_metric))
                self._emit_for_all("level", rule.id, [change])

    def _follow_achievements(self, thorough: bool) -> None:
        moved = self._rules_moved()
        pending = {rule.id for rule in self._plan.achievement_rules} if thorough else moved
        awarded: set[str] = set()
        while self._pass_over_achievements(pending, awarded):
            pass  # each pass that emits leaves fewer rules to award, so this ends

    def _pass_over_achievements(self, pending: set[str], awarded: set[str]) -> bool:
        """Judge the pending rules in design order; whether any emitted.

        Rules that an award moves become pending: later ones are judged in this pass, earlier ones in the next.
        """
        emitted = False
        for rule in self._plan.achievement_rules if pending else ():
            if rule.id in pending:
                pending.remove(rule.id)
                if self._award(rule):
                    emitted = True
                    awarded.add(rule.id)
                    pending |= self._rules_moved() - awarded
        return emitted

    def grant(self, rules: Collection[str]) -> None:
        """Give these achievements, in design order, whatever their conditions say."""
        for rule in self._plan.achievement_rules:
            if rule.id in rules:
                self._emit_award(rule, achievements.give(rule, self._live()))

    def _award(self, rule: AchievementRule) -> bool:
        return self._emit_award(rule, achievements.award(rule, self._live()))

    def _live(self) -> Snapshot:
        return Snapshot(self._plan, self.running, self.snapshot.at, self._computed, {})

    def _emit_award(self, rule: AchievementRule, change: Change | None) -> bool:
        if change is None:
            return False
        self._touched.add(("metric", rule.metric))
        self._emit_for_all("achievement", rule.id, self.recompute([change]))
        return True

    def _rules_moved(self) -> set[str]:
        """The achievement rules that read something touched since the last time this was asked."""
        moved = {rule for thing in self._touched for rule in self._plan.touching.get(thing, ())}
        for thing in self._touched & self._plan.reaching.keys():
            moved.update(self._rules_reached(thing))
        self._touched.clear()
        return moved

    def _rules_reached(self, thing: tuple[str, str]) -> Iterator[str]:
        """The rules whose number this call has reached: who had reached it before has been judged by it then."""
        numbers = self._plan.reaching[thing]
        start, end = (
            bisect_right(numbers, _amount(self._plan, state, thing), key=_first)
            for state in (self.snapshot.state, self.running)
        )
        return (rule for _, rule in numbers[start:end])

    def _emit_for_all(self, event: str, rule: str, changes: list[Change]) -> None:
        self._events.append(EventDraft({"event": event, "changes": changes, "rule": {"id": rule}}, is_global=True))


def _amount(plan: Plan, state: PlayerState, thing: tuple[str, str]) -> Decimal | int:
    """How often an action was played, or how many points there are."""
    kind, identifier = thing
    if kind == "action":
        return state.counts.get(identifier, 0)
    return compounds.plain_number(plan, state, identifier, None)


def _first(pair: tuple[int, str]) -> int:
    return pair[0]


def differences(plan: Plan, before: PlayerState, after: PlayerState) -> Iterator[Write]:
    """The stored scores that differ, in design order."""
    for metric_id, metric in plan.metrics.items():
        if isinstance(metric, SetMetric):
            old_items, new_items = before.items.get(metric_id, {}), after.items.get(metric_id, {})
            if old_items == new_items:
                continue  # a set may have thousands of items
            for item in metric.items:
                yield from _difference(metric_id, item, old_items.get(item), new_items.get(item))
        else:
            yield from _difference(metric_id, "", _stored(metric, before), _stored(metric, after))


def _stored(metric: Metric, state: PlayerState) -> int | str | None:
    if isinstance(metric, StateMetric):
        return state.states.get(metric.id)
    return (state.points if isinstance(metric, PointMetric) else state.compounds).get(metric.id)


def _difference(metric: str, item: str, before: int | str | None, after: int | str | None) -> Iterator[Write]:
    if before != after:
        yield Write(metric, item, before, after)
