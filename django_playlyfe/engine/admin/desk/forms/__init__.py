"""Which form shows which component."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.forms.actions import ActionPart
from django_playlyfe.engine.admin.desk.forms.boards import BoardPart
from django_playlyfe.engine.admin.desk.forms.common import PlainPart
from django_playlyfe.engine.admin.desk.forms.metrics import CompoundPart, PointPart, SetPart, StatesPart
from django_playlyfe.engine.admin.desk.forms.rules import AchievementPart, CustomRulePart, LevelRulePart
from django_playlyfe.engine.admin.desk.forms.settings import BootstrapPart, GamePart
from django_playlyfe.engine.admin.desk.parts import Part, Text

TYPES: Mapping[str, Mapping[str, Text]] = {
    "metrics": {
        "point": _("Points"),
        "set": _("Set of items"),
        "state": _("State"),
        "compound": _("Compound"),
    },
    "rules": {"level": _("Levels"), "achievement": _("Achievement"), "custom": _("Custom rule")},
}
"""The kinds whose components have a type, and what the types are called."""

_FORMS: Mapping[tuple[str, str], type[Part]] = {
    ("metrics", "point"): PointPart,
    ("metrics", "set"): SetPart,
    ("metrics", "state"): StatesPart,
    ("metrics", "compound"): CompoundPart,
    ("actions", ""): ActionPart,
    ("rules", "level"): LevelRulePart,
    ("rules", "achievement"): AchievementPart,
    ("rules", "custom"): CustomRulePart,
    ("leaderboards", ""): BoardPart,
    ("game", ""): GamePart,
    ("bootstrap", ""): BootstrapPart,
}

MOST_FIELDS = 900
"""A browser sends at most a thousand (DATA_UPLOAD_MAX_NUMBER_FIELDS): what has more is edited as JSON."""


def form_of(kind: str, type_: str) -> type[Part]:
    """The form of a component; teams and processes are shown as JSON."""
    return _FORMS.get((kind, type_ if kind in TYPES else ""), PlainPart)
