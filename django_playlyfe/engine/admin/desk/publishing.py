"""Publishing: the working design is put in force, once nothing stands in its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from django_playlyfe.engine.admin.desk import drafts
from django_playlyfe.engine.admin.desk.differences import grouped
from django_playlyfe.engine.admin.desk.drafts import Edited
from django_playlyfe.engine.admin.desk.entrance import Desk
from django_playlyfe.engine.admin.desk.parts import Text
from django_playlyfe.engine.admin.desk.problems import located
from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.diff import diff
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid
from django_playlyfe.engine.history import Totals
from django_playlyfe.engine.models import Environment, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.services.awarding import award_all
from django_playlyfe.engine.versions import activation, editing, issues, resolving
from django_playlyfe.engine.versions.issues import Issue
from django_playlyfe.exceptions import InvalidRequest

PREVIEWED = 200
"""Players whose history is looked at for the preview of a retroactive award."""
AWARDED = 1000
"""The most players to whom a page gives what they are owed; more are given it by the command."""
MENDED = 5000
"""The most players whose scores a page mends for one conflict: some seconds. The command takes any number."""
_MOVE = "move:"

_SENTENCES: Mapping[str, Text] = {
    "METRIC_REMOVED": gettext_lazy("The metric “%(metric)s” goes, and players have scores of it."),
    "METRIC_TYPE_CHANGED": gettext_lazy("The metric “%(metric)s” is of another type, and players have scores of it."),
    "METRIC_POINT_MAX_LIMIT_EXCEEDED": gettext_lazy("Players have more “%(metric)s” than %(limit)s."),
    "METRIC_POINT_MIN_LIMIT_EXCEEDED": gettext_lazy("Players have less “%(metric)s” than %(limit)s."),
    "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED": gettext_lazy(
        "Players hold more “%(member)s” of “%(metric)s” than %(limit)s."
    ),
    "METRIC_SET_ITEM_REMOVED": gettext_lazy("The item “%(member)s” of “%(metric)s” goes, and players hold it."),
    "METRIC_STATE_REMOVED": gettext_lazy("The state “%(member)s” of “%(metric)s” goes, and players are in it."),
}
_FIXES: Mapping[str, Text] = {
    "METRIC_DESTROY": gettext_lazy("Drop these scores"),
    "METRIC_TYPE_SET": gettext_lazy("Drop these scores"),
    "METRIC_POINT_MAX_LIMIT_SET": gettext_lazy("Lower them to the limit"),
    "METRIC_POINT_MIN_LIMIT_SET": gettext_lazy("Raise them to the limit"),
    "METRIC_SET_ITEM_MAX_LIMIT_SET": gettext_lazy("Lower them to the limit"),
    "METRIC_SET_ITEM_DESTROY": gettext_lazy("Take it away"),
    "METRIC_STATE_DESTROY": gettext_lazy("Leave them without a state"),
}


@dataclass
class Conflict:
    """An issue as the page asks about it.

    Attributes:
        choices: value and label of what can be done.
        chosen: one of the values; "" so far.
    """

    issue: Issue
    sentence: str
    choices: list[tuple[str, str]] = field(default_factory=list)
    chosen: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        """Of its field."""
        return f"fix-{self.issue.id}"

    @property
    def is_for_command(self) -> bool:
        """Whether it concerns more players than one request should mend."""
        return self.issue.players > MENDED


def publish(desk: Desk, environment: str) -> HttpResponse:
    """What would change, what stands in the way, and the button."""
    if environment not in Environment.values:
        raise Http404
    return Publication(desk, Realm(desk.game.game_id, environment)).answer()


class Publication:
    """One environment's turn."""

    def __init__(self, desk: Desk, realm: Realm) -> None:
        self.desk, self.realm = desk, realm
        self.fixed = 0

    def answer(self) -> HttpResponse:
        """The page, or where to go on."""
        if self.desk.request.method != "POST":
            return self._page()
        seen = self.desk.request.POST.get("seen", "")
        try:
            with transactions.atomic():
                drafts.expect_document(self.realm, seen)
            conflicts = self._conflicts()
            if any(conflict.is_for_command for conflict in conflicts):
                return self._page(422, conflicts)
            if not all(conflict.chosen for conflict in conflicts):
                for conflict in conflicts:
                    conflict.error = "" if conflict.chosen else _("Choose what is to become of them.")
                return self._page(422, conflicts)
            self._resolve(conflicts)
            return self._activate(seen)
        except Edited:
            return self._refuse(_("Somebody has changed the working design meanwhile. Look at what is different now."))
        except DesignInvalid:
            return self._refuse(_("The working design has errors."))
        except DesignConflict:
            return self._refuse(_("Players have met a conflict meanwhile. It stands below."))
        except InvalidRequest as error:
            return self._refuse(in_the_readers_language(error.description))

    def _resolve(self, conflicts: list[Conflict]) -> None:
        """Every fix, for all whom it concerns."""
        document = editing.working_document(self.realm)
        for conflict in conflicts:
            to = conflict.chosen.removeprefix(_MOVE) if conflict.chosen.startswith(_MOVE) else None
            apply = conflict.issue.apply if to is None else conflict.issue.rename
            self.fixed += resolving.resolve(self.realm, document, conflict.issue, apply, to)
            self.desk.note(_("Design: resolved %(issue)s.") % {"issue": conflict.issue.id})

    def _activate(self, seen: str) -> HttpResponse:
        with transactions.atomic():
            drafts.expect_document(self.realm, seen)
            version = editing.activate_working_design(self.realm)
        name = Environment(self.realm.environment).label
        said = _("Version %(number)s is in force in %(name)s.") % {"number": version.number, "name": name}
        if "award" in self.desk.request.POST and self._are_few():
            given = award_all(self.realm)
            text = ngettext("%(n)s player was given something.", "%(n)s players were given something.", given)
            said = " ".join([said, text % {"n": given}])
        if self.fixed:
            text = ngettext("%(n)s score was mended.", "%(n)s scores were mended.", self.fixed)
            said = " ".join([said, text % {"n": self.fixed}])
        log = _("Design: published version %(number)s in %(name)s.") % {"number": version.number, "name": name}
        return self.desk.done(said, log=log)

    def _refuse(self, reason: str) -> HttpResponse:
        if self.fixed:
            reason = " ".join([reason, _("Fixes were applied; the design was not published.")])
        messages.error(self.desk.request, reason)
        self.desk.read_again()
        return self._page(409)

    def _conflicts(self) -> list[Conflict]:
        """The issues, with what was chosen for them."""
        desk, sent = self.desk, self.desk.request.POST
        document, version = desk.examined.canonical, getattr(desk.game, self.realm.environment)
        if version is None or not desk.examined.report.valid:
            return []
        found = []
        for issue in issues.find(desk.game, self.realm.environment, version.document, document):
            values = {"metric": issue.metric["name"], "member": issue.member, "limit": issue.limit}
            conflict = Conflict(issue, _SENTENCES[issue.code] % values)
            conflict.choices.append((issue.apply, str(_FIXES[issue.apply])))
            conflict.choices += _moves(issue, document) if issue.rename else []
            chosen = sent.get(conflict.name, "")
            conflict.chosen = chosen if chosen in dict(conflict.choices) else ""
            found.append(conflict)
        return found

    def _page(self, status: int = 200, conflicts: list[Conflict] | None = None) -> HttpResponse:
        desk, environment = self.desk, Environment(self.realm.environment)
        version = getattr(desk.game, environment.value)
        report = desk.examined.report
        changes = diff(version.document if version is not None else None, desk.examined.canonical)
        return desk.show(
            "publish",
            _("Publish in %(name)s") % {"name": environment.label},
            status,
            environment=environment,
            version=version,
            seen=drafts.fingerprint(desk.document),
            problems=located(desk, report.problems),
            groups=grouped(changes),
            conflicts=self._conflicts() if conflicts is None else conflicts,
            may_award=version is not None and self._are_few(),
            owed=self._owed() if "owed" in desk.request.GET and report.valid else None,
        )

    def _are_few(self) -> bool:
        """Whether a page can look at the history of every player."""
        players = Player.objects.filter(game=self.desk.game, environment=self.realm.environment)
        return players[: AWARDED + 1].count() <= AWARDED

    def _owed(self) -> dict[str, Any]:
        """What a retroactive award would give and take, of the first players."""
        totals = Totals()
        for one in islice(activation.owed(self.realm, self.desk.document), PREVIEWED):
            totals.add(one)
        shifts = [(" ".join(filter(None, key)), count) for key, count in totals.scores.items()]
        return {
            "players": totals.players,
            "moved": totals.moved,
            "shifts": shifts,
            "is_cut": totals.players == PREVIEWED,
        }


def _moves(issue: Issue, document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The other items or states that there will be."""
    metric = drafts.find(document, "metrics", issue.metric["id"]) or {}
    limits = metric.get("constraints", {})
    members = limits.get("items", limits.get("states", ()))
    said = _("Move them to “%(name)s”")
    return [(f"{_MOVE}{member['id']}", said % {"name": member.get("name", member["id"])}) for member in members]
