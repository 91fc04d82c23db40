"""A new game: from nothing, from the game that ships with the package, or from a design file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_playlyfe.engine.admin.desk import entrance
from django_playlyfe.engine.admin.desk.fields import LineField
from django_playlyfe.engine.admin.desk.files import LARGEST
from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.design.load import STARTER, parse, read
from django_playlyfe.engine.design.report import Problem
from django_playlyfe.engine.exceptions import DesignInvalid
from django_playlyfe.engine.models import Game
from django_playlyfe.engine.versions import editing
from django_playlyfe.exceptions import Conflict

Wire = dict[str, Any]

_SHOWN = 50
"""Problems of a file on the page."""


class BeginForm(forms.Form):
    """What a new game is called, and what it begins with.

    Attributes:
        is_second: there is one game so far, which the site's settings need not name.
    """

    use_required_attribute = False
    title = LineField(label=gettext_lazy("Title"), required=True, help_text=gettext_lazy("What people read."))
    id = LineField(
        label=gettext_lazy("Id"),
        code=True,
        required=True,
        help_text=gettext_lazy(
            "Letters, digits and _, not beginning with a digit, such as reading_club. It never changes."
        ),
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("Begin with"),
        widget=forms.RadioSelect,
        initial="starter",
        choices=[
            ("starter", gettext_lazy("the starter game: points, badges, levels and a leaderboard, to be changed")),
            ("nothing", gettext_lazy("nothing: an empty design")),
            ("file", gettext_lazy("a design file")),
        ],
    )
    file = forms.FileField(
        label=gettext_lazy("Design file"),
        required=False,
        help_text=gettext_lazy("JSON, at most 2 MB; only for beginning with a file."),
        widget=forms.FileInput(attrs={"accept": "application/json,.json"}),
    )
    settings_name_the_game = forms.BooleanField(
        label=gettext_lazy("The settings of this site name the game that they mean"),
        help_text=gettext_lazy(
            "There is one game so far, which is played even if PLAYLYFE does not name it. As soon as there are two, "
            'OPTIONS must say which: "GAME": "%(game)s".'
        ),
    )

    def __init__(self, only_game: str, *sent: Any) -> None:
        super().__init__(*sent)
        self.is_second = bool(only_game)
        if only_game:
            field = self.fields["settings_name_the_game"]
            field.help_text = field.help_text % {"game": only_game}
        else:
            del self.fields["settings_name_the_game"]

    def clean(self) -> Wire:
        """A file, if it begins with one."""
        given: Wire = super().clean() or self.cleaned_data
        if given.get("origin") == "file" and "file" not in self.errors:
            if not given.get("file"):
                self.add_error("file", _("Choose the file."))
            elif given["file"].size > LARGEST:
                self.add_error("file", _("The file is too large for this page."))
        return given

    def document(self) -> Wire:
        """The design to begin with. Raises DesignInvalid: the file holds none."""
        given = self.cleaned_data
        named = {"id": given["id"], "title": given["title"]}
        if given["origin"] == "nothing":
            return {"game": named}
        design = read(STARTER) if given["origin"] == "starter" else parse(given["file"].read(LARGEST + 1))
        game = design.get("game")
        return {**design, "game": {**game, **named} if isinstance(game, dict) else named}


def begin(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """The form, or the desk of the game that was made."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    games = list(Game.objects.values_list("game_id", flat=True)[:2])
    only_game = games[0] if len(games) == 1 else ""
    if request.method != "POST":
        return _page(request, model_admin, BeginForm(only_game))
    form = BeginForm(only_game, request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, model_admin, form, 422)
    try:
        game = editing.begin(form.cleaned_data["id"], form.document())
    except DesignInvalid as error:
        found = error.report.problems if error.report is not None else ()
        return _page(request, model_admin, form, 422, _not_about_the_form(form, found))
    except Conflict as error:
        form.add_error("id", in_the_readers_language(error.description))
        return _page(request, model_admin, form, 409)
    model_admin.log_addition(
        request, game, _("Design: begun with %(origin)s.") % {"origin": form.cleaned_data["origin"]}
    )
    said = _("The game “%(title)s” was made. Nothing is in force yet: build its design here, try it, then publish it.")
    messages.success(request, said % {"title": game.title})
    return HttpResponseRedirect(entrance.url(model_admin, game, ""))


def _not_about_the_form(form: BeginForm, found: tuple[Problem, ...]) -> list[Problem]:
    """The problems but for those of the id and the title, which stand beside their fields."""
    others = []
    for problem in found:
        name = problem.path.removeprefix("/game/")
        if name in ("id", "title"):
            form.add_error(name, in_the_readers_language(problem.message))
        else:
            others.append(problem)
    return others


def _page(
    request: HttpRequest, model_admin: Any, form: BeginForm, status: int = 200, found: list[Problem] | None = None
) -> HttpResponse:
    problems = [
        {"path": problem.path or "/", "message": in_the_readers_language(problem.message)}
        for problem in (found or [])[:_SHOWN]
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("New game"),
        "opts": Game._meta,
        "form": form,
        "problems": problems,
        "left_out": len(found or []) - len(problems),
    }
    return TemplateResponse(request, "admin/django_playlyfe_engine/desk/begin.html", context, status=status)
