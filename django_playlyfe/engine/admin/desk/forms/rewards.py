"""Rewards, the pairs of a condition and rewards, and variables (``engine.md`` §4, §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, NumberField, PickField, more_field
from django_playlyfe.engine.admin.desk.forms import offers
from django_playlyfe.engine.admin.desk.forms.conditions import ConditionPart
from django_playlyfe.engine.admin.desk.parts import Inner, Part, Rows
from django_playlyfe.engine.admin.desk.paths import Wire

_PLAYER = "player"
VERBS = [("add", _("give")), ("remove", _("take")), ("set", _("set to"))]


class PlainRewardPart(Part):
    """What every reward has."""

    paths = {"metric": ("metric", "id"), "verb": ("verb",), "value": ("value",)}
    aliases = {("metric",): "metric", ("metric", "type"): "metric"}
    metric = PickField(label=_("Metric"))
    verb = PickField(label=_("What happens"), choices=VERBS, initial="add")
    value = LineField(label=_("Value"), size=24, code=True)
    more = more_field()

    def offer(self) -> None:
        """All metrics but those that are computed."""
        found = offers.metrics(self.catalogue, {}, "point", "set", "state")
        self.pick("metric", [offers.NOTHING, *found])

    def load(self, value: Mapping[str, Any]) -> Wire:
        """Items and their counts on one line."""
        shown = super().load(value)
        shown["more"] = {key: entry for key, entry in (shown["more"] or {}).items() if key != "metric"} or None
        if isinstance(shown["value"], dict):
            shown["value"] = ", ".join(f"{item}: {count}" for item, count in shown["value"].items())
        return shown

    def written(self) -> Wire:
        """The reward, with the type of its metric."""
        reward = super().written()
        metric = self.catalogue.metrics.get(self.cleaned_data["metric"])
        kind = metric.type if metric else "point"
        reward["metric"] = {"id": self.cleaned_data["metric"], "type": kind}
        if kind == "set":
            reward["value"] = items_of(self.cleaned_data["value"])
        return reward


class RewardPart(PlainRewardPart):
    """A reward, perhaps by chance."""

    paths = {**PlainRewardPart.paths, "probability": ("probability",)}
    probability = NumberField(label=_("Chance"), initial=1, help_text=_("From 0 to 1."))
    field_order = ("metric", "verb", "value", "probability", "best", "more")


class BestMixin(PlainRewardPart):
    """A reward that may pay only what is better than the best before."""

    aliases = {**PlainRewardPart.aliases, ("best",): "best", ("best", "per"): "best"}
    best = LineField(label=_("Beyond the best of"), size=9, code=True)

    def load(self, value: Mapping[str, Any]) -> Wire:
        """The player, or the variable whose values have a best each."""
        best = value.get("best")
        whose = str(best.get("per", _PLAYER)) if isinstance(best, Mapping) and _is_simple(best) else ""
        return {**super().load(value), "best": whose}

    def unknown(self, value: Mapping[str, Any]) -> Wire:
        """A best that is remembered under an id of its own stays as it is."""
        rest = super().unknown(value)
        return {key: entry for key, entry in rest.items() if key != "best" or not _is_simple(entry)}

    def written(self) -> Wire:
        """With whose best is to be beaten."""
        reward, whose = super().written(), self.cleaned_data["best"]
        if whose:
            reward["best"] = {} if whose == _PLAYER else {"per": whose}
        return reward


class ActionRewardPart(BestMixin, RewardPart):
    """A reward of an action."""


class CertainRewardPart(BestMixin):
    """A reward that no dice decide about."""

    field_order = ("metric", "verb", "value", "best", "more")


class RewardRulePart(Part):
    """Rewards, and when they are paid."""

    inner = {"requires": Inner(("requires",), ConditionPart, _("Only if"))}
    lists = {
        "rewards": Rows(
            ("rewards",),
            ActionRewardPart,
            _("Rewards"),
            _("reward"),
            help=_(
                "Value: of points a number or an expression such as $vars['pages'] / 10; of items their ids and "
                "counts, such as bookmark: 1, medal: 2; of states the id of one. Beyond the best of: player, or the "
                "name of a variable with a best for each value; then only what is better than the best before is paid."
            ),
        )
    }
    aliases = {("once",): "once", ("once", "per"): "once_per", ("once", "id"): "once_id"}
    lines = (("once", "once_per", "once_id"),)
    once = PickField(
        label=_("Paid"),
        choices=[
            ("", _("every time")),
            ("player", _("once for a player")),
            ("per", _("once for each value of a variable")),
        ],
    )
    once_per = LineField(label=_("Variable"), size=14, code=True, help_text=_("If it is paid once for each value."))
    once_id = LineField(
        label=_("Remembered as"), size=14, code=True, help_text=_("An id, if more than one group is paid once.")
    )
    more = more_field()

    def load(self, value: Mapping[str, Any]) -> Wire:
        """For what it is paid once."""
        shown, once = super().load(value), value.get("once")
        if isinstance(once, Mapping):
            shown |= {"once": "per" if "per" in once else "player", "once_per": once.get("per", "")}
            shown["once_id"] = once.get("id", "")
        return shown

    def unknown(self, value: Mapping[str, Any]) -> Wire:
        """What is paid once has fields."""
        return {key: entry for key, entry in super().unknown(value).items() if key != "once"}

    def written(self) -> Wire:
        """With what it is paid once for."""
        rule, found = super().written(), self.cleaned_data
        if found["once"]:
            rule["once"] = {"id": found["once_id"]} if found["once_id"] else {}
            if found["once"] == "per":
                rule["once"]["per"] = found["once_per"]
        return rule


class CertainRewardRulePart(RewardRulePart):
    """The same without dice."""

    lists = {
        "rewards": Rows(
            ("rewards",), CertainRewardPart, _("Rewards"), _("reward"), help=RewardRulePart.lists["rewards"].help
        )
    }


class VariablePart(Part):
    """What is told about a play."""

    paths = {"name": ("name",), "type": ("type",), "required": ("required",), "default": ("default",)}
    name = LineField(label=_("Name"), size=16, code=True)
    type = PickField(label=_("Type"), choices=[("int", _("whole number")), ("string", _("text"))], initial="int")
    required = forms.BooleanField(label=_("Must be given"), required=False)
    default = LineField(label=_("If left out"), size=10, strip=False)
    more = more_field()

    def written(self) -> Wire:
        """Numbers as numbers."""
        variable = super().written()
        default = variable.get("default")
        if variable.get("type") == "int" and isinstance(default, str) and default.strip().lstrip("-").isdecimal():
            variable["default"] = int(default)
        return variable


VARIABLES = Rows(("variables",), VariablePart, _("Variables"), _("variable"))


def _is_simple(best: object) -> bool:
    """Whether a text can say whose best it is."""
    return isinstance(best, Mapping) and best.get("id", "best") == "best" and best.get("per") != _PLAYER


def items_of(text: str) -> Wire:
    """``bookmark: 1, medal: min(2, 3)`` -> items and counts; an item alone counts once."""
    items: Wire = {}
    for part in _parts(text):
        item, colon, count = part.partition(":")
        items[item.strip()] = count.strip() if colon else "1"
    return items


def _parts(text: str) -> list[str]:
    """What stands between commas, but for those inside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]
