"""Custom rules: run when somebody calls them, for many players at once (``engine.md`` §9.3, ``http-api.md`` §7.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_playlyfe.engine import inputs, log, transactions
from django_playlyfe.engine.canonical import canonical
from django_playlyfe.engine.log import Recorded
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.refusals import invalid, translated
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.state import Refused
from django_playlyfe.engine.services.recording import Scene
from django_playlyfe.wire import make_error

MOST_RUNS = 10_000
"""Players times entries of one call."""


@dataclass(frozen=True)
class _Run:
    """The rule for one player: entry and position tell where the answer belongs."""

    entry: int
    position: int
    player_id: str
    variables: Mapping[str, Any]
    scopes: tuple[Mapping[str, str], ...]


def run_rule(
    realm: Realm, rule_id: str, data: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
) -> list[list[Recorded]]:
    """Run a custom rule: all of it, or nothing.

    Args:
        rule_id: id of the rule.
        data: ``[{"variables": {…}, "player_ids": […], "scopes": [{"id", "entity_id"}]}]``.
        idempotency_key: the same key with the same data gives the first answer and pays nothing.

    Returns:
        Per entry, per player, the recorded call. Without a matching inner rule it has no event of its own.

    Raises:
        NotFound: there is no such rule (``rule_not_found``).
        PlayerNotFound: one of the players is not there.
        InvalidRequest: the data or a variable is wrong.
        Conflict: the key was used for other data.
        ConfigurationError: no such game, or it has no active design.
    """
    runs = _read(data)
    key = None if idempotency_key is None else inputs.read_key(idempotency_key)
    asked = hashlib.sha256(canonical([dict(entry) for entry in data]).encode()).hexdigest()
    answers: dict[tuple[int, int], Recorded] = {}
    with transactions.atomic():
        _expect_players(realm, {run.player_id for run in runs})
        # In the order of the ids, whatever was asked: two such calls then never wait for each other in a circle.
        for run in sorted(runs, key=lambda run: run.player_id):
            answers[run.entry, run.position] = _run(realm, rule_id, run, key, asked)
    return [
        [answers[index, position] for position in range(len(entry["player_ids"]))] for index, entry in enumerate(data)
    ]


def _run(realm: Realm, rule_id: str, run: _Run, key: str | None, asked: str) -> Recorded:
    scene = Scene.enter(realm, run.player_id)
    stored_key = None if key is None else _key_of(key, run.entry)
    earlier = _earlier(scene.player, rule_id, stored_key)
    if earlier is not None:
        if earlier.inputs.get("asked") != asked:
            raise make_error("idempotency_key_reused", "The key was used for another call of this rule")
        return log.recorded(realm, earlier, scene.player, replayed=True)
    try:
        outcome = judge.custom_rule(scene.plan, scene.state, rule_id, run.variables, scene.at)
    except Refused as refused:
        raise translated(refused, None) from None
    given = {"variables": dict(run.variables), "scopes": list(run.scopes), "asked": asked}
    return scene.record(Call.Kind.RULE, outcome, given, action=rule_id, idempotency_key=stored_key)


def _read(data: object) -> list[_Run]:
    if not isinstance(data, Sequence) or isinstance(data, str) or not data:
        raise invalid("/data", "should be an array of at least one entry", code="INVALID_TYPE")
    runs = []
    for index, entry in enumerate(data):
        path = f"/data/{index}"
        players = entry.get("player_ids") if isinstance(entry, Mapping) else None
        if not isinstance(players, list) or not all(isinstance(player, str) for player in players):
            raise invalid(f"{path}/player_ids", "should be an array of player ids", code="INVALID_TYPE")
        variables = inputs.read_variables(entry.get("variables"))
        scopes = inputs.read_scopes(entry.get("scopes") or ())
        runs += [_Run(index, position, player, variables, scopes) for position, player in enumerate(players)]
    if len(runs) > MOST_RUNS:
        raise invalid("/data", f"should name at most {MOST_RUNS} players", code="ARRAY_LENGTH_LONG")
    return runs


def _expect_players(realm: Realm, player_ids: set[str]) -> None:
    players = Player.objects.using(transactions.write_alias()).filter(
        game=find_game(realm), environment=realm.environment, player_id__in=player_ids
    )
    if player_ids - set(players.values_list("player_id", flat=True)):
        raise make_error("player_not_found")


def _key_of(key: str, entry: int) -> str:
    """One key stands for all players and entries of a call; a player may be in several entries."""
    return hashlib.sha256(f"{entry}\0{key}".encode()).hexdigest()


def _earlier(player: Player, rule_id: str, key: str | None) -> Call | None:
    if key is None:
        return None
    calls = Call.objects.using(transactions.write_alias())
    earlier: Call | None = calls.filter(player=player, kind=Call.Kind.RULE, action=rule_id, idempotency_key=key).first()
    return earlier
