"""What a reward does to a player's running scores (``engine.md`` §4 and §10.1, step 6)."""

from __future__ import annotations

from decimal import Decimal

from django_playlyfe.engine.rules.arithmetic import CONTEXT, as_number, as_score, defined
from django_playlyfe.engine.rules.changes import Change, items_change, number_change, state_change
from django_playlyfe.engine.rules.formulas import Expression
from django_playlyfe.engine.rules.once import guard_of
from django_playlyfe.engine.rules.plan import Once, PointMetric, Reward, SetMetric, StateMetric, Verb
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import PlayerState


def apply(reward: Reward, running: PlayerState, view: Snapshot, count: int) -> Change | None:
    """Apply one reward to ``running``.

    Args:
        running: the player's scores as earlier rewards left them; changed in place.
        view: what the reward's formulas read: the player before the call.
        count: the call's weight; multiplies ``add`` and ``remove``, not ``set``.

    Returns:
        The change, or None if the reward altered nothing.
    """
    metric = view.plan.metrics[reward.metric]
    if isinstance(metric, PointMetric):
        return _apply_to_points(metric, reward, running, view, count)
    if isinstance(metric, SetMetric):
        return _apply_to_items(metric, reward, running, view, count)
    if isinstance(metric, StateMetric):
        return enter_state(metric, reward.state, running)
    raise TypeError(f"Compound '{metric.id}' cannot be rewarded")  # activation refuses such a design


def enter_state(metric: StateMetric, state: str, running: PlayerState) -> Change | None:
    """Give the player a state, by id; None if it is the one they are in."""
    old = running.states.get(metric.id)
    if old == state:
        return None
    running.states[metric.id] = state
    return state_change(metric, old, state)


def hold_items(metric: SetMetric, counts: dict[str, int], running: PlayerState) -> Change | None:
    """Set counts of items, by id and in order, each within the item's and the set's limits; None if nothing changed."""
    before = running.items.get(metric.id, {})
    held = dict(before)
    for item, count in counts.items():
        _hold(metric, item, count, held)
    altered = {item: (before.get(item), held[item]) for item in counts if held.get(item) != before.get(item)}
    if not altered:
        return None
    running.items[metric.id] = held
    return items_change(metric, altered)


def _hold(metric: SetMetric, item: str, count: int, held: dict[str, int]) -> None:
    maximum = metric.items[item].maximum
    count = max(0, count if maximum is None else min(count, maximum))
    if count == held.get(item, 0):  # an item never held, and not held now either, leaves no trace
        return
    if not held.get(item) and metric.max_items is not None:
        distinct = sum(1 for number in held.values() if number > 0)
        if distinct >= metric.max_items:
            return
    held[item] = count


def _apply_to_points(
    metric: PointMetric, reward: Reward, running: PlayerState, view: Snapshot, count: int
) -> Change | None:
    old = running.points.get(metric.id)
    current, amount = metric.default if old is None else old, _amount(reward.value, view)
    if reward.best is not None:
        new = _improved(current, reward.best, as_score(amount), running, view)
    else:
        new = _moved(current, reward.verb, amount, count)
    if new is None:
        return None
    if metric.minimum is not None:
        new = max(new, metric.minimum)
    if metric.maximum is not None:
        new = min(new, metric.maximum)
    if new == old:
        return None
    running.points[metric.id] = new
    return number_change(metric, old, new)


def _improved(current: int, best: Once, attempt: int | None, running: PlayerState, view: Snapshot) -> int | None:
    """The new score if an attempt, rounded as scores are, is better than the best before, which is 0 at first; None if
    it is not. It is remembered as the best, whatever limits leave of the score."""
    guard = guard_of(best, view.variables)
    before = 0 if guard is None else running.guards.get(guard, 0)
    if guard is None or attempt is None or attempt <= before:
        return None
    new = _moved(current, "add", Decimal(attempt - before), 1)
    if new is not None:
        running.guards[guard] = attempt
    return new


def _apply_to_items(
    metric: SetMetric, reward: Reward, running: PlayerState, view: Snapshot, count: int
) -> Change | None:
    held = running.items.get(metric.id, {})
    moved = {item: _moved(held.get(item, 0), reward.verb, _amount(value, view), count) for item, value in reward.items}
    return hold_items(metric, {item: number for item, number in moved.items() if number is not None}, running)


def _amount(value: Expression | None, view: Snapshot) -> Decimal:
    assert value is not None, "the compiler gives rewards of points and items their values"  # noqa: S101 - for mypy
    return as_number(value.evaluate(view, view.variables))


def _moved(current: int, verb: Verb, amount: Decimal, count: int) -> int | None:
    """The new score, rounded, before any clamping; None if undefined."""
    if verb == "set":
        return as_score(amount)
    weighted = CONTEXT.multiply(amount, Decimal(count))
    operate = CONTEXT.add if verb == "add" else CONTEXT.subtract
    return as_score(defined(operate(Decimal(current), weighted)))
