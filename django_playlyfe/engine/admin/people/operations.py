"""What can be done to a player on the desk: each asks, shows what it would change, does it, and says so in the log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.utils.translation import gettext as _

from django_playlyfe.engine import services
from django_playlyfe.engine.admin.people.forms import VERBS, AdjustForm, ReasonForm
from django_playlyfe.engine.ledger import event_ids
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules.plan import Metric, Plan, SetMetric, StateMetric
from django_playlyfe.exceptions import InvalidRequest, NotFound, PlaylyfeError
from django_playlyfe.wire import make_error

ADJUST = "django_playlyfe_engine.adjust_player"
UNDO = "django_playlyfe_engine.undo_call"
CHANGE = "django_playlyfe_engine.change_player"
PERMISSIONS = {
    "adjust": ADJUST,
    "undo": UNDO,
    "change": CHANGE,
    "see_calls": "django_playlyfe_engine.view_call",
}
"""What pages ask about, by a short name."""
TAKEN_BACK = (Call.Kind.PLAY, Call.Kind.RULE, Call.Kind.SCORE, Call.Kind.AWARD)
"""Kinds of calls that can be taken back from the history."""
MOST_JUDGED_AGAIN = 1000
"""Later calls of the player that a page judges again; the command takes back what is older."""


class Operation(ABC):
    """Something done to one player by one person.

    Attributes:
        permission: what the person needs.
        asks_first: its outcome depends on what is filled in, so the form comes before the preview.
        is_rehearsed: it changes scores, so there is a preview.
    """

    permission: str
    asks_first = False
    is_rehearsed = True

    def __init__(self, player: Player, plan: Plan) -> None:
        self.player, self.plan = player, plan
        self.realm = Realm(player.game.game_id, player.environment)

    def form(self, *args: Any, **kwargs: Any) -> ReasonForm:
        """What is asked of the person."""
        return ReasonForm(*args, **kwargs)

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is called, above the page and on its button."""

    @property
    @abstractmethod
    def explanation(self) -> str:
        """What it means, in a sentence or two."""

    @abstractmethod
    def write(self, form: ReasonForm | None, admin: str) -> object:
        """Do it. ``form`` is None in a rehearsal before anything was filled in."""

    def summary(self, form: ReasonForm) -> str:
        """What was done, for the person and for Django's log of admin actions."""
        return self.title


class Adjust(Operation):
    """Change one score."""

    permission = ADJUST
    asks_first = True

    def __init__(self, player: Player, plan: Plan, metric: Metric) -> None:
        super().__init__(player, plan)
        self.metric = metric

    def form(self, *args: Any, **kwargs: Any) -> AdjustForm:
        """The form for this kind of metric."""
        return AdjustForm(self.metric, *args, **kwargs)

    @property
    def title(self) -> str:
        return _("Adjust %(metric)s") % {"metric": self.metric.name}

    @property
    def explanation(self) -> str:
        return _("Levels and achievements follow, as after a play. The change becomes a call of the log.")

    def write(self, form: ReasonForm | None, admin: str) -> object:
        if not isinstance(form, AdjustForm):
            raise TypeError("a score is adjusted by what its form says")
        reason = form.cleaned_data["reason"]
        return services.adjust_scores(self.realm, self.player.player_id, [form.reward()], admin=admin, reason=reason)

    def summary(self, form: ReasonForm) -> str:
        given = form.cleaned_data
        if isinstance(self.metric, StateMetric):
            what = self.metric.states[given["state"]].name
        else:
            item = f"{self.metric.items[given['item']].name}: " if isinstance(self.metric, SetMetric) else ""
            what = f"{item}{dict(VERBS)[given['verb']]} {given['value']}"
        return f"{self.title}: {what}"


class Reset(Operation):
    """Give a player the state of a new one."""

    permission = ADJUST

    @property
    def title(self) -> str:
        return _("Reset this player")

    @property
    def explanation(self) -> str:
        return _(
            "The player gets what a new player gets, and nothing else; counts and limits of actions begin anew. The "
            "log keeps what was before."
        )

    def write(self, form: ReasonForm | None, admin: str) -> object:
        return services.reset_player(self.realm, self.player.player_id, admin=admin, reason=_reason(form))


class TakeBack(Operation):
    """Take a call back: a play leaves history, other changes are reversed."""

    permission = UNDO

    def __init__(self, player: Player, plan: Plan, call: Call) -> None:
        super().__init__(player, plan)
        self.call = call

    @property
    def title(self) -> str:
        if self.call.kind == Call.Kind.PLAY:
            action = self.plan.actions.get(self.call.action)
            return _("Undo “%(action)s”") % {"action": action.name if action is not None else self.call.action}
        return _("Take back: %(kind)s") % {"kind": self.call.get_kind_display()}

    @property
    def is_too_long(self) -> bool:
        """Whether more would be judged again than a page can wait for."""
        later = Call.objects.filter(player=self.player, pk__gt=self.call.pk).order_by()[: MOST_JUDGED_AGAIN + 1]
        return self.call.kind == Call.Kind.PLAY and later.count() > MOST_JUDGED_AGAIN

    @property
    def explanation(self) -> str:
        if self.call.kind == Call.Kind.PLAY:
            return _(
                "The play leaves history together with what it caused. Later calls of this player are judged again, "
                "with the same dice; those that it had made possible no longer count."
            )
        return _("What this call has changed is taken off again. Levels follow; nothing else is judged again.")

    def write(self, form: ReasonForm | None, admin: str) -> object:
        player_id, reason = self.player.player_id, _reason(form)
        if self.call.kind == Call.Kind.PLAY:
            return services.undo_call(self.realm, player_id, self.call.pk, admin=admin, reason=reason)
        events = [str(event_ids.nth_id(self.call.seed, tick)) for tick in range(len(self.call.events))]
        done = services.revert(self.realm, player_id, events, admin=admin, reason=reason) if events else None
        if done is None:
            raise make_error("event_not_found", "Nothing is left to take back")
        return done

    def summary(self, form: ReasonForm) -> str:
        return _("%(title)s (call %(number)s)") % {"title": self.title, "number": self.call.pk}


class Switch(Operation):
    """Enable a player, or disable one."""

    permission = CHANGE
    is_rehearsed = False

    @property
    def title(self) -> str:
        return _("Disable this player") if self.player.enabled else _("Enable this player")

    @property
    def explanation(self) -> str:
        if self.player.enabled:
            return _("Plays of a disabled player are refused, and boards omit the player. Scores stay as they are.")
        return _("The player can play again, and is on boards again.")

    def write(self, form: ReasonForm | None, admin: str) -> object:
        return services.update_player(self.realm, self.player.player_id, enabled=not self.player.enabled)


def in_words(error: PlaylyfeError) -> str:
    """Why something cannot be done, for a person."""
    if isinstance(error, NotFound) and error.code == "event_not_found":
        return _("This cannot be taken back: it was taken back before, or it has changed nothing.")
    if error.code == "conflict":
        return _("Something has happened to this player meanwhile. Look again at what would change.")
    if isinstance(error, InvalidRequest) and error.data:
        problems = "; ".join(str(problem.get("message", "")) for problem in error.data.get("errors", ()))
        return _("The design does not allow this: %(problems)s") % {"problems": problems or error}
    return str(error)


def _reason(form: ReasonForm | None) -> str:
    return "" if form is None else str(form.cleaned_data["reason"])
