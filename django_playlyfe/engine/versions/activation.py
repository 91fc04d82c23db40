"""Activation: check, compile, freeze, make current for one environment (``engine.md`` §14.1). The one way in for every
design, from the command, the design API or the desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Max

from django_playlyfe import instants
from django_playlyfe.engine import history
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import sha256
from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.diff import Difference, diff
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Report
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid
from django_playlyfe.engine.history.what_if import WhatIf
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.models import Call, DesignVersion, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.services.awarding import award_all
from django_playlyfe.engine.versions import issues
from django_playlyfe.engine.versions.issues import Issue

Document = Mapping[str, Any]


def activate(realm: Realm, document: object, *, force: bool = False, award: bool = False) -> DesignVersion:
    """Make a design the one that judges plays in an environment. All of it happens, or nothing.

    Args:
        realm: the environment, and the game to load it as; "" = the game that the document names. A game that does
            not exist yet is made.
        document: a design as in a design file (``engine.md`` §2).
        force: overwrite a working design that was edited since it was last activated.
        award: afterwards give every player what the design owes them for what they did before (``engine.md`` §17.6;
            :func:`owed` is the preview). Each player is a transaction of its own, unless the caller has one open;
            interrupted, the same call goes on.

    Returns:
        The version now in force. A document that was frozen before is that version again, so activating the same
        design twice changes nothing.

    Raises:
        DesignInvalid: the design has errors; ``report`` holds all of them.
        DesignConflict: the working design was edited since the last activation; or it conflicts with what players
            have, and ``issues`` says how (``resolving`` applies the fixes).
    """
    version = _put_in_force(realm, document, force=force)
    if award:
        award_all(Realm(version.game.game_id, realm.environment))
    return version


def _put_in_force(realm: Realm, document: object, *, force: bool) -> DesignVersion:
    design = checked_design(realm, document)
    compile_design(design)  # what cannot be compiled must never become current
    with transactions.atomic():
        game = _lock_game(design)
        if not force:
            _check_not_edited(game)
        version = _freeze(game, design)
        previous: DesignVersion | None = getattr(game, realm.environment)
        _check_no_issues(game, realm.environment, previous, design)
        game.title = design["game"]["title"]
        game.document = design
        game.activated_sha256 = version.sha256
        setattr(game, realm.environment, version)
        game.save()
        if previous != version:
            _record(game, realm, version, previous)
        return version


def preview(realm: Realm, document: object) -> tuple[Report, list[Difference]]:
    """What :func:`activate` would find, without writing.

    Returns:
        The report of the check, and the differences to the design in force in the realm's environment, none of them if
        the design has errors.
    """
    report, design = _check(realm, document)
    if design is None:
        return report, []
    current = design_in_force(Realm(design["game"]["id"], realm.environment))
    return report, diff(current.document if current is not None else None, design)


def compiled(realm: Realm, document: object) -> Plan:
    """A design, ready to judge with, without activating it.

    Raises:
        DesignInvalid: the design has errors; ``report`` holds all of them.
    """
    return compile_design(checked_design(realm, document))


def owed(realm: Realm, document: object) -> Iterator[WhatIf]:
    """What :func:`activate` with ``award`` would give to, or take from, each player of the game, in the order of their
    creation (:class:`~django_playlyfe.engine.history.Totals` adds it up). Nothing is written. Nobody if there is no
    such game yet.

    Raises:
        DesignInvalid: the design has errors; ``report`` holds all of them.
    """
    design = checked_design(realm, document)
    there = Realm(design["game"]["id"], realm.environment)
    return history.owed(there, compile_design(design)) if design_in_force(there) is not None else iter(())


def find_issues(realm: Realm, document: object) -> list[Issue]:
    """What stands in the way of activating a design, once it has no errors; none while it has some.

    The realm must name its game, or the document is taken for that game's.
    """
    _, design = _check(realm, document)
    if design is None:
        return []
    game = Game.objects.filter(game_id=design["game"]["id"]).select_related(realm.environment).first()
    version: DesignVersion | None = getattr(game, realm.environment) if game is not None else None
    if game is None or version is None:
        return []
    return issues.find(game, realm.environment, version.document, design)


def freeze(realm: Realm, document: object) -> DesignVersion:
    """The version of a design, without putting it in force: calls that prepare its activation name it.

    Raises:
        DesignInvalid: the design has errors; ``report`` holds all of them.
    """
    design = checked_design(realm, document)
    compile_design(design)
    with transactions.atomic():
        return _freeze(_lock_game(design), design)


def design_in_force(realm: Realm) -> DesignVersion | None:
    """The version that judges plays in a named game and environment, None if there is none yet."""
    game = Game.objects.filter(game_id=realm.game).select_related(realm.environment).first()
    version: DesignVersion | None = getattr(game, realm.environment) if game is not None else None
    return version


def _check(realm: Realm, document: object) -> tuple[Report, dict[str, Any] | None]:
    """The report, and the canonical design if it is valid."""
    if realm.game and isinstance(document, dict) and isinstance(document.get("game"), dict):
        # Loaded as the game that the realm names, whatever id the file says.
        document = {**document, "game": {**document["game"], "id": realm.game}}
    report = check(document)
    return report, normalise(document) if report.valid else None


def checked_design(realm: Realm, document: object) -> dict[str, Any]:
    """The canonical design. Raises DesignInvalid if it has errors."""
    report, design = _check(realm, document)
    if design is None:
        raise DesignInvalid(report=report)
    return design


def _lock_game(design: Document) -> Game:
    """The game's row, locked: two activations at once go one after the other, plays go on."""
    games = Game.objects.using(transactions.write_alias())
    games.get_or_create(game_id=design["game"]["id"], defaults={"title": design["game"]["title"]})
    return transactions.locked(games).get(game_id=design["game"]["id"])


def _check_not_edited(game: Game) -> None:
    if game.document and sha256(game.document) != game.activated_sha256:
        raise DesignConflict(
            f"The working design of '{game.game_id}' was edited since it was last activated. Export it first "
            "(playlyfe_engine_export), or overwrite it with --force"
        )


def _check_no_issues(game: Game, environment: str, current: DesignVersion | None, design: Document) -> None:
    found = issues.find(game, environment, current.document if current is not None else None, design)
    if found:
        several = f", one of {len(found)} issues" if len(found) > 1 else ""
        raise DesignConflict(
            f"The design conflicts with the running game: {found[0]}{several}",
            issues=[issue.as_data() for issue in found],
        )


def _freeze(game: Game, design: Document) -> DesignVersion:
    """The version of this document; an existing one if it was frozen before."""
    versions = DesignVersion.objects.using(transactions.write_alias()).filter(game=game)
    digest = sha256(design)
    version = versions.filter(sha256=digest).first()
    if version is None:
        number = (versions.aggregate(number=Max("number"))["number"] or 0) + 1
        version = versions.create(game=game, number=number, document=design, sha256=digest)
    return version


def _record(game: Game, realm: Realm, version: DesignVersion, previous: DesignVersion | None) -> None:
    at = inputs.in_milliseconds(instants.now())
    Call.objects.using(transactions.write_alias()).create(
        game=game,
        environment=realm.environment,
        kind=Call.Kind.ACTIVATION,
        at=at,
        local_date=at.date(),
        version=version,
        inputs={"version": version.number, "previous": previous.number if previous is not None else None},
        seed=log.new_seed(at),
    )
