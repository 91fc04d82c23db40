"""The forms of rules (``engine.md`` §9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, PickField, more_field
from django_playlyfe.engine.admin.desk.forms import offers
from django_playlyfe.engine.admin.desk.forms.common import COMMON, ComponentPart
from django_playlyfe.engine.admin.desk.forms.conditions import ConditionPart
from django_playlyfe.engine.admin.desk.forms.rewards import VARIABLES, CertainRewardRulePart
from django_playlyfe.engine.admin.desk.parts import Inner, Part, Rows
from django_playlyfe.engine.admin.desk.paths import Path


class RulePart(ComponentPart):
    """A rule of any type."""

    paths: ClassVar[Mapping[str, Path]] = {**COMMON, "type": ("type",)}
    type = forms.CharField(required=False, widget=forms.HiddenInput)


class LevelPart(Part):
    """A level: a state, and the highest value that belongs to it."""

    paths = {"rank": ("rank",), "threshold": ("threshold",)}
    rank = PickField(label=_("Level"))
    threshold = LineField(label=_("Up to and including"), size=12)
    more = more_field()

    def offer(self) -> None:
        """All states."""
        self.pick("rank", [offers.NOTHING, *offers.members(self.catalogue, "state")])


class LevelRulePart(RulePart):
    """A state that follows points."""

    paths = {**RulePart.paths, "base_metric": ("base_metric",), "level_metric": ("level_metric",)}
    demanded = frozenset({"id", "name", "base_metric", "level_metric"})
    lines = (*ComponentPart.lines, ("base_metric", "level_metric"))
    lists = {
        "levels": Rows(
            ("levels",),
            LevelPart,
            _("Levels"),
            _("level"),
            help=_("The lowest first. The last one needs no upper end."),
        )
    }
    base_metric = PickField(label=_("Points that decide"))
    level_metric = PickField(label=_("State that follows"))

    def offer(self) -> None:
        """Points, and states."""
        self.pick("base_metric", [offers.NOTHING, *offers.metrics(self.catalogue, {}, "point")])
        self.pick("level_metric", [offers.NOTHING, *offers.metrics(self.catalogue, {}, "state")])


class EarnedPart(Part):
    """An item that an achievement gives."""

    paths = {"key": ("key",), "value": ("value",)}
    key = PickField(label=_("Item"))
    value = LineField(label=_("How many to hold"), size=6, initial="1")
    more = more_field()

    def offer(self) -> None:
        """All items."""
        self.pick("key", [offers.NOTHING, *offers.members(self.catalogue, "set")])


class AchievementPart(RulePart):
    """Items for whoever meets a condition."""

    paths = {**RulePart.paths, "metric": ("achievement", "metric", "id")}
    aliases = {("achievement", "metric"): "metric"}
    demanded = frozenset({"id", "name", "metric"})
    inner = {"requires": Inner(("requires",), ConditionPart, _("Earned once"))}
    lists = {"items": Rows(("achievement", "items"), EarnedPart, _("Items"), _("item"))}
    metric = PickField(label=_("Set of the items"))

    def offer(self) -> None:
        """Sets."""
        self.pick("metric", [offers.NOTHING, *offers.metrics(self.catalogue, {}, "set")])


class CustomRulePart(RulePart):
    """What the site runs when it likes."""

    lists = {
        "variables": VARIABLES,
        "rules": Rows(
            ("rules",), CertainRewardRulePart, _("What it gives"), _("group of rewards"), is_table=False, spare=0
        ),
    }
