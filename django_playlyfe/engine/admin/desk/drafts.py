"""The working design as the desk reads and writes it: whole checks before anything is stored, and nobody's changes
overwritten unseen. Written by ``engine.versions.editing``, as the design API does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_playlyfe.engine.admin.desk.examining import examine
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import sha256
from django_playlyfe.engine.design.components import SINGULAR, check_component
from django_playlyfe.engine.design.report import Problem
from django_playlyfe.engine.exceptions import DesignInvalid
from django_playlyfe.engine.models import Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing

Wire = dict[str, Any]
SINGLE = ("game", "bootstrap")
"""The parts of a design of which there is one."""


class Edited(Exception):
    """Somebody else has changed the same thing since it was looked at.

    Attributes:
        now: what it is now; None if it was deleted.
    """

    def __init__(self, now: Any) -> None:
        super().__init__("edited meanwhile")
        self.now = now


def fingerprint(value: Any) -> str:
    """What a page remembers of what it showed; problems that an activation noted play no part."""
    return sha256(_without_notes(value)) if value is not None else ""


def find(document: Mapping[str, Any], kind: str, component_id: str) -> Wire | None:
    """A component of a document, or the game or the bootstrap; None if there is none."""
    if kind in SINGLE:
        return dict(document.get(kind) or {})
    return next((entry for entry in document.get(kind, ()) if entry.get("id") == component_id), None)


def with_component(document: Mapping[str, Any], kind: str, component_id: str | None, body: Wire) -> tuple[Wire, int]:
    """A copy of a document with a component put in, and its place among the others; ``component_id`` None = a new
    one."""
    if kind in SINGLE:
        return {**document, kind: body}, 0
    others = list(document.get(kind, ()))
    ids = [entry.get("id") for entry in others]
    index = ids.index(component_id) if component_id in ids else len(others)
    others[index : index + 1] = [body]
    return {**document, kind: others}, index


def without_component(document: Mapping[str, Any], kind: str, component_id: str) -> Wire:
    """A copy of a document without a component."""
    return {**document, kind: [entry for entry in document.get(kind, ()) if entry.get("id") != component_id]}


def problems(document: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with a document."""
    return list(examine(document).report.problems)


def of(found: Sequence[Problem], kind: str, name: str | int) -> list[Problem]:
    """The problems of one component, which a report names by its id or, where it has no usable one, by its place."""
    place = f"/{kind}" if kind in SINGLE else f"/{kind}/{name}"
    return [problem for problem in found if problem.path == place or problem.path.startswith(f"{place}/")]


def may_be_stored(document: Mapping[str, Any], kind: str, body: Wire, index: int) -> bool:
    """Whether a component can be written although the design has errors then: its own shape is right, and what it
    refers to may still come."""
    if kind in SINGLE:
        return False
    try:
        report, _ = check_component(document, kind, body, index)
    except DesignInvalid:  # it holds what no JSON file may
        return False
    return report.valid


def save(realm: Realm, kind: str, component_id: str | None, body: Wire, seen: str) -> None:
    """Write a component, or the game or the bootstrap.

    Args:
        component_id: which; None for a new one.
        seen: the fingerprint of what was there when editing began; "" = nothing.

    Raises:
        Edited: something else is there by now.
        Conflict: a new one has the id of another.
        InvalidRequest: its own check found something.
    """
    with transactions.atomic():
        if component_id is not None:
            expect(realm, kind, component_id, seen)
        if component_id is None or not seen:
            editing.create(realm, kind, body)
        elif kind == "game":
            editing.replace_game(realm, body)
        elif kind == "bootstrap":
            editing.replace_bootstrap(realm, body)
        else:
            editing.replace(realm, kind, component_id, body)


def delete(realm: Realm, kind: str, component_id: str, seen: str) -> None:
    """Take a component out. Raises Edited."""
    with transactions.atomic():
        expect(realm, kind, component_id, seen)
        editing.delete(realm, kind, component_id)


def replace(realm: Realm, body: Mapping[str, Any], seen: str) -> None:
    """Put a whole design in the place of the working one. Raises Edited and DesignInvalid."""
    with transactions.atomic():
        expect_document(realm, seen)
        editing.replace_document(realm, body)


def expect(realm: Realm, kind: str, component_id: str, seen: str) -> None:
    """Lock the working design; raise Edited if a component is not what it was."""
    now = find(_locked(realm), kind, component_id)
    if fingerprint(now) != seen:
        raise Edited(now)


def expect_document(realm: Realm, seen: str) -> None:
    """The same for all of it."""
    now = _locked(realm)
    if fingerprint(now) != seen:
        raise Edited(now)


def _locked(realm: Realm) -> Wire:
    games = transactions.locked(Game.objects.all())
    return editing.document_of(games.get(game_id=realm.game))


def _without_notes(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    cleaned = {key: entry for key, entry in value.items() if key != "_errors"}
    for kind in ("game", *SINGULAR):
        if isinstance(cleaned.get(kind), dict):
            cleaned[kind] = _without_notes(cleaned[kind])
        elif isinstance(cleaned.get(kind), list):
            cleaned[kind] = [_without_notes(entry) for entry in cleaned[kind]]
    return cleaned
