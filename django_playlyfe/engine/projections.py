"""What is stored of one player, between the tables and the rules: loaded, changed in memory, saved as a difference.

Works on the rows as they are, whatever the design says today: a score that a design no longer knows stays stored and
is left out of what that design's rules see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from django.db.models import QuerySet

from django_playlyfe.engine import statements, storing
from django_playlyfe.engine.boards import histograms
from django_playlyfe.engine.boards.histograms import Move
from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.models import ActionCount, Call, FeedEntry, Player, Score
from django_playlyfe.engine.rules.plan import Plan, SetMetric, StateMetric
from django_playlyfe.engine.rules.state import Guards, PlayerState, Usage, Write
from django_playlyfe.engine.statements import Asked, Reading
from django_playlyfe.engine.storing import Below, Upsert

RecordedWrite = list[Any]
"""``[metric, item, before, reached_at before in ms, after]``; None = no stored score."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SCORE_KEY, _SCORE_VALUES = ("player", "metric", "item"), ("value", "state", "reached_at")
_COUNT_KEY, _COUNT_VALUES = ("player", "action"), ("count", "usage")


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A number, or the id of a state; and since when."""

    value: int | str
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCount:
    """How often an action was played, and what its rate limit remembers."""

    count: int = 0
    usage: Usage = field(default_factory=dict)


class ScoreRow(NamedTuple):
    """A row of the scores, as the hot path reads it."""

    pk: int
    metric: str
    item: str
    value: int | None
    state: str
    reached_at: datetime


@dataclass(slots=True)
class CountRow:
    """A row of the action counts, as the hot path reads it."""

    pk: int
    action: str
    count: int
    usage: Usage


_SCORES = Reading(lambda player: Score.objects.filter(player=player).values_list(*ScoreRow._fields), int)
_COUNTS = Reading(
    lambda player: ActionCount.objects.filter(player=player).values_list("pk", "action", "count", "usage"), int
)


class Projections:
    """Scores and counts of one player.

    Attributes:
        player: whose they are.
        scores: (metric, item) -> score; item is "" except for sets.
        counts: action -> count.
        guards: once-only rules and best attempts that have paid, as far as they were asked for (``engine.guards``,
            which stores them).
    """

    def __init__(
        self,
        player: Player,
        scores: Iterable[Score | ScoreRow] = (),
        counts: Iterable[ActionCount | CountRow] = (),
    ) -> None:
        self.player = player
        self._score_rows = {(row.metric, row.item): row for row in scores}
        self._count_rows = {row.action: row for row in counts}
        self.scores = {key: _as_stored(row) for key, row in self._score_rows.items()}
        self.counts = {action: StoredCount(row.count, row.usage) for action, row in self._count_rows.items()}
        self.guards: Guards = {}

    @classmethod
    def load(cls, player: Player) -> Projections:
        """Read what is stored, from the database that the player was read from. Two queries, sent together."""
        return cls.load_beside(player)[0]

    @classmethod
    def load_beside(cls, player: Player, *asked: Asked) -> tuple[Projections, list[list[statements.Row]]]:
        """As :meth:`load`; and what other readings find, without a further round trip."""
        own = (player.pk,)
        scores, counts, *others = statements.read(player._state.db or "", (_SCORES, own), (_COUNTS, own), *asked)
        return cls(player, map(ScoreRow._make, scores), (CountRow(*row) for row in counts)), others

    @classmethod
    def of(cls, player: Player) -> Projections:
        """What is stored, for those who only read: of one and the same ``player`` object it is loaded once."""
        stored = player.__dict__.setdefault("_stored", None) or cls.load(player)
        player.__dict__["_stored"] = stored
        return stored

    def state(self, plan: Plan) -> PlayerState:
        """What the rules of this design may see."""
        state = PlayerState(
            counts={action: stored.count for action, stored in self.counts.items()},
            usage={action: stored.usage for action, stored in self.counts.items() if stored.usage},
            guards=dict(self.guards),
        )
        for (metric_id, item), stored in self.scores.items():
            metric, value = plan.metrics.get(metric_id), stored.value
            if isinstance(metric, StateMetric):
                if value in metric.states:
                    state.states[metric_id] = str(value)
            elif isinstance(value, str):
                continue
            elif isinstance(metric, SetMetric):
                if item in metric.items:
                    state.items.setdefault(metric_id, {})[item] = value
            elif metric is not None and not item:
                (state.points if metric.type == "point" else state.compounds)[metric_id] = value
        return state

    def apply(self, writes: Iterable[Write], at: datetime) -> list[RecordedWrite]:
        """Change scores as the rules decided at ``at``. Returns what the log keeps of it, for :meth:`restore`.

        A score never gets younger by a late play: ``reached_at`` is the later one of its old instant and ``at``.
        """
        recorded = []
        for write in writes:
            key = (write.metric, write.item)
            before = self.scores.get(key)
            recorded.append([*key, *_before(before), write.after])
            if write.after is None:
                self.scores.pop(key, None)
            else:
                self.scores[key] = StoredScore(write.after, max(before.reached_at, at) if before else at)
        return recorded

    def restore(self, writes: Sequence[RecordedWrite]) -> None:
        """Take recorded writes back. Only right if nothing was written to these scores since."""
        for metric, item, before, reached_ms, _ in reversed(writes):
            if before is None:
                self.scores.pop((metric, item), None)
            else:
                self.scores[metric, item] = StoredScore(before, _EPOCH + timedelta(milliseconds=reached_ms))

    def add_plays(self, action: str, weight: int, usage: Usage) -> None:
        """Count a play; ``usage`` is what the action's rate limit remembers then."""
        count = self.counts[action].count if action in self.counts else 0
        self.counts[action] = StoredCount(count + weight, usage)

    def clear_counts(self) -> None:
        """Forget what was played, what rate limits remember of it, and what was paid once."""
        self.counts.clear()
        self.guards.clear()

    @classmethod
    def load_all(cls, players: Sequence[Player]) -> dict[int, Projections]:
        """What is stored of several players, by primary key. Two queries."""
        database = players[0]._state.db
        scores: dict[int, list[ScoreRow]] = {player.pk: [] for player in players}
        found = Score.objects.using(database).filter(player__in=list(scores))
        for owner, *score in found.values_list("player_id", *ScoreRow._fields):
            scores[owner].append(ScoreRow._make(score))
        counts: dict[int, list[CountRow]] = {player.pk: [] for player in players}
        counted = ActionCount.objects.using(database).filter(player__in=list(counts))
        for owner, *count in counted.values_list("player_id", "pk", "action", "count", "usage"):
            counts[owner].append(CountRow(*count))
        return {player.pk: cls(player, scores[player.pk], counts[player.pk]) for player in players}

    def save(self) -> None:
        """Store what differs from what was loaded: at most one query for rows to write and one for rows that are gone,
        of scores, and the same of counts."""
        save_all([self])

    def save_with(self, call: Call, entries: Sequence[FeedEntry], *others: Upsert) -> None:
        """As :meth:`save`, together with a new row of the log, its entries in the feed, and what else is written."""
        scores, lost = self.changed_scores()
        counts, dropped = self.changed_counts()
        game, environment = self.player.game_id, self.player.environment
        histograms.moved(game, environment, self.moves([*scores, *lost]))
        database = self.player._state.db or ""
        _delete(Score.objects.using(database), lost)
        _delete(ActionCount.objects.using(database), dropped)
        written = [Upsert(scores, _SCORE_KEY, _SCORE_VALUES), Upsert(counts, _COUNT_KEY, _COUNT_VALUES)]
        storing.insert(database, call, [*others, *written], Below(entries, "call"))

    def changed_scores(self) -> tuple[list[Score], list[Score | ScoreRow]]:
        """Rows to write, and rows that are gone."""
        loaded = self._score_rows
        written = [
            _score_row(self.player, key, stored)
            for key, stored in self.scores.items()
            if key not in loaded or _as_stored(loaded[key]) != stored
        ]
        return written, [row for key, row in loaded.items() if key not in self.scores]

    def changed_counts(self) -> tuple[list[ActionCount], list[ActionCount | CountRow]]:
        """Rows to write, and rows that are gone."""
        loaded = self._count_rows
        written = [
            ActionCount(player_id=self.player.pk, action=action, count=stored.count, usage=stored.usage)
            for action, stored in self.counts.items()
            if action not in loaded or StoredCount(loaded[action].count, loaded[action].usage) != stored
        ]
        return written, [row for action, row in loaded.items() if action not in self.counts]

    def moves(self, rows: Iterable[Score | ScoreRow]) -> Iterable[Move]:
        """What the histograms of large boards must know of rows that change."""
        game, environment = self.player.game_id, self.player.environment
        for row in rows:
            before, after = self._score_rows.get((row.metric, row.item)), self.scores.get((row.metric, row.item))
            now = after.value if after is not None and isinstance(after.value, int) else None
            if not row.item:
                key = SheetKey(game, environment, row.metric)
                yield Move(key, before.value if before is not None else None, now)


def save_all(projections: Sequence[Projections]) -> None:
    """As :meth:`Projections.save` for several players of one game and environment, at the same cost."""
    first = projections[0].player
    scores: list[Score] = []
    counts: list[ActionCount] = []
    lost: list[Score | ScoreRow] = []
    dropped: list[ActionCount | CountRow] = []
    moves: list[Move] = []
    for stored in projections:
        written, gone = stored.changed_scores()
        moves += stored.moves([*written, *gone])
        scores += written
        lost += gone
        counted, forgotten = stored.changed_counts()
        counts += counted
        dropped += forgotten
    histograms.moved(first.game_id, first.environment, moves)
    database = first._state.db or ""
    _delete(Score.objects.using(database), lost)
    _delete(ActionCount.objects.using(database), dropped)
    storing.upsert(database, Upsert(scores, _SCORE_KEY, _SCORE_VALUES))
    storing.upsert(database, Upsert(counts, _COUNT_KEY, _COUNT_VALUES))


def score_rows(projections: Projections) -> list[Score]:
    """All scores as rows, not saved."""
    return [_score_row(projections.player, key, stored) for key, stored in projections.scores.items()]


def count_rows(projections: Projections) -> list[ActionCount]:
    """All counts as rows, not saved."""
    return [
        ActionCount(player_id=projections.player.pk, action=action, count=stored.count, usage=stored.usage)
        for action, stored in projections.counts.items()
    ]


def _score_row(player: Player, key: tuple[str, str], stored: StoredScore) -> Score:
    metric, item = key
    return Score(
        game_id=player.game_id,
        environment=player.environment,
        player_id=player.pk,
        metric=metric,
        item=item,
        value=None if isinstance(stored.value, str) else stored.value,
        state=stored.value if isinstance(stored.value, str) else "",
        reached_at=stored.reached_at,
    )


def _delete(rows: QuerySet[Any], gone: Iterable[Any]) -> None:
    keys = [row.pk for row in gone]
    if keys:
        rows.filter(pk__in=keys).delete()


def _as_stored(row: Score | ScoreRow) -> StoredScore:
    return StoredScore(row.state or (row.value if row.value is not None else 0), row.reached_at)


def _before(stored: StoredScore | None) -> tuple[int | str | None, int | None]:
    if stored is None:
        return None, None
    return stored.value, (stored.reached_at - _EPOCH) // timedelta(milliseconds=1)
