"""One call while it is judged (``engine.md`` §10.1): running scores, what the call has touched, the events so far."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any

from django_playlyfe.engine.rules import achievements, compounds, levels, rewards, streaks
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
            if reward.metric_type == "set":
                self._touched.add(("items", reward.metric))
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
        """Count a play, and its day (step 8)."""
        running = self.running
        running.counts[action] = running.counts.get(action, 0) + count
        running.days[action] = streaks.played(running.days.get(action, ""), self.snapshot.today)
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
        pending: Iterable[int] = range(len(self._plan.achievement_rules)) if thorough else sorted(moved)
        awarded: set[int] = set()
        while pending:
            pending = self._pass_over_achievements(pending, awarded)  # each pass leaves fewer rules to award

    def _pass_over_achievements(self, pending: Iterable[int], awarded: set[int]) -> list[int]:
        """Judge the rules at these places, in design order.

        Rules that an award moves become pending: later ones are judged in this pass, earlier ones in the next, which is
        what is returned.
        """
        waiting, again = list(pending), set[int]()  # ascending, so it is a heap
        expected = set(waiting)
        while waiting:
            place = heappop(waiting)
            if not self._award(self._plan.achievement_rules[place]):
                continue
            awarded.add(place)
            for moved in self._rules_moved() - awarded:
                if moved < place:
                    again.add(moved)
                elif moved not in expected:
                    expected.add(moved)
                    heappush(waiting, moved)
        return sorted(again)

    def grant(self, rules: Collection[str]) -> None:
        """Give these achievements, in design order, whatever their conditions say."""
        for rule in self._plan.achievement_rules:
            if rule.id in rules:
                self._emit_award(rule, self._held(rule), achievements.give(rule, self._live()))

    def _award(self, rule: AchievementRule) -> bool:
        return self._emit_award(rule, self._held(rule), achievements.award(rule, self._live()))

    def _held(self, rule: AchievementRule) -> Mapping[str, int]:
        return self.running.items.get(rule.metric, {})

    def _live(self) -> Snapshot:
        return Snapshot(self._plan, self.running, self.snapshot.at, self._computed, {})

    def _emit_award(self, rule: AchievementRule, before: Mapping[str, int], change: Change | None) -> bool:
        """``before``: what was held of the set."""
        if change is None:
            return False
        self._touched.add(("metric", rule.metric))
        held = self.running.items[rule.metric]
        if any(held.get(item, 0) < before.get(item, 0) for item in rule.items):  # there were more than there may be
            self._touched.add(("items", rule.metric))
        self._emit_for_all("achievement", rule.id, self.recompute([change]))
        return True

    def _rules_moved(self) -> set[int]:
        """The places of the achievement rules that read something touched since the last time this was asked."""
        plan, found = self._plan, set[str]()
        for thing in self._touched:
            found.update(plan.touching.get(thing, ()))
            if thing in plan.reaching:
                found.update(self._rules_reached(thing))
        self._touched.clear()
        return {plan.places[rule] for rule in found if rule in plan.places}

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
            differing = {item for item, _ in old_items.items() ^ new_items.items()}  # of thousands, usually
            for item in _in_design_order(metric, differing):
                yield from _difference(metric_id, item, old_items.get(item), new_items.get(item))
        else:
            yield from _difference(metric_id, "", _stored(metric, before), _stored(metric, after))


def _in_design_order(metric: SetMetric, items: Collection[str]) -> Iterable[str]:
    return [item for item in (metric.items if len(items) > 1 else items) if item in items]


def _stored(metric: Metric, state: PlayerState) -> int | str | None:
    if isinstance(metric, StateMetric):
        return state.states.get(metric.id)
    return (state.points if isinstance(metric, PointMetric) else state.compounds).get(metric.id)


def _difference(metric: str, item: str, before: int | str | None, after: int | str | None) -> Iterator[Write]:
    if before != after:
        yield Write(metric, item, before, after)
