"""What changes from one design to another, for people: by component, values in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_playlyfe.engine.admin.desk import words
from django_playlyfe.engine.admin.desk.entrance import Desk
from django_playlyfe.engine.admin.desk.parts import Text
from django_playlyfe.engine.admin.desk.paths import tokens
from django_playlyfe.engine.design.diff import Difference, diff
from django_playlyfe.engine.models import DesignVersion, Environment

_HAPPENED: Mapping[str, Text] = {
    "added": gettext_lazy("new"),
    "removed": gettext_lazy("gone"),
    "changed": gettext_lazy("changed"),
}
_VERSIONS = 50
"""The newest versions, which can be compared with."""


@dataclass(frozen=True)
class Line:
    """One value that differs."""

    kind: str
    happened: Text
    where: str
    before: str
    after: str


@dataclass
class Group:
    """All that differs in one component, or in the game or the bootstrap.

    Attributes:
        kind: "added", "removed" or "changed".
        whole: in short, of a component that came or went.
    """

    title: str
    kind: str
    happened: Text
    whole: str = ""
    lines: list[Line] = field(default_factory=list)


def differences(desk: Desk) -> HttpResponse:
    """The working design beside one that is or was in force."""
    asked = desk.request.GET.get("with", "")
    versions = list(desk.game.versions.order_by("-number").defer("document")[:_VERSIONS])
    version = version_of(desk, asked)
    if version is None and asked:
        raise Http404
    return desk.show(
        "differences",
        _("Differences"),
        version=version,
        asked=asked or (Environment.PRODUCTION.value if version is not None else ""),
        versions=versions,
        groups=grouped(diff(version.document, desk.examined.canonical)) if version is not None else [],
    )


def grouped(found: Iterable[Difference]) -> list[Group]:
    """Differences by component, in the order of a design file."""
    groups: dict[tuple[str, str], Group] = {}
    for difference in found:
        key = (difference.type, difference.id)
        is_whole = not difference.path and bool(difference.id)
        if key not in groups:
            kind = difference.kind if is_whole else "changed"
            groups[key] = Group(_title(*key), kind, _HAPPENED[kind])
        if is_whole:
            value = difference.after if difference.kind == "added" else difference.before
            groups[key].whole = words.summary(difference.type, value)
        else:
            groups[key].lines.append(_line(difference))
    return list(groups.values())


def version_of(desk: Desk, asked: str) -> DesignVersion | None:
    """The version in force in an environment, or the one of a number; production's, if nothing is asked for. None if
    there is none."""
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return DesignVersion.objects.filter(game=desk.game, number=int(asked)).first()
    if asked in ("", *Environment.values):
        version: DesignVersion | None = getattr(desk.game, asked or Environment.PRODUCTION.value)
        return version
    return None


def _title(kind: str, component_id: str) -> str:
    if kind in words.SINGLE:
        return str(words.SINGLE[kind])
    one, many = words.KINDS[kind]
    text = f"{one} {component_id}" if component_id else str(many)
    return text[:1].upper() + text[1:]


def _line(difference: Difference) -> Line:
    steps = tokens(difference.path)
    is_order = steps[-1:] == ("order",)
    where = " › ".join(str(_("order")) if step == "order" else step for step in steps)
    return Line(
        difference.kind,
        _HAPPENED[difference.kind],
        where,
        _value(steps, difference.before, is_order=is_order),
        _value(steps, difference.after, is_order=is_order),
    )


def _value(steps: tuple[str, ...], value: Any, *, is_order: bool) -> str:
    if value is None:
        return ""
    if is_order and isinstance(value, list):
        return ", ".join(map(str, value))
    if steps[-1:] == ("requires",) and isinstance(value, Mapping):
        return words.condition(value) or _("always")
    if isinstance(value, Mapping) and "verb" in value:
        return words.reward(value)
    if isinstance(value, Mapping) and "rewards" in value:
        return "; ".join(words.rewards({"rules": [value]}))
    if isinstance(value, list) and value and all(isinstance(part, Mapping) and "verb" in part for part in value):
        return "; ".join(map(words.reward, value))
    if not steps and isinstance(value, Mapping):  # the game, or what new players get, where there was none
        return "\n".join(_told(value))
    if not steps[1:] and isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        return "; ".join(", ".join(_told(part)) for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _told(parts: Mapping[str, Any]) -> Iterable[str]:
    """Key and value of each part that says something."""
    said = (
        (key, _value((key,), part, is_order=False)) for key, part in parts.items() if part not in ("", None, [], {})
    )
    return (f"{key}: {text}" for key, text in said)
