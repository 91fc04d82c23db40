"""The working design of a game, component by component (``engine.md`` §14.1, §15.1). Nothing here changes what is in
force: that takes an activation."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.components import (
    SINGULAR,
    check_bootstrap_alone,
    check_component,
    check_game_shape,
    project,
)
from django_playlyfe.engine.design.report import Problem, Report, pointer
from django_playlyfe.engine.exceptions import DesignInvalid
from django_playlyfe.engine.models import DesignVersion, Game
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.versions.activation import activate, checked_design
from django_playlyfe.wire import make_error

Wire = dict[str, Any]

WORKING = "latest"
"""The version that can be written."""
_NO_BOOTSTRAP: Wire = {"scores": [], "processes": [], "teams": []}


# --- reading ----------------------------------------------------------------------------------------------------------


def components(
    realm: Realm, version: str, kind: str, *, fields: Sequence[str] = ("id", "name"), tags: Sequence[str] = ()
) -> list[Wire]:
    """The components of a type in design order.

    Args:
        realm: the game; a design belongs to both environments.
        version: :data:`WORKING`, or the number of a frozen version.
        kind: one of ``SINGULAR``.
        fields: what of each is shown, as dotted paths.
        tags: only those with at least one of these; all if empty.

    Raises:
        NotFound: there is no such version.
    """
    wanted = set(tags)
    found = _document(realm, version).get(kind, [])
    return [project(entry, fields) for entry in found if not wanted or wanted & set(entry.get("tags", ()))]


def component(realm: Realm, version: str, kind: str, component_id: str) -> Wire:
    """A component in full. Raises NotFound if there is no such version or component."""
    document = _document(realm, version)
    found: Wire = document[kind][_index(document, kind, component_id)]
    return found


def bootstrap(realm: Realm, version: str) -> Wire:
    """What new players are given. Raises NotFound if there is no such version."""
    return {**_NO_BOOTSTRAP, **_document(realm, version).get("bootstrap", {})}


# --- beginning --------------------------------------------------------------------------------------------------------


def begin(game_id: str, body: Mapping[str, Any]) -> Game:
    """Make a game with a working design, and nothing in force.

    Args:
        game_id: its id, whatever id ``body`` says.
        body: a design as in a design file; ``{"game": {"title": …}}`` is an empty one.

    Raises:
        DesignInvalid: it has errors, or the id cannot be one.
        Conflict: there is such a game (``game_exists``).
    """
    document = checked_design(Realm(game_id), body)
    games = Game.objects.using(transactions.write_alias())
    made = {"title": document["game"]["title"], "document": document}
    game, is_new = games.get_or_create(game_id=document["game"]["id"], defaults=made)
    if not is_new:
        raise make_error("game_exists", f"The game '{game.game_id}' exists already", status=409)
    return game


# --- writing ----------------------------------------------------------------------------------------------------------


def create(realm: Realm, kind: str, body: Mapping[str, Any]) -> Wire:
    """Add a component.

    Returns:
        All of it, with its defaults.

    Raises:
        InvalidRequest: its check found something (``engine.md`` §15.2).
        Conflict: the id is taken (``<type>_exists``).
    """
    with transactions.atomic():
        game, document = _lock(realm)
        others = document.setdefault(kind, [])
        if any(other["id"] == body.get("id") for other in others):
            text = f"The {SINGULAR[kind]} '{body['id']}' exists already"
            raise make_error(f"{SINGULAR[kind]}_exists", text, status=409)
        created = _checked(check_component(document, kind, dict(body), len(others)))
        others.append(created)
        _save(game, document)
    return created


def update(realm: Realm, kind: str, component_id: str, changes: Mapping[str, Any]) -> Wire:
    """Replace some top-level keys of a component; the others survive.

    Returns:
        All of it.

    Raises:
        NotFound: there is no such component.
        InvalidRequest: ``changes`` hold ``id`` or another type, or the check found something.
    """
    with transactions.atomic():
        game, document = _lock(realm)
        index = _index(document, kind, component_id)
        if "id" in changes:
            place = pointer((kind, component_id, "id"))
            raise invalid(place, "id never changes", code="OBJECT_ADDITIONAL_PROPERTIES", found=changes["id"])
        return _rewrite(game, document, (kind, index), {**document[kind][index], **changes})


def replace(realm: Realm, kind: str, component_id: str, body: Mapping[str, Any]) -> Wire:
    """Write a component anew: what ``body`` leaves out is gone, or has its default.

    Args:
        body: all of it; its id and type are those that it had.

    Returns:
        All of it, with its defaults.

    Raises:
        NotFound, InvalidRequest: as :func:`update`.
    """
    with transactions.atomic():
        game, document = _lock(realm)
        index = _index(document, kind, component_id)
        if body.get("id") != component_id:
            place = pointer((kind, component_id, "id"))
            raise invalid(place, f"id never changes; it is {component_id}", code="ENUM_MISMATCH", found=body.get("id"))
        return _rewrite(game, document, (kind, index), body)


def delete(realm: Realm, kind: str, component_id: str) -> None:
    """Take a component out, whoever refers to it: the activation will tell. Raises NotFound."""
    with transactions.atomic():
        game, document = _lock(realm)
        del document[kind][_index(document, kind, component_id)]
        _forget_problems(document, pointer((kind, component_id)))
        _save(game, document)


def replace_bootstrap(realm: Realm, body: Mapping[str, Any]) -> Wire:
    """Give new players something else from the next activation on. Raises InvalidRequest."""
    with transactions.atomic():
        game, document = _lock(realm)
        document["bootstrap"] = _checked(check_bootstrap_alone(document, dict(body)))
        _save(game, document)
    replaced: Wire = document["bootstrap"]
    return replaced


def replace_game(realm: Realm, body: Mapping[str, Any]) -> Wire:
    """Write the settings of the game anew: its title, its time zones. Raises InvalidRequest."""
    with transactions.atomic():
        game, document = _lock(realm)
        if body.get("id") != game.game_id:
            raise invalid("/game/id", f"id never changes; it is {game.game_id}", code="ENUM_MISMATCH")
        document["game"] = _checked(check_game_shape(dict(body)))
        _save(game, document)
    replaced: Wire = document["game"]
    return replaced


def replace_document(realm: Realm, body: Mapping[str, Any]) -> Wire:
    """Put another design in the place of the working one, as from a file.

    Returns:
        The canonical document, with the id of this game.

    Raises:
        DesignInvalid: it has errors.
    """
    with transactions.atomic():
        game, _ = _lock(realm)
        document = checked_design(Realm(game.game_id, realm.environment), body)
        _save(game, document)
    return document


def working_document(realm: Realm) -> Wire:
    """The working design, whole; it may have errors."""
    return _document(realm, WORKING)


def document_of(game: Game) -> Wire:
    """A copy of the working design of a game that was read; it holds at least the game."""
    document: Wire = copy.deepcopy(game.document) or {"game": {"id": game.game_id, "title": game.title}}
    return document


def activate_working_design(realm: Realm) -> DesignVersion:
    """Make the working design the one that judges plays in the realm's environment.

    Raises:
        DesignInvalid: it has errors. They are stored in the ``_errors`` of the components, with a summary on the game,
            unless the caller's transaction is rolled back.
        DesignConflict: it conflicts with what players have; ``issues`` says how.
    """
    try:
        with transactions.atomic():
            game, document = _lock(realm)  # nobody edits it between the check and the activation
            version = activate(Realm(game.game_id, realm.environment), document, force=True)
    except DesignInvalid as error:
        _note_problems(realm, error.report)
        raise
    return version


def _rewrite(game: Game, document: Wire, where: tuple[str, int], body: Mapping[str, Any]) -> Wire:
    """Store a component as it is from now on. Raises InvalidRequest."""
    kind, index = where
    before = document[kind][index]
    place = pointer((kind, before["id"]))
    if "type" in before and body.get("type", before["type"]) != before["type"]:
        text = f"type never changes; it is {before['type']}"
        raise invalid(f"{place}/type", text, code="ENUM_MISMATCH", found=body["type"])
    rewritten = _checked(check_component(document, kind, dict(body), index))
    document[kind][index] = rewritten
    _forget_problems(document, place)
    _save(game, document)
    return rewritten


# --- the document -----------------------------------------------------------------------------------------------------


def _document(realm: Realm, version: str) -> Wire:
    game = find_game(realm)
    if version == WORKING:
        return _read(game)[1]
    numbered = DesignVersion.objects.filter(game=game, number=int(version)) if _is_number(version) else None
    found = numbered.values_list("document", flat=True).first() if numbered is not None else None
    if found is None:
        raise make_error("route_not_found", f"The design has no version '{version}'")
    document: Wire = found
    return document


def _is_number(version: str) -> bool:
    return version.isascii() and version.isdigit() and len(version) < 10


def _read(game: Game) -> tuple[Game, Wire]:
    return game, document_of(game)


def _lock(realm: Realm) -> tuple[Game, Wire]:
    games = Game.objects.using(transactions.write_alias())
    return _read(transactions.locked(games).get(pk=find_game(realm).pk))


def _save(game: Game, document: Wire) -> None:
    game.document = document
    game.save(update_fields=["document"])


def _index(document: Mapping[str, Any], kind: str, component_id: str) -> int:
    for index, entry in enumerate(document.get(kind, ())):
        if entry["id"] == component_id:
            return index
    thing = SINGULAR[kind]
    raise make_error(f"{thing}_not_found", f"The {thing} '{component_id}' does not exist")


def _checked(result: tuple[Report, Any]) -> Wire:
    report, canonical = result
    if not report.valid:
        raise DesignInvalid(report=report)
    checked: Wire = canonical
    return checked


# --- problems of an activation ----------------------------------------------------------------------------------------


def _note_problems(realm: Realm, report: Report) -> None:
    with transactions.atomic():
        game, document = _lock(realm)
        by_component: dict[str, list[Problem]] = {}
        for problem in report.problems:
            by_component.setdefault("/".join(problem.path.split("/")[:3]), []).append(problem)
        for kind, thing in SINGULAR.items():
            for entry in document.get(kind, ()):
                entry.pop("_errors", None)
                found = by_component.get(pointer((kind, entry["id"])))
                if found:
                    entry["_errors"] = [problem.as_data() for problem in found]
                    found[:] = [_summary(thing, entry["id"], found)]
        document["game"]["_errors"] = [problem.as_data() for found in by_component.values() for problem in found]
        _save(game, document)


def _summary(thing: str, component_id: str, found: Sequence[Problem]) -> Problem:
    place = "/".join(found[0].path.split("/")[:3])
    count = f"{len(found)} problem{'' if len(found) == 1 else 's'}"
    return Problem("NOT_PASSED", place, f"The {thing} '{component_id}' has {count}", f"a {thing} without problems")


def _forget_problems(document: Wire, place: str) -> None:
    """A component that was written anew has no known problems."""
    noted = document["game"].get("_errors")
    if noted is not None:
        document["game"]["_errors"] = [problem for problem in noted if problem["path"] != place]
