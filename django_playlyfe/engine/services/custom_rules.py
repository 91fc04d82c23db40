"""Custom rules: run when somebody calls them, for many players at once (``engine.md`` §9.3, ``http-api.md`` §7.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_playlyfe import instants
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import canonical
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.ledger.projections import Projections, save_all
from django_playlyfe.engine.models import Call, Game, Player
from django_playlyfe.engine.realm import Realm, find_game, lock_players, player_keys, version_in_force
from django_playlyfe.engine.refusals import invalid, translated, within
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.once import moved
from django_playlyfe.engine.rules.state import Guard, Refused
from django_playlyfe.exceptions import InvalidRequest
from django_playlyfe.wire import make_error

MOST_RUNS = 10_000
"""Players times entries of one call."""

CHUNK = 200
"""Runs that are judged and stored together."""


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
        keys = player_keys(realm, {run.player_id for run in runs})
        if any(run.player_id not in keys for run in runs):
            raise make_error("player_not_found")
        if key is not None:
            _claim(realm, rule_id, key, asked)
        # In the order of the players' keys, so that two such calls lock them in the same order.
        runs.sort(key=lambda run: keys[run.player_id])
        for start in range(0, len(runs), CHUNK):
            answers.update(_run_chunk(realm, rule_id, runs[start : start + CHUNK], key))
    return [
        [answers[index, position] for position in range(len(entry["player_ids"]))] for index, entry in enumerate(data)
    ]


def _claim(realm: Realm, rule_id: str, key: str, asked: str) -> None:
    """Note for what a key is used, in a row of the log about no player; calls with a key go one after the other.

    Raises:
        Conflict: it was used for other data.
    """
    game = find_game(realm)
    database, stored_key = transactions.write_alias(), _key_of(key, realm.environment)
    transactions.locked(Game.objects.filter(pk=game.pk)).values_list("pk").first()
    claims = Call.objects.using(database).filter(
        player=None, kind=Call.Kind.RULE, action=rule_id, idempotency_key=stored_key, game=game
    )
    claim = claims.first()
    if claim is None:
        at = inputs.in_milliseconds(instants.now())
        claims.create(
            game=game,
            environment=realm.environment,
            kind=Call.Kind.RULE,
            action=rule_id,
            idempotency_key=stored_key,
            at=at,
            local_date=at.date(),
            version=version_in_force(game, realm),
            inputs={"asked": asked},
            seed=log.new_seed(at),
        )
    elif claim.inputs.get("asked") != asked:
        raise make_error("idempotency_key_reused", "The key was used for another call of this rule")


def _run_chunk(
    realm: Realm, rule_id: str, runs: Sequence[_Run], key: str | None
) -> Iterator[tuple[tuple[int, int], Recorded]]:
    """Judge and store, with a constant number of queries."""
    players = lock_players(realm, (run.player_id for run in runs))
    if any(run.player_id not in players for run in runs):  # erased since they were looked up
        raise make_error("player_not_found")
    stored_keys = {} if key is None else {run.entry: _key_of(key, run.entry) for run in runs}
    chunk = _Chunk(realm, rule_id, players, _earlier(players, rule_id, stored_keys.values()))
    chunk.ask_for(runs)
    calls = [(run, chunk.call(run, stored_keys.get(run.entry))) for run in runs]
    chunk.store()
    for run, call in calls:
        recorded = log.recorded(realm, call, players[run.player_id], replayed=call not in chunk.calls)
        if not recorded.replayed:
            log.announce(recorded)
        yield (run.entry, run.position), recorded


class _Chunk:
    """Runs that are judged together: what is stored of their players, read once.

    Attributes:
        calls: what was judged so far, not saved.
    """

    def __init__(
        self, realm: Realm, rule_id: str, players: Mapping[str, Player], earlier: Mapping[tuple[int, str], Call]
    ) -> None:
        self.calls: list[Call] = []
        self._rule_id = rule_id
        self._players = players
        self._earlier = earlier
        self._version = version_in_force(next(iter(players.values())).game, realm)
        self._plan = plans.plan_of(self._version)
        self._projections = Projections.load_all(list(players.values()))

    def ask_for(self, runs: Sequence[_Run]) -> None:
        """Read what these runs must know of payments that are made once."""
        asked = (guards.asked_by_rule(self._plan, self._rule_id, run.variables) for run in runs)
        guards.load(self._projections.values(), set[Guard]().union(*asked))

    def call(self, run: _Run, key: str | None) -> Call:
        """The call of one run: the earlier one with this key, or a new one."""
        player = self._players[run.player_id]
        if key is not None and (player.pk, key) in self._earlier:
            return self._earlier[player.pk, key]
        projections, at = self._projections[player.pk], inputs.in_milliseconds(instants.now())
        try:
            state = projections.state(self._plan)
            outcome = judge.custom_rule(self._plan, state, self._rule_id, run.variables, at)
        except Refused as refused:
            raise within(f"/data/{run.entry}", translated(refused, None)) from None
        call = log.new_call(
            player,
            self._version,
            kind=Call.Kind.RULE,
            at=at,
            zone=self._plan.timezone,
            action=self._rule_id,
            idempotency_key=key,
            inputs={"variables": dict(run.variables), "scopes": list(run.scopes)},
            events=log.stored_events(outcome.events),
            writes=projections.apply(outcome.writes, at),
            guards=[list(guard) for guard in outcome.guards],
        )
        projections.guards.update(moved(outcome.guards))
        self.calls.append(call)
        return call

    def store(self) -> None:
        """Save what was judged."""
        if not self.calls:
            return
        by_key = {player.pk: player for player in self._players.values()}
        crediting.credit_all([(by_key[call.player_id or 0], self._plan, call) for call in self.calls])
        log.save_calls(self.calls)
        save_all(list(self._projections.values()))
        guards.store(self.calls)
        log.save_feed_entries(self.calls)
        # Whose call is only repeated is not judged by it.
        judged_now = {call.player_id or 0 for call in self.calls}
        newly_judged = [key for key in judged_now if by_key[key].judged_version_id != self._version.pk]
        if newly_judged:
            rows = Player.objects.using(transactions.write_alias())
            rows.filter(pk__in=newly_judged).update(judged_version=self._version)


def _read(data: object) -> list[_Run]:
    if not isinstance(data, Sequence) or isinstance(data, str) or not data:
        raise invalid("/data", "should be an array of at least one entry", code="INVALID_TYPE")
    runs = []
    for index, entry in enumerate(data):
        path = f"/data/{index}"
        players = entry.get("player_ids") if isinstance(entry, Mapping) else None
        if not isinstance(players, list) or not all(isinstance(player, str) for player in players):
            raise invalid(f"{path}/player_ids", "should be an array of player ids", code="INVALID_TYPE")
        try:
            variables = inputs.read_variables(entry.get("variables"))
            scopes = inputs.read_scopes(() if entry.get("scopes") is None else entry["scopes"])
        except InvalidRequest as error:
            raise within(path, error) from None
        runs += [_Run(index, position, player, variables, scopes) for position, player in enumerate(players)]
    if len(runs) > MOST_RUNS:
        raise invalid("/data", f"should name at most {MOST_RUNS} players", code="ARRAY_LENGTH_LONG")
    return runs


def _key_of(key: str, place: object) -> str:
    """One key stands for all players and entries of a call; a player may be in several entries. ``place`` is the entry,
    or the environment for the call as a whole."""
    return hashlib.sha256(f"{place}\0{key}".encode()).hexdigest()


def _earlier(players: Mapping[str, Player], rule_id: str, keys: Iterable[str]) -> dict[tuple[int, str], Call]:
    """Earlier calls of a rule with these keys, by player and key. One query, none without keys."""
    wanted = set(keys)
    if not wanted:
        return {}
    calls = Call.objects.using(transactions.write_alias()).filter(
        player__in=[player.pk for player in players.values()],
        kind=Call.Kind.RULE,
        action=rule_id,
        idempotency_key__in=wanted,
    )
    return {(call.player_id or 0, call.idempotency_key or ""): call for call in calls}
