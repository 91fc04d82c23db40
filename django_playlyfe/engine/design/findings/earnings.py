"""The most that a player can earn of a metric in a day, where it is bounded, and what leaves it unbounded where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django_playlyfe.engine.design.findings.known import Known
from django_playlyfe.engine.rules.formulas import ScoreReference, VariableReference
from django_playlyfe.engine.rules.plan import Action, Once, Plan, PointMetric, Rate, Reward, RewardRule
from django_playlyfe.engine.rules.windows import DAY, HOUR, MINUTE

_FIXED = {MINUTE: 24 * 60, HOUR: 24}
"""Windows of a day of 24 hours; of longer units there is one."""


@dataclass(frozen=True)
class Earning:
    """What rewards can add to a point metric in 24 hours that begin at midnight in the game's time zone.

    Attributes:
        metric: its id.
        most: no player can earn more, whatever the dice say; what is spent is not taken off. None = there is no bound.
        because: why there is none, each a phrase; empty if there is one.
    """

    metric: str
    most: int | None
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.most is None:
            return f"any amount of {self.metric} a day: unbounded because of {'; '.join(self.because)}"
        return f"at most {self.most:,} {self.metric} a day"


def earnings(plan: Plan) -> list[Earning]:
    """The bound of each point metric that a reward can raise, in design order."""
    found = (_earning(plan, metric) for metric in plan.metrics.values() if isinstance(metric, PointMetric))
    return [earning for earning in found if earning is not None]


def plays_a_day(rate: Rate | None) -> int | None:
    """The most that the plays of an action can weigh in a day; None = no limit."""
    if rate is None:
        return None
    if rate.type == "FIXED":
        return rate.count * _FIXED.get(rate.timeframe, 1)
    if rate.type == "LEAKY":
        return rate.count + rate.count * DAY // rate.timeframe
    return rate.count * -(-DAY // rate.timeframe)  # -(-a // b) rounds up


def _earning(plan: Plan, metric: PointMetric) -> Earning | None:
    most, rewarded = Decimal(0), False
    reasons: list[str] = []
    for action in plan.actions.values():
        if action.probability <= 0:
            continue
        once, gain = (_gain(plan, metric, action.rules, is_once=is_once) for is_once in (True, False))
        if once + gain <= 0:
            continue
        rewarded = True
        plays = plays_a_day(action.rate)
        if not (once + gain).is_finite():
            reasons += _what_is_open(plan, metric, action)
            continue
        most += once
        if gain and plays is None:
            reasons.append(f"the action '{action.id}', which has no rate limit")
        elif plays is not None:
            most += (gain * plays).to_integral_value(rounding=ROUND_CEILING)
    for rule in plan.custom_rules.values():
        once, gain = (_gain(plan, metric, rule.rules, is_once=is_once) for is_once in (True, False))
        rewarded = rewarded or once + gain > 0
        if once.is_finite():
            most += once
        if gain > 0 or not once.is_finite():
            reasons.append(f"the rule '{rule.id}', which pays as often as it is run")
    if not rewarded:
        return None
    return Earning(metric.id, None, tuple(dict.fromkeys(reasons))) if reasons else Earning(metric.id, int(most))


def _gain(plan: Plan, metric: PointMetric, rules: tuple[RewardRule, ...], *, is_once: bool) -> Decimal:
    """The most that one play of weight 1 can add, if all its conditions hold and all its dice are lucky: by what a
    player gets once at most, or by the rest."""
    found = (
        max(_most(plan, metric, reward), Decimal(0))
        for rule, reward in _rewards(metric, rules)
        if (_is_for_a_player(rule.once) or _is_for_a_player(reward.best)) is is_once
    )
    return sum(found, Decimal(0))


def _is_for_a_player(once: Once | None) -> bool:
    """Whether a player is paid once, or up to the best attempt; not for each of many things."""
    return once is not None and not once.per


def _rewards(metric: PointMetric, rules: tuple[RewardRule, ...]) -> Iterator[tuple[RewardRule, Reward]]:
    for rule in rules:
        for reward in rule.rewards:
            if reward.metric == metric.id and reward.probability > 0:
                yield rule, reward


def _most(plan: Plan, metric: PointMetric, reward: Reward) -> Decimal:
    assert reward.value is not None, "rewards of points have a value"  # noqa: S101 - for mypy
    span = reward.value.span(Known(plan))
    if reward.verb == "add":
        return _rounded(span.high)
    if reward.verb == "remove":
        return _rounded(-span.low)
    if metric.minimum is None:
        return Decimal("Infinity")
    return _rounded(span.high) - metric.minimum


def _rounded(number: Decimal) -> Decimal:
    """Storage rounds, so a play may give half a point more than its formula says."""
    return number if not number.is_finite() else number.to_integral_value(rounding=ROUND_CEILING)


def _what_is_open(plan: Plan, metric: PointMetric, action: Action) -> Iterator[str]:
    """The variables and scores that leave a reward of an action without a bound."""
    for _, reward in _rewards(metric, action.rules):
        if _most(plan, metric, reward).is_finite() or reward.value is None:
            continue
        named = sorted(reward.value.references)
        for reference in named:
            if isinstance(reference, VariableReference):
                yield f"the variable '{reference.name}' of the action '{action.id}'"
            elif isinstance(reference, ScoreReference) and not Known(plan).score(*reference[1:]).high.is_finite():
                yield f"the score '{reference.metric}', which the action '{action.id}' pays by"
        if not named:
            yield f"a reward of the action '{action.id}' that sets a score without a minimum"
