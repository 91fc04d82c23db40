"""The forms of what a design has once: the game itself, and what new players are given (``engine.md`` §2, §14.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, PickField, more_field
from django_playlyfe.engine.admin.desk.forms.rewards import RewardPart
from django_playlyfe.engine.admin.desk.parts import Part, Rows
from django_playlyfe.engine.admin.desk.paths import Wire


class GamePart(Part):
    """The game."""

    paths = {
        "title": ("title",),
        "description": ("description",),
        "timezone": ("timezone",),
        "cycle_timezone": ("cycle_timezone",),
        "access": ("access",),
        "image": ("image",),
    }
    demanded = frozenset({"title"})
    title = LineField(label=_("Title"), help_text=_("What people read."))
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})
    )
    timezone = LineField(
        label=_("Time zone"),
        initial="UTC",
        help_text=_("Such as Europe/Lisbon: conditions on time and FIXED limits follow its clock."),
    )
    cycle_timezone = LineField(
        label=_("Time zone of leaderboards"), help_text=_("When their days, weeks and months begin; empty for UTC.")
    )
    access = PickField(
        label=_("Access"), choices=[(value, value) for value in ("PRIVATE", "PROTECTED", "PUBLIC")], initial="PRIVATE"
    )
    image = LineField(label=_("Image"), code=True, help_text=_("The id of an image; empty for the stock image."))
    more = more_field()


class BootstrapPart(Part):
    """What new players are given."""

    def unknown(self, value: Mapping[str, Any]) -> Wire:
        """Teams and processes only where there are some: nobody is given them yet."""
        return {key: entry for key, entry in super().unknown(value).items() if entry != []}

    lists = {
        "scores": Rows(
            ("scores",),
            RewardPart,
            _("Scores"),
            _("reward"),
            help=_(
                "Value: of points a number; of items their ids and counts, such as bookmark: 1, medal: 2; of states "
                "the id of one."
            ),
        )
    }
    more = more_field()
