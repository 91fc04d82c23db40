"""What the log determines of a player, in one shape for both sources: the log, added up, and the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.boards.crediting import RowKey, Rows
from django_playlyfe.engine.calls.judging import PastPlay, PastPlays
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import ActionCount, BoardRow, Call, FeedEntry, Player, Score
from django_playlyfe.engine.rules.once import moved
from django_playlyfe.engine.rules.state import Write

READ_AT_ONCE = 1000
"""Rows of the log that are in memory at a time."""


@dataclass
class Projected:
    """Scores, counts, feed and leaderboard rows of one player.

    Attributes:
        projections: scores and counts.
        feed: (primary key of the call, tick) -> instant of a global event.
        rows: what the player's calls credited to leaderboards.
        breaks: of a sum of the log only: texts about calls that do not go on where the one before ended.
    """

    projections: Projections
    feed: dict[tuple[int, int], datetime] = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)
    breaks: list[str] = field(default_factory=list)


class Adding:
    """Adds up the calls of one player, in the order of the log, as they were recorded: nothing is judged."""

    def __init__(self, player: Player) -> None:
        self.result = Projected(Projections(player))
        self._past: dict[str, PastPlays] = {}

    def add(self, call: Call) -> None:
        """One more call; one that was undone or is void changes nothing."""
        if call.status != Call.Status.APPLIED:
            return
        self._add_scores(call)
        if call.kind == Call.Kind.RESET:
            self.result.projections.clear_counts()
            self._past.clear()
        if call.kind == Call.Kind.PLAY:
            self._add_count(call)
        self.result.projections.guards.update(moved(call.guards))
        self.result.feed.update({(call.pk, tick): call.at for tick in log.feed_ticks(call)})
        crediting.add_recorded(self.result.rows, call)

    def _add_scores(self, call: Call) -> None:
        writes = [Write(metric, item, before, after) for metric, item, before, _, after in call.writes]
        for said, found in zip(call.writes, self.result.projections.apply(writes, call.at), strict=True):
            if said != found:
                metric, item, before, _, _ = said
                name = f"{metric}.{item}" if item else metric
                self.result.breaks.append(
                    f"call {call.pk} says that {name} was {before} before, the calls so far say {found[2]}"
                )

    def _add_count(self, call: Call) -> None:
        past = self._past.setdefault(call.action, PastPlays())
        play = PastPlay(call.at, call.inputs["count"])
        past.add(plan_of(call.version), call.action, play, backdated=call.backdated)
        self.result.projections.add_play(call.action, play.weight, call.local_date, past.usage)


def from_log(players: Sequence[Player]) -> dict[int, Projected]:
    """What the log comes to for each of these players, by primary key. One query, two if their calls credited others;
    calls are read one after the other, so that memory does not grow with the log."""
    adding = {player.pk: Adding(player) for player in players}
    for call in calls_of(players, without=("dice", "idempotency_key", "recorded_at")):
        if call.player_id is not None:
            adding[call.player_id].add(call)
    found = {key: added.result for key, added in adding.items()}
    _drop_erased_entities(found)
    return found


def calls_of(players: Sequence[Player], without: Iterable[str] = ()) -> Iterable[Call]:
    """The calls of these players, player by player in the order of the log, with their design versions; ``without``
    names fields that nobody will ask for."""
    calls = Call.objects.using(transactions.write_alias()).filter(player__in=[player.pk for player in players])
    calls = calls.select_related("version").defer("version__document", *without)
    return calls.order_by("player_id", "pk").iterator(chunk_size=READ_AT_ONCE)


def from_tables(players: Sequence[Player]) -> dict[int, Projected]:
    """What is stored of each of these players, by primary key. Five queries."""
    database, keys = transactions.write_alias(), [player.pk for player in players]
    scores: dict[int, list[Score]] = {key: [] for key in keys}
    for score in Score.objects.using(database).filter(player__in=keys):
        scores[score.player_id].append(score)
    counts: dict[int, list[ActionCount]] = {key: [] for key in keys}
    for count in ActionCount.objects.using(database).filter(player__in=keys):
        counts[count.player_id].append(count)
    found = {
        player.pk: Projected(Projections(player, scores[player.pk], counts[player.pk]), rows={}) for player in players
    }
    guards.load_all(projected.projections for projected in found.values())
    for entry in FeedEntry.objects.using(database).filter(player__in=keys):
        found[entry.player_id].feed[entry.call_id, entry.tick] = entry.at
    for row in BoardRow.objects.using(database).filter(player__in=keys):
        found[row.player_id or 0].rows[crediting.key_of(row)] = crediting.standing_of(row)
    return found


def existing(entities: Iterable[int]) -> set[int]:
    """Those of these primary keys that are players still."""
    players = Player.objects.using(transactions.write_alias())
    return set(players.filter(pk__in=set(entities)).values_list("pk", flat=True))


def without_erased(rows: Rows, known: Iterable[int]) -> Rows:
    """The rows of entities that are among ``known`` or are players still: those of erased ones go with them."""
    kept = set(known)
    others = {key.entity for key in rows} - kept
    if others:
        kept |= existing(others)
    return {key: row for key, row in rows.items() if key.entity in kept}


def _drop_erased_entities(found: Mapping[int, Projected]) -> None:
    everything: dict[RowKey, crediting.Standing] = {}
    for projected in found.values():
        everything.update(projected.rows)
    kept = without_erased(everything, found)
    if len(kept) < len(everything):
        for projected in found.values():
            projected.rows = {key: row for key, row in projected.rows.items() if key in kept}
