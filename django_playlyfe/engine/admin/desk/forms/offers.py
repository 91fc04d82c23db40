"""What forms offer to choose from: the components of a design, with their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_playlyfe.engine.design.catalogue import Catalogue, MetricEntry

Choice = tuple[str, Any]

NOTHING: Choice = ("", "---------")

OPERATORS = [
    ("eq", gettext_lazy("is")),
    ("ne", gettext_lazy("is not")),
    ("gt", gettext_lazy("is more than")),
    ("ge", gettext_lazy("is at least")),
    ("lt", gettext_lazy("is less than")),
    ("le", gettext_lazy("is at most")),
]
TIMES = [
    ("hour_of_day", gettext_lazy("hour of the day (0 to 23)")),
    ("day_of_week", gettext_lazy("day of the week (1 = Monday)")),
    ("day_of_month", gettext_lazy("day of the month")),
    ("day_of_year", gettext_lazy("day of the year")),
    ("week_of_year", gettext_lazy("week of the year")),
    ("month_of_year", gettext_lazy("month of the year")),
]

STREAKS = [
    ("day", gettext_lazy("days in a row")),
    ("week", gettext_lazy("weeks in a row")),
    ("month", gettext_lazy("months in a row")),
]


def named(entry: Mapping[str, Any] | None, identifier: str) -> str:
    """A component in a list of choices: its name, and its id where that differs."""
    name = str((entry or {}).get("name") or identifier)
    return name if name == identifier else f"{name} ({identifier})"


def metrics(catalogue: Catalogue, names: Mapping[str, str], *types: str) -> list[Choice]:
    """The metrics of some types."""
    return [(m.id, names.get(m.id, m.id)) for m in catalogue.metrics.values() if m.type in types]


def members(catalogue: Catalogue, *types: str) -> list[Choice]:
    """Items and states, in a group for each metric; the value is the member's id."""
    found = [metric for metric in catalogue.metrics.values() if metric.type in types and metric.members]
    return [(metric.id, [(key, named(entry, key)) for key, entry in metric.members.items()]) for metric in found]


def subjects(catalogue: Catalogue) -> list[Choice]:
    """What a condition can look at, in groups."""
    of = catalogue.metrics.values()
    numbers = [(f"metric:{metric.id}", metric.id) for metric in of if metric.type in ("point", "compound")]
    states = [(f"state:{metric.id}", metric.id) for metric in of if metric.type == "state"]
    actions = [(f"action:{key}", named(entry, key)) for key, entry in catalogue.actions.items()]
    teams = [(f"team:{key}", named(entry, key)) for key, entry in catalogue.teams.items()]
    groups: list[Choice] = [
        (_("Scores"), numbers),
        (_("Items held"), list(_items(of))),
        (_("State"), states),
        (_("Times played"), actions),
        *_streaks(catalogue),
        (_("Date and time"), [(f"time:{key}", label) for key, label in TIMES]),
        (_("Anything else"), [("var", _("expression:"))]),
        (_("Member of a team, with the role"), teams),
    ]
    return [NOTHING, *((title, choices) for title, choices in groups if choices)]


def _streaks(catalogue: Catalogue) -> Iterable[Choice]:
    """For each unit the actions, and any of them."""
    actions = [(key, named(entry, key)) for key, entry in catalogue.actions.items()]
    for unit, title in STREAKS:
        choices = [(f"streak:{unit}:{key}", label) for key, label in [("", _("any action")), *actions]]
        yield _("Played: %(streak)s") % {"streak": title}, choices if actions else []


def _items(of: Iterable[MetricEntry]) -> Iterable[Choice]:
    for metric in of:
        if metric.type == "set":
            for key, entry in metric.members.items():
                yield f"item:{metric.id}:{key}", f"{metric.id}: {named(entry, key)}"
