"""Adding, changing and deleting components."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_playlyfe.engine.admin.desk import drafts, words
from django_playlyfe.engine.admin.desk.drafts import SINGLE, Edited
from django_playlyfe.engine.admin.desk.entrance import EDIT, Desk
from django_playlyfe.engine.admin.desk.fields import as_text
from django_playlyfe.engine.admin.desk.forms import MOST_FIELDS, TYPES, form_of
from django_playlyfe.engine.admin.desk.forms.common import PlainPart
from django_playlyfe.engine.admin.desk.parts import MORE, Part
from django_playlyfe.engine.admin.desk.problems import in_html, located
from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.design.report import Problem
from django_playlyfe.exceptions import Conflict, InvalidRequest

Wire = dict[str, Any]


def add(desk: Desk, kind: str) -> HttpResponse:
    """A new component; ``?type=`` says of which type, ``?copy=`` which other one it begins as."""
    if kind not in words.KINDS or (desk.request.method != "POST" and not desk.may(EDIT)):
        raise Http404
    original = drafts.find(desk.document, kind, desk.request.GET.get("copy", ""))
    type_ = str(original.get("type", "")) if original else desk.request.GET.get("type", "")
    if kind in TYPES and type_ not in TYPES[kind]:
        raise Http404
    begun = {key: value for key, value in (original or {}).items() if key not in ("id", "name")}
    return Editor(desk, kind, None, {**begun, **({"type": type_} if kind in TYPES else {})}).answer()


def change(desk: Desk, kind: str, component_id: str = "") -> HttpResponse:
    """A component, or the game or the bootstrap."""
    if kind not in words.KINDS and kind not in SINGLE:
        raise Http404
    stored = drafts.find(desk.document, kind, component_id)
    if stored is None and desk.request.method != "POST":
        raise Http404
    return Editor(desk, kind, component_id, stored).answer()


class Editor:
    """The page of one component.

    Attributes:
        component_id: which; None for a new one.
        stored: as it is stored; of a new one what it begins with; None if it was deleted while it was edited.
    """

    def __init__(self, desk: Desk, kind: str, component_id: str | None, stored: Wire | None) -> None:
        self.desk, self.kind, self.component_id, self.stored = desk, kind, component_id, stored
        self.data = desk.request.POST if desk.request.method == "POST" else None
        self.seen = self.data.get("seen", "") if self.data is not None else drafts.fingerprint(self._before())
        self.overwrites: Edited | None = None
        self.form = self._form()

    def answer(self) -> HttpResponse:
        """The page, or where to go on."""
        if self.data is None or MORE in self.data:
            return self._page()
        if not self.form.is_valid():
            return self._refused([])
        body = self._body()
        candidate, index = drafts.with_component(self.desk.document, self.kind, self.component_id, body)
        found = drafts.problems(candidate)
        own = self._blame(found, body, index)
        others = len(found) - len(own)
        if "application/json" in self.desk.request.headers.get("Accept", ""):
            return self._live(own, others)
        storable = not own or drafts.may_be_stored(self.desk.document, self.kind, body, index)
        if "_check" in self.data or (own and not (storable and "_anyway" in self.data)):
            return self._refused(own, storable=storable)
        return self._save(body, len(found))

    # --- reading ----------------------------------------------------------------------------------------------------

    def _before(self) -> Wire | None:
        return self.stored if self.component_id is not None else None

    def _form(self) -> Part:
        type_ = str((self.stored or {}).get("type", "") or self._sent("type"))  # sent: it was deleted meanwhile
        form_class: type[Part] = form_of(self.kind, type_)
        wants = (self.data or self.desk.request.GET).get("as", "")
        if wants != "json":
            form = form_class(self.desk.catalogue, self.stored, self.data, self.kind)
            if form.count_fields() <= MOST_FIELDS:
                if self.component_id is not None:
                    form.fields.pop("id", None)
                return form
        return PlainPart(self.desk.catalogue, self.stored, self.data, self.kind)

    def _sent(self, name: str) -> str:
        """A field of the component as it was sent."""
        return self.data.get(f"{self.kind}-{name}", "") if self.data is not None else ""

    def _body(self) -> Wire:
        body = copy.deepcopy(self.form.written())
        if self.component_id and "id" not in body:
            body["id"] = self.component_id
        if self.kind == "game":
            body["id"] = self.desk.game.game_id
        return body

    def _blame(self, found: list[Problem], body: Wire, index: int) -> list[Problem]:
        """The problems of this component, each beside its field."""
        if self.kind in SINGLE:
            own = drafts.of(found, self.kind, "")
            self.form.blame(own, (self.kind,), in_html)
            return own
        own = []
        for name in (str(body.get("id", "")), str(index)):
            some = drafts.of(found, self.kind, name)
            self.form.blame(some, (self.kind, name), in_html)
            own += some
        if self.component_id and body.get("id") != self.component_id:
            self.form.add_error(None, _("The id never changes; it is %(id)s.") % {"id": self.component_id})
            own.append(Problem("ENUM_MISMATCH", f"/{self.kind}/{self.component_id}/id", "", self.component_id))
        return own

    # --- answering --------------------------------------------------------------------------------------------------

    def _save(self, body: Wire, errors: int) -> HttpResponse:
        try:
            drafts.save(self.desk.realm, self.kind, self.component_id, body, self.seen)
        except Edited as edited:
            self.seen, self.overwrites = drafts.fingerprint(edited.now), edited
            return self._page(409)
        except (Conflict, InvalidRequest) as error:  # somebody was faster, since the check was clean
            self.form.add_error(None, in_the_readers_language(error.description))
            return self._page(409)
        name = self._title()
        if errors:
            text = ngettext("The design has %(n)s error now.", "The design has %(n)s errors now.", errors)
            messages.warning(self.desk.request, text % {"n": errors})
        said = _("%(what)s was saved in the working design.") % {"what": name}
        log = _("Design: saved %(what)s.") % {"what": name}
        if "_continue" in (self.data or {}):
            if self.kind in SINGLE:
                return self.desk.done(said, self.kind, log=log)
            return self.desk.done(said, "component", self.kind, body["id"], log=log)
        if "_addanother" in (self.data or {}) and self.kind in words.KINDS:
            done = self.desk.done(said, "add", self.kind, log=log)
            return HttpResponseRedirect(f"{done.url}?type={body['type']}") if self.kind in TYPES else done
        return self.desk.done(said, log=log)

    def _refused(self, own: list[Problem], *, storable: bool = False) -> HttpResponse:
        if "application/json" in self.desk.request.headers.get("Accept", ""):
            return self._live(own, 0)
        is_clean = self.form.is_valid()
        if is_clean:
            messages.success(self.desk.request, _("Nothing is wrong with it."))
        return self._page(200 if is_clean else 422, storable=storable and bool(own))

    def _live(self, own: list[Problem], others: int) -> JsonResponse:
        """What is wrong, for the script: by field."""
        errors: dict[str, str] = {}
        for part in self.form.every():
            for name, found in part.errors.items():
                key = f"{part.prefix}-all" if name == "__all__" else part[name].html_name
                errors[key] = str(found)
        count = len(own) or len(errors)
        said = ngettext("%(n)s problem", "%(n)s problems", count) % {"n": count} if count else _("Nothing is wrong.")
        if others and not count:
            said = ngettext(
                "Nothing is wrong here, %(n)s problem elsewhere in the design.",
                "Nothing is wrong here, %(n)s problems elsewhere in the design.",
                others,
            ) % {"n": others}
        return JsonResponse({"errors": errors, "status": said})

    def _title(self) -> str:
        if self.kind in SINGLE:
            return str(words.SINGLE[self.kind])
        one = words.KINDS[self.kind][0]
        found = self.component_id or self._sent("id")
        return f"{one} {found}".strip()

    def _page(self, status: int = 200, *, storable: bool = False) -> HttpResponse:
        kind_type = TYPES.get(self.kind, {}).get(str((self.stored or {}).get("type", "")), "")
        title = self._title() if self.component_id is not None else _("New %(kind)s") % {"kind": self._title()}
        return self.desk.show(
            "component",
            title[:1].upper() + title[1:],
            status,
            form=self.form,
            kind=self.kind,
            kind_title=words.KINDS[self.kind][1] if self.kind in words.KINDS else "",
            kind_type=kind_type,
            component_id=self.component_id,
            seen=self.seen,
            is_json=isinstance(self.form, PlainPart) and self.kind not in ("teams", "processes"),
            overwrites=self.overwrites and {"now": self.overwrites.now, "text": as_text(self.overwrites.now or {})},
            storable=storable,
        )


def delete(desk: Desk, kind: str, component_id: str) -> HttpResponse:
    """A component goes, once it was shown what refers to it."""
    stored = drafts.find(desk.document, kind, component_id) if kind in words.KINDS else None
    if stored is None:
        raise Http404
    title = f"{words.KINDS[kind][0]} {component_id}"
    if desk.request.method == "POST":
        try:
            drafts.delete(desk.realm, kind, component_id, desk.request.POST.get("seen", ""))
        except Edited:
            messages.error(desk.request, _("Somebody has changed it meanwhile. Look at it once more."))
            return HttpResponseRedirect(desk.url("component", kind, component_id))
        said = _("%(what)s was deleted from the working design.") % {"what": title}
        return desk.done(said, log=_("Design: deleted %(what)s.") % {"what": title})
    before = {(problem.path, problem.code) for problem in desk.examined.report.problems}
    after = drafts.problems(drafts.without_component(desk.document, kind, component_id))
    referring = [problem for problem in after if (problem.path, problem.code) not in before]
    return desk.show(
        "delete",
        _("Delete %(what)s?") % {"what": title},
        kind=kind,
        kind_title=words.KINDS[kind][1],
        component_id=component_id,
        seen=drafts.fingerprint(stored),
        referring=located(desk, referring),
    )
