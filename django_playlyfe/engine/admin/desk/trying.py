"""Trying a play: what it would do to a player under a design. Judged as a play is, and nothing is written."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_playlyfe import instants
from django_playlyfe.engine.admin.desk import words
from django_playlyfe.engine.admin.desk.entrance import Desk, has
from django_playlyfe.engine.admin.desk.fields import LineField, PickField
from django_playlyfe.engine.admin.desk.forms import offers
from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.calls.judging import judge_play
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.design.catalogue import read_catalogue
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.exceptions import DesignInvalid
from django_playlyfe.engine.ledger import guards
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Environment, Player
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.conditions import holds
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.snapshot import Snapshot
from django_playlyfe.engine.rules.state import Outcome, PlayerState, PlayInput, Refused, Write

Wire = dict[str, Any]

PLAYERS = "view_player"
"""Whose permission shows the scores of a player."""
_DRAFT = "draft"
_SUGGESTED = 8
_MOST = 2**31 - 1
_VARIABLE = "var-"


class TryForm(forms.Form):
    """A play, and what it is judged on. Fields of the action's variables are added once the action is known."""

    use_required_attribute = False
    design = PickField(label=gettext_lazy("Judged by"), initial=_DRAFT)
    environment = forms.ChoiceField(
        label=gettext_lazy("Players of"), choices=Environment.choices, initial=Environment.PRODUCTION, required=False
    )
    player = LineField(
        label=gettext_lazy("Player"), help_text=gettext_lazy("The id of a player; empty for somebody new.")
    )
    action = PickField(label=gettext_lazy("Action"))
    count = forms.IntegerField(label=gettext_lazy("Count"), initial=1, min_value=1, max_value=_MOST, required=False)
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=gettext_lazy("On the clock of the game; empty for now. The player is taken as of now."),
    )
    seed = LineField(
        label=gettext_lazy("Dice"), size=12, help_text=gettext_lazy("The same text rolls the same dice again.")
    )

    def clean_at(self) -> datetime | None:
        """As it was written: the zone is that of the game, not of this site."""
        at: datetime | None = self.cleaned_data["at"]
        return at.replace(tzinfo=None) if at is not None else None


@dataclass
class Trial:
    """What a play would do.

    Attributes:
        refused: what the rules say against it; nothing else is known then.
        scores: metric, item, before, after of every score that would change.
        events: type and changes of each event, in words.
        groups: of the action's groups of rewards: condition in words, and whether it held.
        rolls: what was rolled, the chance, and whether it was won.
    """

    refused: str = ""
    scores: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    events: list[tuple[str, list[str]]] = field(default_factory=list)
    groups: list[tuple[str, str, bool]] = field(default_factory=list)
    rolls: list[tuple[str, float, float, bool]] = field(default_factory=list)
    count: tuple[int, int] = (0, 0)


def try_play(desk: Desk) -> HttpResponse:
    """The form, and what would come of it. Everything is in the address: reading a page writes nothing."""
    asked = desk.request.GET
    form = TryForm(asked if asked else None, initial={"seed": secrets.token_hex(3)})
    form.fields["design"].choices = _designs(desk)  # type: ignore[attr-defined] # a PickField
    document = _document(desk, asked.get("design", ""))
    actions = read_catalogue(document).actions
    choices = [(key, offers.named(entry, key)) for key, entry in actions.items()]
    form.fields["action"].choices = [offers.NOTHING, *choices]  # type: ignore[attr-defined]
    action = actions.get(asked.get("action", ""), {})
    for variable in action.get("variables", ()):
        form.fields[f"{_VARIABLE}{variable['name']}"] = LineField(
            label=_("Variable %(name)s") % {"name": variable["name"]}, help_text=_expected(variable)
        )
    trial: Trial | None = None
    suggestions: list[str] = []
    if form.is_bound and form.is_valid() and form.cleaned_data["action"]:
        projections, suggestions = _player(desk, form)
        if projections is not None:
            trial = _try(desk, form, action, projections)
    return desk.show(
        "try",
        _("Try a play"),
        form=form,
        trial=trial,
        action=action,
        suggestions=suggestions,
        zone=document.get("game", {}).get("timezone", "UTC"),
    )


def _designs(desk: Desk) -> list[tuple[str, str]]:
    found = [(_DRAFT, _("the working design"))]
    for environment in Environment:
        version = getattr(desk.game, environment.value)
        if version is not None:
            label = _("version %(number)s, in force in %(name)s")
            found.append((environment.value, label % {"number": version.number, "name": environment.label}))
    return found


def _plan(desk: Desk, design: str) -> Plan:
    """What judges. Raises DesignInvalid: the working design has errors."""
    if design in Environment.values and getattr(desk.game, design) is not None:
        return plans.plan_of(getattr(desk.game, design))
    if desk.examined.plan is None:
        raise DesignInvalid(report=desk.examined.report)
    return desk.examined.plan


def _document(desk: Desk, design: str) -> Wire:
    """The design that judges; the working one, whatever is asked that there is not."""
    version = getattr(desk.game, design) if design in Environment.values else None
    return normalise(version.document) if version is not None else desk.examined.canonical


def _expected(variable: Mapping[str, Any]) -> str:
    kind = _("a whole number") if variable.get("type") == "int" else _("text")
    if variable.get("required"):
        return _("%(kind)s, must be given") % {"kind": kind}
    default = variable.get("default")
    return kind if default is None else _("%(kind)s, %(default)s if left out") % {"kind": kind, "default": default}


def _player(desk: Desk, form: TryForm) -> tuple[Projections | None, list[str]]:
    """What the player has; None with ids that begin alike, if there is no such player."""
    player_id = form.cleaned_data["player"]
    environment = form.cleaned_data["environment"] or Environment.PRODUCTION.value
    players = Player.objects.filter(game=desk.game, environment=environment)
    if not player_id:
        return Projections(Player(game=desk.game, environment=environment)), []
    if not has(desk.request, PLAYERS):
        form.add_error("player", _("You may not look at players. Leave it empty for somebody new."))
        return None, []
    player = players.filter(player_id=player_id).first()
    if player is not None:
        return Projections.load(player), []
    form.add_error("player", _("There is no such player."))
    alike = players.filter(player_id__startswith=player_id).order_by("player_id")
    return None, list(alike.values_list("player_id", flat=True)[:_SUGGESTED])


def _try(desk: Desk, form: TryForm, action: Mapping[str, Any], projections: Projections) -> Trial | None:
    try:
        plan = _plan(desk, form.cleaned_data["design"])
    except DesignInvalid:
        form.add_error("design", _("This design has errors; they are listed at the desk."))
        return None
    given = form.cleaned_data
    variables = {name: given[f"{_VARIABLE}{name}"] for name in _names(action) if given[f"{_VARIABLE}{name}"]}
    at = _instant(plan, given["at"])
    dice = KeyedDice("", uuid.uuid5(uuid.NAMESPACE_OID, given["seed"]))
    if projections.player.pk is None:
        projections.apply(judge.bootstrap(plan, PlayerState(), at, dice).writes, at)
    else:
        guards.load([projections], guards.asked_by_play(plan, given["action"], variables))
    before = projections.state(plan)
    request = PlayInput(action=given["action"], variables=variables, count=given["count"] or 1, at=at)
    try:
        outcome = judge_play(plan, projections, request, dice).outcome
    except Refused as refused:
        return _refused(form, refused, action)
    return _told(plan, before, request, outcome, action)


def _names(action: Mapping[str, Any]) -> Iterable[str]:
    return [variable["name"] for variable in action.get("variables", ())]


def _instant(plan: Plan, at: datetime | None) -> datetime:
    when = instants.now() if at is None else at.replace(tzinfo=ZoneInfo(plan.timezone))
    return inputs.in_milliseconds(when.astimezone(timezone.utc))


def _refused(form: TryForm, refused: Refused, action: Mapping[str, Any]) -> Trial | None:
    """Wrong variables are told at their fields."""
    if refused.code == "rate_limit_exceeded":
        return Trial(refused=_("The limit is used up: %(limit)s.") % {"limit": words.limit(action.get("rate"))})
    if refused.code == "access_denied":
        asked = words.condition(action.get("requires"))
        return Trial(refused=_("The action is open only to players with: %(condition)s.") % {"condition": asked})
    if refused.code != "validation_exception":
        return Trial(refused=refused.text)
    for problem in (refused.report or {}).get("errors", ()):
        name = f"{_VARIABLE}{str(problem['path']).rpartition('/')[2]}"
        form.add_error(name if name in form.fields else None, in_the_readers_language(problem["message"]))
    return None


def _told(plan: Plan, before: PlayerState, request: PlayInput, outcome: Outcome, action: Mapping[str, Any]) -> Trial:
    name = request.action
    told = Trial(count=(before.counts.get(name, 0), outcome.state.counts.get(name, 0)))
    told.scores = [_score(plan, write) for write in outcome.writes]
    told.events = [(str(draft.body["event"]), _changes(draft.body.get("changes", ()))) for draft in outcome.events]
    own: Mapping[str, Any] = next((draft.body for draft in outcome.events if draft.body["event"] == "action"), {})
    view = Snapshot.take(plan, before, request.at, own.get("action", {}).get("vars", {}))
    pairs = zip(plan.actions[name].rules, action.get("rules", ()), strict=True)
    for compiled, written in pairs:
        said = ", ".join(words.reward(one) for one in written.get("rewards", ()))
        told.groups.append((said, words.condition(written.get("requires")), holds(compiled.requires, view)))
    told.rolls = [_roll(action, key, number) for key, number in outcome.rolls.items()]
    return told


def _score(plan: Plan, write: Write) -> tuple[str, str, Any, Any]:
    return plan.metrics[write.metric].name, write.item, write.before, write.after


def _changes(changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """``Coins 10 → 15``."""
    said = []
    for change in changes:
        metric, delta = change["metric"], change["delta"]
        parts = delta.items() if metric["type"] == "set" else [("", delta)]
        for item, moved in parts:
            old, new = ("–" if value is None else value for value in (moved["old"], moved["new"]))
            said.append(f"{metric['name']} {f'{item} ' if item else ''}{old} → {new}")
    return said


def _roll(action: Mapping[str, Any], key: str, number: float) -> tuple[str, float, float, bool]:
    """What a roll was for, what it showed, the chance, and whether it was won."""
    if key == "action":
        chance, about = action.get("probability", 1), _("the action")
    else:
        rule, _dot, position = key.partition(".")
        reward = action["rules"][int(rule)]["rewards"][int(position)]
        chance, about = reward.get("probability", 1), words.reward(reward)
    return about, number, chance, number < chance
