"""What is stored of one player, between the tables and the rules: loaded, changed in memory, saved as a difference.

Works on the rows as they are, whatever the design says today: a score that a design no longer knows stays stored and
is left out of what that design's rules see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model

from django_playlyfe.engine.boards import histograms
from django_playlyfe.engine.boards.histograms import Move
from django_playlyfe.engine.boards.sheet_sql import SheetKey
from django_playlyfe.engine.database import statements, storing
from django_playlyfe.engine.database.statements import Asked, Reading
from django_playlyfe.engine.database.storing import Below, Upsert
from django_playlyfe.engine.models import ActionCount, Call, FeedEntry, Player, Score
from django_playlyfe.engine.rules import streaks
from django_playlyfe.engine.rules.plan import Plan, SetMetric, StateMetric
from django_playlyfe.engine.rules.state import Guards, PlayerState, Usage, Write

RecordedWrite = list[Any]
"""``[metric, item, before, reached_at before in ms, after]``; None = no stored score."""

_Key = TypeVar("_Key")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SCORE_KEY, _SCORE_VALUES = ("player", "metric", "item"), ("value", "state", "reached_at")
_COUNT_KEY, _COUNT_VALUES = ("player", "action"), ("count", "usage", "days")
_ScoreValues, _CountValues = storing.row_type(Score), storing.row_type(ActionCount)
ScoreKey = tuple[str, str]
"""Metric, and item of a set, else ""."""


class StoredScore(NamedTuple):
    """A number, or the id of a state; and since when."""

    value: int | str
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCount:
    """How often an action was played, what its rate limit remembers, and on which days it was (``rules.streaks``)."""

    count: int = 0
    usage: Usage = field(default_factory=dict)
    days: str = streaks.NEVER


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
    days: str


_SCORES = Reading(lambda player: Score.objects.filter(player=player).values_list(*ScoreRow._fields), int)
_COUNTS = Reading(
    lambda player: ActionCount.objects.filter(player=player).values_list("pk", "action", "count", "usage", "days"), int
)


class Projections:
    """Scores and counts of one player.

    Attributes:
        player: whose they are.
        scores: (metric, item) -> score; item is "" except for sets.
        counts: action -> count.
        guards: once-only rules and best attempts that have paid, as far as they were asked for (``guards``,
            which stores them).
    """

    def __init__(
        self,
        player: Player,
        scores: Iterable[Score | ScoreRow] = (),
        counts: Iterable[ActionCount | CountRow] = (),
    ) -> None:
        self.player = player
        self.scores: dict[ScoreKey, StoredScore] = {}
        self.counts: dict[str, StoredCount] = {}
        self._score_keys: dict[ScoreKey, int] = {}
        self._count_keys: dict[str, int] = {}
        for row in scores:
            key = row.metric, row.item
            self._score_keys[key], self.scores[key] = row.pk, _as_stored(row)
        for counted in counts:
            self._count_keys[counted.action] = counted.pk
            self.counts[counted.action] = StoredCount(counted.count, counted.usage, counted.days)
        self._loaded_scores, self._loaded_counts = dict(self.scores), dict(self.counts)
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

    def state(self, plan: Plan, today: date | None = None) -> PlayerState:
        """What the rules of this design may see. ``today``: of a call that the log has, its recorded local date."""
        state = PlayerState(
            counts={action: stored.count for action, stored in self.counts.items()},
            usage={action: stored.usage for action, stored in self.counts.items() if stored.usage},
            guards=dict(self.guards),
            days={action: stored.days for action, stored in self.counts.items()},
            zone=self.player.timezone,
            today=today,
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

    def add_play(self, action: str, weight: int, day: date, usage: Usage) -> None:
        """Count a play; ``day`` is its local date, ``usage`` what the action's rate limit remembers then."""
        stored = self.counts.get(action, StoredCount())
        self.counts[action] = StoredCount(stored.count + weight, usage, streaks.played(stored.days, day))

    def clear_counts(self) -> None:
        """Forget what was played and when, what rate limits remember of it, and what was paid once."""
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
        for owner, *count in counted.values_list("player_id", "pk", "action", "count", "usage", "days"):
            counts[owner].append(CountRow(*count))
        return {player.pk: cls(player, scores[player.pk], counts[player.pk]) for player in players}

    def save(self) -> None:
        """Store what differs from what was loaded: at most one query for rows to write and one for rows that are gone,
        of scores, and the same of counts."""
        save_all([self])

    def save_with(self, call: Call, entries: Sequence[storing.Row], *others: Upsert) -> None:
        """As :meth:`save`, together with a new row of the log, its entries in the feed, and what else is written."""
        scores, counts = self._save_first([self])
        storing.insert(self.player._state.db or "", call, [*others, scores, counts], Below(FeedEntry, entries, "call"))

    @staticmethod
    def _save_first(projections: Sequence[Projections]) -> tuple[Upsert, Upsert]:
        """Tell the histograms and delete the rows that are gone. Returns the rows to write, of scores and counts."""
        first = projections[0].player
        moved, lost = [stored._moved_scores() for stored in projections], list[int]()
        scores, counts = list[storing.Row](), list[storing.Row]()
        counted, dropped = [stored._moved_counts() for stored in projections], list[int]()
        moves = (stored._moves([*written, *gone]) for stored, (written, gone) in zip(projections, moved, strict=True))
        histograms.moved(first.game_id, first.environment, chain.from_iterable(moves))
        for stored, (written, gone) in zip(projections, moved, strict=True):
            scores += [_score_row(stored.player, key, stored.scores[key]) for key in written]
            lost += [stored._score_keys[key] for key in gone]
        for stored, (actions, forgotten) in zip(projections, counted, strict=True):
            counts += [_count_row(stored.player, action, stored.counts[action]) for action in actions]
            dropped += [stored._count_keys[action] for action in forgotten]
        database = first._state.db or ""
        _delete(Score, database, lost)
        _delete(ActionCount, database, dropped)
        return (
            Upsert(Score, scores, _SCORE_KEY, _SCORE_VALUES),
            Upsert(ActionCount, counts, _COUNT_KEY, _COUNT_VALUES),
        )

    def _moved_scores(self) -> tuple[list[ScoreKey], list[ScoreKey]]:
        """Which scores differ from what was loaded, and which are gone."""
        return _differing(self._loaded_scores, self.scores)

    def _moved_counts(self) -> tuple[list[str], list[str]]:
        return _differing(self._loaded_counts, self.counts)

    def _moves(self, keys: Iterable[ScoreKey]) -> Iterator[Move]:
        """What the histograms of large boards must know of scores that change."""
        game, environment = self.player.game_id, self.player.environment
        for key in keys:
            metric, item = key
            before, after = self._loaded_scores.get(key), self.scores.get(key)
            if not item:
                yield Move(SheetKey(game, environment, metric), _number(before), _number(after))


def save_all(projections: Sequence[Projections]) -> None:
    """As :meth:`Projections.save` for several players of one game and environment, at the same cost."""
    database = projections[0].player._state.db or ""
    for rows in Projections._save_first(projections):
        storing.upsert(database, rows)


def score_rows(projections: Projections) -> list[storing.Row]:
    """All scores as rows, not saved."""
    return [_score_row(projections.player, key, stored) for key, stored in projections.scores.items()]


def count_rows(projections: Projections) -> list[storing.Row]:
    """All counts as rows, not saved."""
    return [_count_row(projections.player, action, stored) for action, stored in projections.counts.items()]


def _score_row(player: Player, key: ScoreKey, stored: StoredScore) -> storing.Row:
    metric, item = key
    row: storing.Row = _ScoreValues(
        game_id=player.game_id,
        environment=player.environment,
        player_id=player.pk,
        metric=metric,
        item=item,
        value=_number(stored),
        state=stored.value if isinstance(stored.value, str) else "",
        reached_at=stored.reached_at,
    )
    return row


def _count_row(player: Player, action: str, stored: StoredCount) -> storing.Row:
    row: storing.Row = _CountValues(
        player_id=player.pk, action=action, count=stored.count, usage=stored.usage, days=stored.days
    )
    return row


def _differing(loaded: Mapping[_Key, object], now: Mapping[_Key, object]) -> tuple[list[_Key], list[_Key]]:
    """The keys of what is new or another, and of what is gone. Nearly all is the very object that was loaded."""
    written = [key for key, stored in now.items() if loaded.get(key) is not stored and loaded.get(key) != stored]
    return written, [key for key in loaded if key not in now]


def _number(stored: StoredScore | None) -> int | None:
    return stored.value if stored is not None and isinstance(stored.value, int) else None


def _delete(model: type[Model], database: str, keys: Sequence[int]) -> None:
    if keys:
        model._default_manager.using(database).filter(pk__in=keys).delete()


def _as_stored(row: Score | ScoreRow) -> StoredScore:
    return StoredScore(row.state or (row.value if row.value is not None else 0), row.reached_at)


def _before(stored: StoredScore | None) -> tuple[int | str | None, int | None]:
    if stored is None:
        return None, None
    return stored.value, (stored.reached_at - _EPOCH) // timedelta(milliseconds=1)
