"""The form of leaderboards (``engine.md`` §11.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.cycles import CYCLE_NAMES
from django_playlyfe.engine.admin.desk.fields import PickField
from django_playlyfe.engine.admin.desk.forms import offers
from django_playlyfe.engine.admin.desk.forms.common import COMMON, ComponentPart
from django_playlyfe.engine.admin.desk.forms.conditions import ConditionPart
from django_playlyfe.engine.admin.desk.parts import Inner
from django_playlyfe.engine.admin.desk.paths import Wire


class BoardPart(ComponentPart):
    """Who is ahead."""

    paths = {
        **COMMON,
        "entity_type": ("entity_type",),
        "metric": ("metric", "id"),
        "scope": ("scope", "type"),
        "scope_id": ("scope", "id"),
        "cycles": ("cycles",),
        "ties": ("ties",),
    }
    aliases = {("metric",): "metric", ("metric", "type"): "metric", ("scope",): "scope"}
    demanded = frozenset({"id", "name", "metric"})
    inner = {"requires": Inner(("requires",), ConditionPart, _("Shown to a player only if"))}
    lines = (*ComponentPart.lines, ("scope", "scope_id"))
    entity_type = PickField(label=_("Ranks"), choices=[("players", _("players")), ("teams", _("teams"))])
    metric = PickField(label=_("By"))
    scope = PickField(
        label=_("Among"),
        choices=[
            ("game", _("everybody in the game")),
            ("custom", _("groups that each play names")),
            ("team_definition", _("teams of a definition")),
            ("team_instance", _("the members of one team")),
        ],
    )
    scope_id = PickField(label=_("Team definition"), help_text=_("For teams only."))
    cycles = forms.MultipleChoiceField(
        label=_("Cycles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=list(CYCLE_NAMES.items()),
        initial=["alltime"],
    )
    ties = PickField(
        label=_("Equal scores"),
        choices=[
            ("", _("as the engine does: 1, 1, 3")),
            ("competition", "1, 1, 3"),
            ("dense", "1, 1, 2"),
            ("first", _("1, 2, 3: who was there first")),
        ],
    )

    def offer(self) -> None:
        """Metrics that are numbers, and teams."""
        self.pick("metric", [offers.NOTHING, *offers.metrics(self.catalogue, {}, "point", "compound")])
        teams = [(key, offers.named(entry, key)) for key, entry in self.catalogue.teams.items()]
        self.pick("scope_id", [offers.NOTHING, *teams])

    def unknown(self, value: Mapping[str, Any]) -> Wire:
        """The type of the metric follows from the metric, and there is one type of boards."""
        return {key: entry for key, entry in super().unknown(value).items() if key not in ("metric", "type")}

    def written(self) -> Wire:
        """With the type of its metric."""
        board = super().written()
        metric = self.catalogue.metrics.get(self.cleaned_data["metric"])
        board["metric"] = {"id": self.cleaned_data["metric"], "type": metric.type if metric else "point"}
        return board
