"""Many plays at once: a chunk costs a constant number of queries (``engine-internals.md`` §3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from django_playlyfe import instants
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.calls.inputs import PlayRequest
from django_playlyfe.engine.calls.judging import PastPlay, PastPlays
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.ledger.projections import Projections, save_all
from django_playlyfe.engine.models import Call, DesignVersion, Player
from django_playlyfe.engine.realm import Realm, check_player_id, lock_players, player_keys, version_in_force
from django_playlyfe.engine.rules.state import Guard
from django_playlyfe.engine.services.plays import check_same_play, judged
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.types import PlayOf
from django_playlyfe.wire import make_error

CHUNK = 200
"""Plays that are judged and stored together."""


class _Wanted(NamedTuple):
    """A play of the right shape, and its place among the plays asked for."""

    place: int
    player_id: str
    request: PlayRequest


def play_many(realm: Realm, plays: Iterable[PlayOf]) -> list[Recorded | PlaylyfeError]:
    """Play many actions, in one transaction and in the order given, with the outcome of as many single calls.

    Each chunk of :data:`CHUNK` plays locks its players and costs a constant number of queries.

    Args:
        realm: the game and environment.
        plays: of any players.

    Returns:
        For each play the recorded call, or the error that ``services.play`` would raise: a play that is refused, or
        wrong in itself, leaves the others alone.

    Raises:
        ConfigurationError: no such game, or it has no active design. Nothing was played.
    """
    asked = list(plays)
    answers: dict[int, Recorded | PlaylyfeError] = {}
    wanted = []
    for index, one in enumerate(asked):
        try:
            wanted.append(_read(index, one))
        except PlaylyfeError as error:
            answers[index] = error
    if not wanted:
        return [answers[index] for index in range(len(asked))]
    with transactions.atomic():
        # In the order of the players' keys, so that two such calls lock them in the same order; of one player as asked.
        keys = player_keys(realm, {one.player_id for one in wanted})
        wanted.sort(key=lambda one: keys.get(one.player_id, 0))
        for start in range(0, len(wanted), CHUNK):
            answers.update(_play_chunk(realm, wanted[start : start + CHUNK]))
    return [answers[index] for index in range(len(asked))]


def _read(index: int, one: PlayOf) -> _Wanted:
    request = inputs.read_play(one.action, one.variables, one.count, one.scopes, one.idempotency_key, one.at)
    return _Wanted(index, check_player_id(one.player_id), request)


def _play_chunk(realm: Realm, wanted: Sequence[_Wanted]) -> Iterator[tuple[int, Recorded | PlaylyfeError]]:
    """Judge and store; the answers by index."""
    players = lock_players(realm, (one.player_id for one in wanted))
    if not players:
        return ((one.place, make_error("player_not_found")) for one in wanted)
    version = version_in_force(next(iter(players.values())).game, realm)
    chunk = _Chunk(realm, version, players, wanted)
    answers = {one.place: chunk.answer(one) for one in wanted}
    _store(chunk)
    return ((index, _recorded(realm, answer)) for index, answer in answers.items())


class _Answer(NamedTuple):
    """A call of the log, new or an earlier one with the same key."""

    call: Call
    player: Player
    replayed: bool


class _Chunk:
    """Plays that are judged together: what is stored of their players, read once.

    Attributes:
        projections: by primary key of the player.
        calls: what was judged so far, not saved.
    """

    def __init__(
        self, realm: Realm, version: DesignVersion, players: Mapping[str, Player], wanted: Sequence[_Wanted]
    ) -> None:
        self.version = version
        self.players = players
        self.projections = Projections.load_all(list(players.values()))
        self.calls: list[Call] = []
        self.newly_judged: set[int] = set()
        self._plan = plans.plan_of(version)
        self._by_key = _calls_with_keys(players, wanted)
        self._past = _past_plays(players, wanted)
        asked = (guards.asked_by_play(self._plan, one.request.action, one.request.variables) for one in wanted)
        guards.load(self.projections.values(), set[Guard]().union(*asked))

    def answer(self, one: _Wanted) -> _Answer | PlaylyfeError:
        """What comes of one play."""
        try:
            return self._play(one)
        except PlaylyfeError as error:
            return error

    def _play(self, one: _Wanted) -> _Answer:
        player, request = self.players.get(one.player_id), one.request
        if player is None:
            raise make_error("player_not_found")
        if not player.enabled:
            raise make_error("access_denied", f"The player '{one.player_id}' is disabled")
        key = (player.pk, request.action, request.idempotency_key)
        earlier = self._by_key.get(key)
        if earlier is not None:
            check_same_play(earlier, request)
            return _Answer(earlier, player, replayed=True)
        if request.at is not None:
            inputs.check_age(request.at)
        past = self._past.setdefault((player.pk, request.action), PastPlays())
        at = request.at or inputs.in_milliseconds(instants.now())
        call = judged(self.projections[player.pk], self.version, request, at, past if request.at is not None else None)
        past.add(self._plan, call.action, PastPlay(call.at, request.count), backdated=call.backdated)
        if request.idempotency_key is not None:
            self._by_key[key] = call
        if player.judged_version_id != self.version.pk:
            player.judged_version = self.version
            self.newly_judged.add(player.pk)
        self.calls.append(call)
        return _Answer(call, player, replayed=False)


def _store(chunk: _Chunk) -> None:
    if not chunk.calls:
        return
    plan = plans.plan_of(chunk.version)
    crediting.credit_all([(chunk.projections[_owner(call)].player, plan, call) for call in chunk.calls])
    log.save_calls(chunk.calls)
    save_all(list(chunk.projections.values()))
    guards.store(chunk.calls)
    log.save_feed_entries(chunk.calls)
    if chunk.newly_judged:
        judged_now = Player.objects.using(transactions.write_alias()).filter(pk__in=chunk.newly_judged)
        judged_now.update(judged_version=chunk.version)


def _recorded(realm: Realm, answer: _Answer | PlaylyfeError) -> Recorded | PlaylyfeError:
    if isinstance(answer, PlaylyfeError):
        return answer
    recorded = log.recorded(realm, answer.call, answer.player, replayed=answer.replayed)
    if not answer.replayed:
        log.announce(recorded)
    return recorded


def _calls_with_keys(
    players: Mapping[str, Player], wanted: Iterable[_Wanted]
) -> dict[tuple[int, str, str | None], Call]:
    """Earlier calls by player, action and key. One query, none if no play has a key."""
    keys = {one.request.idempotency_key for one in wanted} - {None}
    if not keys:
        return {}
    calls = Call.objects.using(transactions.write_alias()).filter(
        player__in=[player.pk for player in players.values()], kind=Call.Kind.PLAY, idempotency_key__in=keys
    )
    return {(_owner(call), call.action, call.idempotency_key): call for call in calls}


def _past_plays(players: Mapping[str, Player], wanted: Iterable[_Wanted]) -> dict[tuple[int, str], PastPlays]:
    """By player and action the applied plays, of actions that somebody says to have played in the past. One query, none
    if nobody does; only a backdated play needs them."""
    late = [one for one in wanted if one.request.at is not None and one.player_id in players]
    past: dict[tuple[int, str], PastPlays] = {}
    if not late:
        return past
    calls = log.applied_plays_of(
        {players[one.player_id].pk for one in late}, {one.request.action for one in late}
    ).values_list("player_id", "action", "at", "inputs")
    for player, action, at, given in calls:
        past.setdefault((player, action), PastPlays()).plays.append(PastPlay(at, given["count"]))
    return past


def _owner(call: Call) -> int:
    assert call.player_id is not None, "a call of a player who is there"  # noqa: S101 - for mypy
    return call.player_id
