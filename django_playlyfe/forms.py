"""The form behind a play button: the variables that ``BROWSER_ACTIONS`` lets a browser set, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from django_playlyfe.types import Action, Variable

_LONGEST_TEXT = 1000


class PlayForm(forms.Form):
    """Asks for some variables of an action.

    Args:
        action: what will be played; its ``variables`` say how each value is read.
        allowed: names of the variables that a browser may set.
    """

    def __init__(self, action: Action, allowed: Iterable[str], *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"playlyfe-{action.id}-%s")
        super().__init__(*args, **kwargs)
        self.action_id = action.id
        declared = {variable.name: variable for variable in action.variables}
        for name in allowed:
            if name in declared:
                self.fields[name] = _field(declared[name])

    @property
    def variables(self) -> dict[str, Any]:
        """The values of a valid form; what was left empty is left out, so that the design's default holds."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


def _field(variable: Variable) -> forms.Field:
    label = variable.name.replace("_", " ").capitalize()
    if variable.type == "int":
        return forms.IntegerField(label=label, required=variable.required, initial=variable.default)
    return forms.CharField(label=label, required=variable.required, initial=variable.default, max_length=_LONGEST_TEXT)


@dataclass(frozen=True)
class Offer:
    """An action on an actions page. ``form`` is None for one that the site's own code plays."""

    action: Action
    form: PlayForm | None = None


def offers(
    actions: Iterable[Action], browser_actions: Mapping[str, Mapping[str, Any]], refused: PlayForm | None = None
) -> list[Offer]:
    """The actions with a form each, where the browser may play them.

    Args:
        actions: what the player can do.
        browser_actions: the setting ``BROWSER_ACTIONS``.
        refused: a form with errors, shown in place of a fresh one of the same action.
    """
    return [Offer(action, _form(action, browser_actions, refused)) for action in actions]


def _form(
    action: Action, browser_actions: Mapping[str, Mapping[str, Any]], refused: PlayForm | None
) -> PlayForm | None:
    if action.id not in browser_actions:
        return None
    if refused is not None and refused.action_id == action.id:
        return refused
    allowed = browser_actions[action.id]["variables"]
    if any(variable.required and variable.name not in allowed for variable in action.variables):
        return None  # a button that could only fail
    return PlayForm(action, allowed)
