"""Resolving issues: the fix of each as a call of every player it concerns, in batches (``engine.md`` §14.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_playlyfe import instants
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.calls.fixes import fix
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.ledger.projections import Projections, save_all
from django_playlyfe.engine.models import Call, DesignVersion, Environment, Game, Player
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules.plan import Plan, SetMetric, StateMetric
from django_playlyfe.engine.versions import activation, editing
from django_playlyfe.engine.versions import issues as conflicts
from django_playlyfe.engine.versions.issues import Issue
from django_playlyfe.wire import make_error

BATCH = 200
"""Players of one transaction."""


def issues(realm: Realm) -> list[dict[str, Any]]:
    """What keeps the working design from being put in force, and what was resolved since the last activation. A design
    with errors has no issues yet.

    Args:
        realm: the game. From production both environments are seen, since it can simulate; staging sees only itself.

    Returns:
        Objects of ``engine.md`` §14.3.
    """
    game = find_game(realm)
    found = []
    for environment in _within_reach(realm):
        each = Realm(game.game_id, environment)
        still = activation.find_issues(each, editing.working_document(each))
        found += [issue.as_data() for issue in still]
        named = {issue.id for issue in still}
        found += [issue for issue in _resolved(game, environment) if issue["id"] not in named]
    return found


def resolve_issue(
    realm: Realm, issue_id: str, apply: object, variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Apply a fix of an issue of the working design to every player it concerns.

    Args:
        realm: the game, and whose reach it is (:func:`issues`); the issue's id names the environment.
        issue_id: from :func:`issues`.
        apply: the issue's ``apply``, or its ``…_RENAME`` with ``{"to": id or name}`` in ``variables``.

    Returns:
        The issue, resolved.

    Raises:
        NotFound: there is no such issue (``issue_not_found``).
        InvalidRequest: this fix is none of the issue's, or its target is not in the design.
    """
    environment = issue_id.partition(".")[0]
    if environment in _within_reach(realm):
        target = Realm(find_game(realm).game_id, environment)
        document = editing.working_document(target)
        issue = _open(target, document, issue_id)
        if issue is not None:
            resolve(target, document, issue, apply, (variables or {}).get("to"))
            return issue.as_data(is_resolved=True)
        for resolved in _resolved(find_game(realm), environment):
            if resolved["id"] == issue_id:
                return resolved
    raise make_error("issue_not_found", f"The issue '{issue_id}' does not exist", status=404)


def _within_reach(realm: Realm) -> list[str]:
    return [Environment.STAGING.value] if realm.environment == Environment.STAGING else list(Environment.values)


def resolve(realm: Realm, document: object, issue: Issue, apply: object = None, to: object = None) -> int:
    """Apply a fix of an issue of any design; ``apply`` None = the proposed one, or the renaming one if ``to`` is given.

    Each batch is a transaction of its own, unless the caller has one open. What was done is whole, and going on is
    calling it again.

    Returns:
        How many players it concerned.
    """
    version = activation.freeze(realm, document)
    plan = plans.plan_of(version)
    given = _given(issue, plan, apply, to)
    players = 0
    for keys in _batches(version.game, issue):
        with transactions.atomic():
            players += _fix(keys, version, plan, given)
    _note(version, issue)
    return players


def _open(realm: Realm, document: object, issue_id: str) -> Issue | None:
    return next((issue for issue in activation.find_issues(realm, document) if issue.id == issue_id), None)


def _given(issue: Issue, plan: Plan, apply: object, to: object) -> dict[str, Any]:
    """The inputs of the calls. Raises InvalidRequest."""
    chosen = (issue.rename if to is not None and issue.rename else issue.apply) if apply is None else apply
    offered = [fix_ for fix_ in (issue.apply, issue.rename) if fix_]
    if chosen not in offered:
        raise invalid("/apply", f"should be {' or '.join(offered)}", code="ENUM_MISMATCH", found=chosen)
    return {
        "issue": issue.id,
        "apply": chosen,
        "metric": issue.metric["id"],
        "member": issue.member,
        "limit": issue.limit,
        "to": _member(plan, issue, to) if chosen == issue.rename else "",
    }


def _member(plan: Plan, issue: Issue, to: object) -> str:
    metric = plan.metrics[issue.metric["id"]]
    members: Mapping[str, Any] = {}
    if isinstance(metric, SetMetric):
        members = metric.items
    elif isinstance(metric, StateMetric):
        members = metric.states
    for member in members.values():
        if to in (member.id, member.name):
            return str(member.id)
    raise invalid("/vars/to", f"should be one of {', '.join(members)}", code="REFERENCE_NOT_FOUND", found=to)


def _batches(game: Game, issue: Issue) -> Iterator[list[int]]:
    """Primary keys of the players whom an issue concerns, in order."""
    last = 0
    rows = conflicts.affected(game, issue)
    while keys := list(
        rows.filter(player__gt=last).order_by("player_id").values_list("player_id", flat=True).distinct()[:BATCH]
    ):
        yield keys
        last = keys[-1]


def _fix(keys: list[int], version: DesignVersion, plan: Plan, given: Mapping[str, Any]) -> int:
    """A batch: a constant number of queries."""
    database, at = transactions.write_alias(), inputs.in_milliseconds(instants.now())
    players = list(transactions.locked(Player.objects.filter(pk__in=keys).order_by("pk")))
    if not players:
        return 0
    projections = Projections.load_all(players)
    entries = []
    for player in players:
        writes = fix(projections[player.pk], plan, given, at)
        if writes:
            call = log.new_call(
                player, version, kind=Call.Kind.FIX, at=at, zone=plan.timezone, inputs=dict(given), writes=writes
            )
            entries.append((player, plan, call))
    if entries:
        crediting.credit_all(entries)
        Call.objects.using(database).bulk_create([call for _, _, call in entries])
        save_all(list(projections.values()))
        # What judges next is another design: it looks at every rule.
        Player.objects.using(database).filter(pk__in=keys).update(judged_version=None)
    return len(entries)


def _note(version: DesignVersion, issue: Issue) -> None:
    """A row of the log about no player: the issue was resolved."""
    at = inputs.in_milliseconds(instants.now())
    Call.objects.using(transactions.write_alias()).create(
        game=version.game,
        environment=issue.environment,
        kind=Call.Kind.FIX,
        at=at,
        local_date=at.date(),
        version=version,
        inputs={"resolved": issue.as_data(is_resolved=True)},
        seed=log.new_seed(at),
    )


def _resolved(game: Game, environment: str) -> list[dict[str, Any]]:
    """The issues that were resolved since the last activation, each once."""
    calls = Call.objects.using(transactions.write_alias()).filter(game=game, environment=environment, player=None)
    last = calls.filter(kind=Call.Kind.ACTIVATION).order_by("-pk").values_list("pk", flat=True).first() or 0
    notes = calls.filter(kind=Call.Kind.FIX, pk__gt=last).order_by("pk").values_list("inputs", flat=True)
    return list({given["resolved"]["id"]: given["resolved"] for given in notes if "resolved" in given}.values())
