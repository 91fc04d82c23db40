"""Design files: the working design is downloaded; one that is uploaded replaces it, once it was seen what changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_playlyfe.engine.admin.desk import drafts
from django_playlyfe.engine.admin.desk.differences import grouped, version_of
from django_playlyfe.engine.admin.desk.drafts import Edited
from django_playlyfe.engine.admin.desk.entrance import EDIT, Desk
from django_playlyfe.engine.admin.desk.examining import examine
from django_playlyfe.engine.admin.desk.problems import located
from django_playlyfe.engine.design.diff import diff
from django_playlyfe.engine.design.export import export
from django_playlyfe.engine.design.load import parse
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Problem
from django_playlyfe.engine.exceptions import DesignInvalid

Wire = dict[str, Any]

LARGEST = 2_000_000
"""Bytes: a page sends the text once more, and Django takes 2.5 MB of fields. The command has no such limit."""
DRAFT = "draft"


class ImportForm(forms.Form):
    """A design, as a file or as text."""

    file = forms.FileField(
        label=gettext_lazy("Design file"),
        required=False,
        help_text=gettext_lazy("JSON, at most 2 MB; larger ones are loaded with manage.py playlyfe_engine_load."),
        widget=forms.FileInput(attrs={"accept": "application/json,.json"}),
    )
    text = forms.CharField(
        label=gettext_lazy("or its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "desk-code vLargeTextField", "spellcheck": "false"}),
    )

    def content(self) -> bytes | str:
        """What was sent; the file, if there is one. Only if the form is valid."""
        uploaded = self.cleaned_data.get("file")
        return uploaded.read(LARGEST + 1) if uploaded else self.cleaned_data["text"]  # type: ignore[no-any-return]

    def clean(self) -> Wire:
        """One of both."""
        given = super().clean() or self.cleaned_data
        if not given.get("file") and not given.get("text") and not self.errors:
            self.add_error("file", _("Choose a file, or write the text of one."))
        if given.get("file") and given["file"].size > LARGEST:
            self.add_error("file", _("The file is too large for this page."))
        return given


def download(desk: Desk) -> HttpResponse:
    """The working design, or ``?design=`` that of an environment or of a version, as a file."""
    asked = desk.request.GET.get("design", DRAFT)
    version = None if asked == DRAFT else version_of(desk, asked)
    if version is None and asked != DRAFT:
        raise Http404
    # Databases may reorder the keys of stored JSON; normalising puts them into the order of the schema.
    text = export(normalise(version.document if version is not None else desk.document))
    name = f"{desk.game.game_id}-{version.number}" if version is not None else desk.game.game_id
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"', "X-Content-Type-Options": "nosniff"},
    )


def upload(desk: Desk) -> HttpResponse:
    """Another design in the place of the working one: ``_look`` shows what would change, ``_take`` does it."""
    if not desk.may(EDIT):
        raise PermissionDenied
    if desk.request.method != "POST":
        return _page(desk, ImportForm(initial={"text": _of_version(desk)}))
    form = ImportForm(desk.request.POST, desk.request.FILES)
    if not form.is_valid():
        return _page(desk, form, 422)
    content = form.content()
    try:
        document = parse(content)
    except DesignInvalid as error:
        problems = error.report.problems if error.report is not None else ()
        return _page(desk, _with_text(content), 422, problems=problems)
    document = _as_this_game(desk, document)
    report = examine(document).report
    if not report.valid:
        return _page(desk, _with_text(content), 422, problems=report.problems)
    if "_take" not in desk.request.POST:
        return _page(desk, _with_text(export(normalise(document))), document=normalise(document))
    try:
        drafts.replace(desk.realm, document, desk.request.POST.get("seen", ""))
    except Edited:
        messages.error(desk.request, _("Somebody has changed the working design meanwhile. Look at what would change."))
        desk.read_again()
        return _page(desk, _with_text(content), 409, document=normalise(document))
    return desk.done(_("The working design is that of the file now."), log=_("Design: replaced by a file."))


def _page(
    desk: Desk,
    form: ImportForm,
    status: int = 200,
    *,
    problems: tuple[Problem, ...] = (),
    document: Wire | None = None,
) -> HttpResponse:
    """``document``: one that may be taken."""
    return desk.show(
        "import",
        _("Import a design"),
        status,
        form=form,
        problems=located(desk, problems),
        document=document,
        groups=grouped(diff(desk.examined.canonical, document)) if document is not None else [],
        seen=drafts.fingerprint(desk.document),
    )


def _of_version(desk: Desk) -> str:
    """The text of an earlier version, to begin with: ``?version=``."""
    asked = desk.request.GET.get("version", "")
    version = version_of(desk, asked) if asked else None
    return export(normalise(version.document)) if version is not None else ""


def _with_text(content: bytes | str) -> ImportForm:
    """The form with what was sent as its text: a file cannot be sent back."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    return ImportForm(initial={"text": text.removeprefix("\ufeff")})


def _as_this_game(desk: Desk, document: Wire) -> Wire:
    """Whatever id the file says: ids of games never change."""
    if not isinstance(document.get("game"), dict):
        return document
    return {**document, "game": {**document["game"], "id": desk.game.game_id}}
