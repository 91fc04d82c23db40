"""Compound metrics: always computed, stored only for players who hold an operand (``engine.md`` §3.4)."""

from __future__ import annotations

from decimal import Decimal

from django_playlyfe.engine.rules.arithmetic import NAN, as_number, as_score
from django_playlyfe.engine.rules.changes import Change, number_change
from django_playlyfe.engine.rules.formulas import ScoreReference
from django_playlyfe.engine.rules.plan import CompoundMetric, Plan, PointMetric, SetMetric
from django_playlyfe.engine.rules.state import PlayerState

Values = dict[str, int | None]
"""Compound id -> value, None where it cannot be computed; dependency order."""


def plain_number(plan: Plan, state: PlayerState, metric_id: str, item: str | None) -> Decimal:
    """A point or item score as formulas see it: stored, else the default, else 0 items; NaN for anything else."""
    metric = plan.metrics.get(metric_id)
    if isinstance(metric, PointMetric):
        return Decimal(state.points.get(metric_id, metric.default))
    if isinstance(metric, SetMetric) and item is not None:
        return Decimal(state.items.get(metric_id, {}).get(item, 0))
    return NAN


def evaluate(plan: Plan, state: PlayerState) -> Values:
    """Every compound, from the player's points and items alone, whether or not the player holds any operand."""
    operands = _Operands(plan, state)
    for metric in plan.compound_metrics:
        operands.values[metric.id] = as_score(as_number(metric.formula.evaluate(operands, {})))
    return operands.values


def recompute(plan: Plan, state: PlayerState, before: Values) -> tuple[Values, list[Change]]:
    """Bring the stored compounds of ``state`` up to date after an event that changed a score.

    Args:
        before: :func:`evaluate` of the scores before the event.

    Returns:
        The new values, and a change for each that differs, in dependency order.
    """
    after = evaluate(plan, state)
    changes = []
    for metric in plan.compound_metrics:
        old, new = before[metric.id], after[metric.id]
        if new is not None and _holds_an_operand(metric, state):
            state.compounds[metric.id] = new
        else:
            state.compounds.pop(metric.id, None)
        if old != new:
            changes.append(number_change(metric, old, new))
    return after, changes


def _holds_an_operand(metric: CompoundMetric, state: PlayerState) -> bool:
    return any(
        reference.metric in state.points
        or reference.metric in state.compounds
        or reference.item in state.items.get(reference.metric, ())
        for reference in metric.formula.references
        if isinstance(reference, ScoreReference)
    )


class _Operands:
    """What a formula reads while compounds are computed one after the other."""

    def __init__(self, plan: Plan, state: PlayerState) -> None:
        self._plan = plan
        self._state = state
        self.values: Values = {}

    def number(self, metric: str, item: str | None) -> Decimal:
        if metric not in self.values:
            return plain_number(self._plan, self._state, metric, item)
        value = self.values[metric]
        return NAN if value is None else Decimal(value)
