"""The form of actions (``engine.md`` §8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, NumberField, PickField
from django_playlyfe.engine.admin.desk.forms.common import COMMON, ComponentPart
from django_playlyfe.engine.admin.desk.forms.conditions import ConditionPart
from django_playlyfe.engine.admin.desk.forms.rewards import VARIABLES, RewardRulePart
from django_playlyfe.engine.admin.desk.parts import Inner, Rows
from django_playlyfe.engine.admin.desk.paths import Wire

_UNITS = [
    ("1", _("milliseconds")),
    ("1000", _("seconds")),
    ("60000", _("minutes")),
    ("3600000", _("hours")),
    ("86400000", _("days")),
    ("604800000", _("weeks")),
]


class ActionPart(ComponentPart):
    """What players do."""

    paths = {**COMMON, "probability": ("probability",)}
    aliases = {("rate",): "rate_count", ("rate", "1"): "rate_amount", ("rate", "2"): "rate_type"}
    inner = {"requires": Inner(("requires",), ConditionPart, _("Open to a player only if"))}
    lists = {
        "variables": VARIABLES,
        "rules": Rows(
            ("rules",), RewardRulePart, _("What a play gives"), _("group of rewards"), is_table=False, spare=0
        ),
    }
    lines = (*ComponentPart.lines, ("rate_count", "rate_amount", "rate_unit", "rate_type"))
    probability = NumberField(
        label=_("Chance"), initial=1, help_text=_("From 0 to 1: the chance that a play is rewarded at all.")
    )
    rate_count = LineField(label=_("At most"), size=8, help_text=_("Plays of one player; empty for no limit."))
    rate_amount = NumberField(label=_("in"), initial=1)
    rate_unit = PickField(label=_("Unit"), choices=_UNITS, initial="86400000")
    rate_type = PickField(
        label=_("Counted"),
        choices=[
            ("ROLLING", _("before each play (ROLLING)")),
            ("FIXED", _("by the calendar (FIXED)")),
            ("LEAKY", _("as a leaking bucket (LEAKY)")),
        ],
        initial="FIXED",
    )

    def load(self, value: Mapping[str, Any]) -> Wire:
        """The timeframe in the largest unit that fits."""
        shown, rate = super().load(value), value.get("rate")
        if isinstance(rate, list) and len(rate) == 3 and isinstance(rate[1], int):
            unit = next(unit for unit, _label in reversed(_UNITS) if rate[1] % int(unit) == 0)
            shown |= {"rate_count": rate[0], "rate_amount": rate[1] // int(unit), "rate_unit": unit}
            shown["rate_type"] = rate[2]
        return shown

    def unknown(self, value: Mapping[str, Any]) -> Wire:
        """The rate has fields."""
        return {key: entry for key, entry in super().unknown(value).items() if key != "rate"}

    def written(self) -> Wire:
        """With its rate, if there is one."""
        action, found = super().written(), self.cleaned_data
        count = found["rate_count"]
        if count:
            timeframe = (found["rate_amount"] or 0) * int(found["rate_unit"] or 1)
            whole: Any = int(count) if count.isdecimal() and len(count) < 20 else count
            action["rate"] = [whole, timeframe, found["rate_type"]]
        return action
