"""The forms of metrics (``engine.md`` §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, more_field
from django_playlyfe.engine.admin.desk.forms.common import COMMON, ComponentPart
from django_playlyfe.engine.admin.desk.parts import Part, Rows
from django_playlyfe.engine.admin.desk.paths import Path


class MetricPart(ComponentPart):
    """A metric of any type."""

    paths: ClassVar[Mapping[str, Path]] = {**COMMON, "type": ("type",)}
    type = forms.CharField(required=False, widget=forms.HiddenInput)


class PointPart(MetricPart):
    """Points: a number."""

    paths = {
        **MetricPart.paths,
        "minimum": ("constraints", "min"),
        "maximum": ("constraints", "max"),
        "default": ("constraints", "default"),
    }
    lines = (*ComponentPart.lines, ("minimum", "maximum", "default"))
    minimum = LineField(label=_("Lowest value"), size=12, initial="0", help_text=_("An integer or -Infinity."))
    maximum = LineField(label=_("Highest value"), size=12, initial="Infinity", help_text=_("An integer or Infinity."))
    default = LineField(label=_("To begin with"), size=12, initial="0", help_text=_("While a player has no score."))


class ItemPart(Part):
    """An item of a set."""

    paths = {
        "id": ("id",),
        "name": ("name",),
        "description": ("description",),
        "image": ("image",),
        "max": ("max",),
        "hidden": ("hidden",),
    }
    id = LineField(label=_("Id"), size=14, code=True)
    name = LineField(label=_("Name"), size=16)
    description = LineField(label=_("Description"), size=24)
    image = LineField(label=_("Image"), size=14, code=True)
    max = LineField(label=_("At most"), size=6, initial="1")
    hidden = forms.BooleanField(label=_("Secret"), required=False)
    more = more_field()


class SetPart(MetricPart):
    """A set: items that are counted."""

    paths = {**MetricPart.paths, "max_items": ("constraints", "max_items")}
    lists = {
        "items": Rows(
            ("constraints", "items"),
            ItemPart,
            _("Items"),
            _("item"),
            help=_("An item without an id gets one from its name. A secret item is not shown before it is earned."),
        )
    }
    max_items = LineField(
        label=_("Most different items"), size=12, initial="Infinity", help_text=_("An integer or Infinity.")
    )


class StatePart(Part):
    """One state."""

    paths = {"id": ("id",), "name": ("name",), "description": ("description",), "image": ("image",)}
    id = LineField(label=_("Id"), size=14, code=True)
    name = LineField(label=_("Name"), size=16)
    description = LineField(label=_("Description"), size=24)
    image = LineField(label=_("Image"), size=14, code=True)
    more = more_field()


class StatesPart(MetricPart):
    """A state metric: one of a list."""

    lists = {
        "states": Rows(
            ("constraints", "states"), StatePart, _("States"), _("state"), help=_("In their order, the lowest first.")
        )
    }


class CompoundPart(MetricPart):
    """A compound: computed from other metrics."""

    paths = {**MetricPart.paths, "formula": ("constraints", "formula")}
    demanded = frozenset({"id", "name", "formula"})
    formula = LineField(
        label=_("Formula"),
        code=True,
        strip=False,
        help_text=_("Of points, items and other compounds: $scores['xp'] / 10 + $scores['badges']['bookworm'] * 50"),
    )
