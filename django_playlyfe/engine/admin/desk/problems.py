"""Problems of a design on a page. The design's check speaks English, as the design API does; where people read another
language, a sentence in that goes before what the check says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from django_playlyfe.engine.admin.desk import drafts, words
from django_playlyfe.engine.admin.desk.entrance import Desk
from django_playlyfe.engine.admin.desk.parts import Text
from django_playlyfe.engine.admin.desk.paths import tokens
from django_playlyfe.engine.design.findings import Finding
from django_playlyfe.engine.design.report import Problem

_LEADS: Mapping[str, Text] = {
    "INVALID_TYPE": gettext_lazy("The value is of the wrong kind."),
    "INVALID_FORMAT": gettext_lazy("The value is written wrongly."),
    "ENUM_MISMATCH": gettext_lazy("The value is none of those allowed."),
    "MINIMUM": gettext_lazy("The value is too small."),
    "MINIMUM_EXCLUSIVE": gettext_lazy("The value is too small."),
    "MAXIMUM": gettext_lazy("The value is too large."),
    "MIN_LENGTH": gettext_lazy("The text is too short."),
    "MAX_LENGTH": gettext_lazy("The text is too long."),
    "PATTERN": gettext_lazy("The text is written wrongly."),
    "ARRAY_LENGTH_SHORT": gettext_lazy("There are too few entries."),
    "ARRAY_LENGTH_LONG": gettext_lazy("There are too many entries."),
    "ARRAY_UNIQUE": gettext_lazy("Something is there twice."),
    "OBJECT_MISSING_REQUIRED_PROPERTY": gettext_lazy("Something that is required is missing."),
    "OBJECT_ADDITIONAL_PROPERTIES": gettext_lazy("There is a key that is not known."),
    "OBJECT_PROPERTIES_MINIMUM": gettext_lazy("There are too few entries."),
    "EXPRESSION_SYNTAX": gettext_lazy("The expression is written wrongly."),
    "REFERENCE_NOT_FOUND": gettext_lazy("It refers to something that there is not."),
    "REFERENCE_TYPE_MISMATCH": gettext_lazy("It refers to something of another kind."),
    "REFERENCE_CYCLE": gettext_lazy("Formulas refer to each other in a circle."),
    "NOT_ALLOWED_HERE": gettext_lazy("This is not allowed here."),
    "NOT_PASSED": gettext_lazy("There are problems."),
    "INERT": gettext_lazy("This is accepted and does nothing yet."),
    "RESERVED_WORD": gettext_lazy("The name means something else too."),
    "ACTION_UNREACHABLE": gettext_lazy("Nobody can play it."),
    "ITEM_UNREACHABLE": gettext_lazy("Nobody can get this item."),
    "STATE_UNREACHABLE": gettext_lazy("Nobody can get into this state."),
    "LEVEL_UNREACHABLE": gettext_lazy("Nobody can reach this level."),
    "RULE_UNREACHABLE": gettext_lazy("Nobody can earn it."),
}


@dataclass(frozen=True)
class Located:
    """A problem in a list.

    Attributes:
        address: of the page that shows its place; "" if none does.
        lead: a sentence in the reader's language; "" in English, which the message is in.
    """

    path: str
    address: str
    lead: str
    message: str
    expected: str


def located(desk: Desk, found: Iterable[Problem | Finding]) -> list[Located]:
    """Problems, and where they are mended."""
    return [
        Located(
            problem.path,
            place(desk, problem.path),
            lead(problem.code),
            problem.message,
            problem.expected if isinstance(problem, Problem) else "",
        )
        for problem in found
    ]


def place(desk: Desk, pointer: str) -> str:
    """The address of the page that shows a place in the design; "" if none does."""
    steps = tokens(pointer)
    if steps and steps[0] in drafts.SINGLE:
        return desk.url(steps[0])
    if len(steps) > 1 and steps[0] in words.KINDS and drafts.find(desk.document, steps[0], steps[1]) is not None:
        return desk.url("component", steps[0], steps[1])
    return ""


def lead(code: str) -> str:
    """What kind of problem it is, unless the message itself is in the reader's language."""
    is_english = (get_language() or "en").split("-")[0] == "en"
    return "" if is_english else str(_LEADS.get(code, ""))


def in_html(problem: Problem) -> str:
    """A problem beside its field: what is wrong, where in the design file, and what was expected."""
    return format_html(
        '{} <span lang="en">{}</span> <span class="desk-where"><code>{}</code> {}</span>',
        lead(problem.code),
        problem.message,
        problem.path or "/",
        _("Expected: %(what)s.") % {"what": problem.expected},
    )
