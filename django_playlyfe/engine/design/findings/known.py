"""What is certain of scores and variables, as far as constraints say."""

from __future__ import annotations

from decimal import Decimal

from django_playlyfe.engine.rules.plan import CompoundMetric, Plan, PointMetric, SetMetric
from django_playlyfe.engine.rules.spans import EVERYTHING, Span


class Known:
    """The widest values that a design allows: of points their constraints, of items 0 to their maximum.

    Implements :class:`~django_playlyfe.engine.rules.spans.Spans`.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._compounds: dict[str, Span] = {}

    def score(self, metric: str, item: str | None) -> Span:
        """Of a compound what its formula gives."""
        definition = self._plan.metrics.get(metric)
        if isinstance(definition, PointMetric):
            return Span(_or(definition.minimum, EVERYTHING.low), _or(definition.maximum, EVERYTHING.high))
        if isinstance(definition, SetMetric) and item is not None and item in definition.items:
            return Span(Decimal(0), _or(definition.items[item].maximum, EVERYTHING.high))
        if isinstance(definition, CompoundMetric):
            if metric not in self._compounds:  # each once, however often others name it
                self._compounds[metric] = definition.formula.span(self)
            return self._compounds[metric]
        return EVERYTHING

    def variable(self, name: str) -> Span:
        """Whoever plays may send any number."""
        return EVERYTHING


def _or(bound: int | None, otherwise: Decimal) -> Decimal:
    return otherwise if bound is None else Decimal(bound)
