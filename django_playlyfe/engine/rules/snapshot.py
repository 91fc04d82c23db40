"""One player's situation at one instant: what conditions and formulas read (``engine.md`` §10.1, step 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django_playlyfe.engine.rules import compounds, streaks
from django_playlyfe.engine.rules.arithmetic import NAN
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import PlayerState


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Readable as :class:`~django_playlyfe.engine.rules.formulas.Scores`; the state must not change while it is read.

    Attributes:
        at: the instant, aware.
        computed: every compound's value for this state, stored or not.
        variables: effective values of a play's or rule's variables.
    """

    plan: Plan
    state: PlayerState
    at: datetime
    computed: compounds.Values
    variables: Mapping[str, object]

    @classmethod
    def take(cls, plan: Plan, state: PlayerState, at: datetime, variables: Mapping[str, object]) -> Snapshot:
        """The snapshot of a state whose compounds have not been computed yet."""
        return cls(plan, state, at, compounds.evaluate(plan, state), variables)

    def reading(self, variables: Mapping[str, object]) -> Snapshot:
        """The same with these variables."""
        return Snapshot(self.plan, self.state, self.at, self.computed, variables)

    @property
    def now(self) -> datetime:
        """The instant on the game's wall clock."""
        return self.at.astimezone(ZoneInfo(self.plan.timezone))

    @property
    def today(self) -> date:
        """The day on the player's own calendar, else on the game's."""
        state = self.state
        return state.today or self.at.astimezone(ZoneInfo(state.zone or self.plan.timezone)).date()

    def streak(self, action: str, unit: streaks.Unit) -> int:
        """How many days, weeks or months one after the other had a play of the action; "" = of any."""
        days = self.state.days
        return streaks.length(days.get(action, "") if action else streaks.together(days.values()), unit, self.today)

    def number(self, metric: str, item: str | None) -> Decimal:
        """A stored score, else the default: of points, 0 for items, computed for compounds; NaN if undefined."""
        if metric not in self.computed:
            return compounds.plain_number(self.plan, self.state, metric, item)
        value = self.state.compounds.get(metric, self.computed[metric])
        return NAN if value is None else Decimal(value)
