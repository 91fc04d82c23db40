"""Forms about one player. They work without JavaScript: a form knows its metric before it is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.calls.inputs import LONGEST_REASON
from django_playlyfe.engine.rules.arithmetic import LIMIT
from django_playlyfe.engine.rules.plan import Metric, PointMetric, SetMetric, StateMetric

VERBS = [("add", _("add")), ("remove", _("take away")), ("set", _("set to"))]


class ReasonForm(forms.Form):
    """Why something is done; and which state of the player the person has looked at."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text=_("Kept in the log, and shown to whoever asks for the player's data."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class AdjustForm(ReasonForm):
    """A change of one score, for the kind of metric it is."""

    field_order = ("verb", "item", "value", "state", "reason", "seen")

    def __init__(self, metric: Metric, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metric = metric
        if isinstance(metric, StateMetric):
            states = [(state.id, state.name) for state in metric.states.values()]
            self.fields["state"] = forms.ChoiceField(label=_("State"), choices=states)
        else:
            self.fields["verb"] = forms.ChoiceField(label=_("What to do"), choices=VERBS)
            self.fields["value"] = forms.IntegerField(
                label=_("Number"), min_value=-LIMIT, max_value=LIMIT, help_text=self._bounds()
            )
        if isinstance(metric, SetMetric):
            items = [(item.id, item.name) for item in metric.items.values()]
            self.fields["item"] = forms.ChoiceField(label=_("Item"), choices=items)
        self.order_fields(self.field_order)

    def clean_value(self) -> int:
        """Counts, and what is added or taken away, are not negative."""
        value: int = self.cleaned_data["value"]
        if value < 0 and (isinstance(self.metric, SetMetric) or self.cleaned_data.get("verb") != "set"):
            raise forms.ValidationError(_("Write a number that is not negative."), code="negative")
        return value

    def reward(self) -> dict[str, Any]:
        """What is asked for, as rewards are written in a design."""
        given, metric = self.cleaned_data, self.metric
        named = {"id": metric.id, "type": metric.type}
        if isinstance(metric, StateMetric):
            return {"metric": named, "verb": "set", "value": given["state"]}
        value = str(given["value"])
        return {
            "metric": named,
            "verb": given["verb"],
            "value": {given["item"]: value} if isinstance(metric, SetMetric) else value,
        }

    def _bounds(self) -> str:
        if not isinstance(self.metric, PointMetric):
            return ""
        low, high = self.metric.minimum, self.metric.maximum
        if low is None and high is None:
            return ""
        text = gettext("The score stays between %(low)s and %(high)s.")
        return text % {"low": "−∞" if low is None else low, "high": "∞" if high is None else high}
