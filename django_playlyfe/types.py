"""What the services return: frozen dataclasses, the same from every backend.

Scores are ``int``. Instants are aware datetimes in UTC. Everything read from a game says how fresh it is:
``as_of`` (when it was true), ``is_stale`` and ``source`` (``"live"``, ``"cache"``, ``"stored"`` or ``"none"``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Generic, Literal, TypeVar, overload

Source = Literal["live", "cache", "stored", "none"]
PlayStatus = Literal["applied", "pending", "refused"]
EarnedKind = Literal["points", "item", "level"]
T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, kw_only=True)
class Read:
    """Mixin of everything read from a game: how fresh it is."""

    as_of: datetime = field(default_factory=_now, compare=False)
    is_stale: bool = field(default=False, compare=False)
    source: Source = field(default="live", compare=False)


@dataclass(frozen=True)
class Listing(Read, Sequence[T], Generic[T]):
    """A list that knows its freshness. ``total`` counts all there are, not only ``items``."""

    items: tuple[T, ...] = ()
    total: int = 0

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


@dataclass(frozen=True)
class Ref:
    """Something with an id and a name: a metric, a rule, a team, an action."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class MetricRef:
    """A metric as events and scores name it; ``type`` is point, set, state or compound."""

    id: str
    name: str
    type: str


@dataclass(frozen=True)
class PlayerRef:
    """A player as events and boards name one."""

    id: str
    alias: str = ""


@dataclass(frozen=True)
class Item:
    """One item of a set metric (a badge) as a player holds it. ``count`` is 0 for one not earned yet."""

    name: str
    description: str = ""
    count: int = 0


@dataclass(frozen=True)
class State:
    """The value of a state metric: a level's name and description."""

    name: str
    description: str = ""


@dataclass(frozen=True)
class LevelMeta:
    """Bounds of a level: inclusive ``low`` and ``high`` of the base metric; None = no bound; ``next`` None = top."""

    low: int | None
    high: int | None
    next: str | None
    base_metric: Ref


@dataclass(frozen=True)
class Score:
    """A player's value of one metric.

    ``value`` is set for point and compound metrics, ``items`` for sets, ``state`` (and ``meta`` where a level rule
    drives it) for states.
    """

    metric: MetricRef
    value: int | None = None
    items: tuple[Item, ...] = ()
    state: State | None = None
    meta: LevelMeta | None = None


@dataclass(frozen=True)
class LevelProgress:
    """A level with the way to the next one: ``value`` of the base metric, ``missing`` points, ``fraction`` in 0..1."""

    metric: MetricRef
    state: State
    base_metric: Ref
    value: int
    low: int | None
    high: int | None
    next: str | None

    @property
    def missing(self) -> int | None:
        """Points missing to the next level, None on the top level (``engine.md`` §9.2)."""
        if self.next is None or self.high is None:
            return None
        return max(self.high - self.value + 1, 0)

    @property
    def fraction(self) -> float:
        """How much of this level is behind the player, 0.0 to 1.0; 1.0 on the top level."""
        if self.next is None or self.high is None:
            return 1.0
        low = min(self.low if self.low is not None else self.value, self.value)
        span = self.high + 1 - low
        return min(max((self.value - low) / span, 0.0), 1.0) if span > 0 else 0.0

    @property
    def percent(self) -> int:
        """``fraction`` as whole percent, rounded down: 100 only when it is reached."""
        return int(self.fraction * 100)


@dataclass(frozen=True)
class Player(Read):
    """A player's profile. ``scores`` follow the order of the design."""

    id: str
    alias: str = ""
    enabled: bool = True
    created: datetime | None = None
    scores: tuple[Score, ...] = ()
    teams: tuple[Mapping[str, Any], ...] = ()

    def score(self, metric_id: str) -> Score | None:
        """The score of one metric, None if the player has none."""
        return next((score for score in self.scores if score.metric.id == metric_id), None)

    def points(self, metric_id: str) -> int:
        """The value of a point or compound metric, 0 if the player has none."""
        score = self.score(metric_id)
        return score.value if score is not None and score.value is not None else 0

    @property
    def point_scores(self) -> tuple[Score, ...]:
        """Scores with a number: point and compound metrics."""
        return tuple(score for score in self.scores if score.value is not None)

    @property
    def badges(self) -> tuple[Item, ...]:
        """All items of all set metrics, in the order of the profile."""
        return tuple(item for score in self.scores for item in score.items)

    @property
    def levels(self) -> tuple[LevelProgress, ...]:
        """Progress in each state metric that a level rule drives."""
        return tuple(
            LevelProgress(
                metric=score.metric,
                state=score.state,
                base_metric=score.meta.base_metric,
                value=self.points(score.meta.base_metric.id),
                low=score.meta.low,
                high=score.meta.high,
                next=score.meta.next,
            )
            for score in self.scores
            if score.state is not None and score.meta is not None
        )


@dataclass(frozen=True)
class Variable:
    """A variable that an action takes; ``type`` is int or string."""

    name: str
    type: str
    required: bool = False
    default: int | str | None = None


@dataclass(frozen=True)
class Reward:
    """What an action may give: ``value`` is a number, formula or state name, for sets item name -> count."""

    metric: MetricRef
    verb: str
    value: str | Mapping[str, str]
    probability: float = 1


@dataclass(frozen=True)
class Action:
    """An action the player can see; ``count`` is how often this player has played it."""

    id: str
    name: str
    description: str = ""
    variables: tuple[Variable, ...] = ()
    rewards: tuple[Reward, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class ItemChange:
    """Counts of one set item before and after; ``old`` None = never held."""

    name: str
    old: int | None
    new: int | None


@dataclass(frozen=True)
class Change:
    """One altered score: ``old`` and ``new`` are numbers, for states names; sets use ``items``."""

    metric: MetricRef
    old: int | str | None = None
    new: int | str | None = None
    items: tuple[ItemChange, ...] = ()


@dataclass(frozen=True)
class Event:
    """An entry of a play's answer or of a feed. ``data`` is the whole wire object, also for types unknown here."""

    type: str
    id: str
    timestamp: datetime
    actor: PlayerRef | None = None
    action: Ref | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    rule: Ref | None = None
    count: int = 1
    changes: tuple[Change, ...] = ()
    is_global: bool = False
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def earned(self) -> tuple[Earned, ...]:
        """What the event gave or took, summed per metric, compounds left out."""
        return summarise((self,))

    @property
    def is_unread(self) -> bool:
        """Whether this is a notification that its player has not read yet (``http-api.md`` §10)."""
        return self.data.get("seen") is False


@dataclass(frozen=True)
class Earned:
    """One line of feedback. ``amount`` is negative for a loss.

    ``kind``: "points" (``name`` is the metric's), "item" (the item's), "level" (the new state's; "" when lost).
    """

    kind: EarnedKind
    metric: MetricRef
    name: str
    amount: int = 1


def summarise(events: Sequence[Event]) -> tuple[Earned, ...]:
    """Net effect of some events, in order of first appearance; what sums to nothing is left out.

    Compound metrics are left out: they follow from the others.
    """
    totals: dict[tuple[str, str, str], int] = {}
    metrics: dict[str, MetricRef] = {}
    levels: dict[str, tuple[str, str]] = {}
    for event in events:
        for change in event.changes:
            metric = change.metric
            metrics[metric.id] = metric
            if metric.type == "point" and isinstance(change.new, int):
                baseline = change.old if isinstance(change.old, int) else 0
                key = ("points", metric.id, metric.name)
                totals[key] = totals.get(key, 0) + change.new - baseline
            elif metric.type == "state":
                before = levels.get(metric.id, (str(change.old or ""), ""))[0]
                levels[metric.id] = (before, str(change.new or ""))
            for item in change.items:
                key = ("item", metric.id, item.name)
                totals[key] = totals.get(key, 0) + (item.new or 0) - (item.old or 0)
    lines = [
        Earned("points" if kind == "points" else "item", metrics[metric_id], name, amount)
        for (kind, metric_id, name), amount in totals.items()
        if amount
    ]
    lines += [Earned("level", metrics[i], after) for i, (before, after) in levels.items() if before != after]
    return tuple(lines)


@dataclass(frozen=True)
class PlayResult:
    """What came of a play (``interface.md`` §3).

    Attributes:
        status: "applied"; "pending" (owed to a remote game); "refused" (``error`` says why).
        events: local events first, then global ones.
        key: id of the recorded play: the engine's call id, or the delivery's UUID.
        replayed: an earlier play with the same idempotency key answered.
    """

    status: PlayStatus
    events: tuple[Event, ...] = ()
    error: Exception | None = None
    key: str = ""
    replayed: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of all events, in order."""
        return tuple(change for event in self.events for change in event.changes)

    @property
    def earned(self) -> tuple[Earned, ...]:
        """Net effect for people: "+32 experience", a new badge, a new level."""
        return summarise(self.events)

    def __bool__(self) -> bool:
        """True unless refused."""
        return self.status != "refused"


@dataclass(frozen=True)
class PlayOf:
    """One of many plays, as backends take them; the fields are the arguments of a single play."""

    player_id: str
    action: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    scopes: Sequence[Mapping[str, str]] = ()
    idempotency_key: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class MetricDefinition:
    """A metric as the game describes it; ``members`` are item or state names with their descriptions."""

    id: str
    name: str
    type: str
    description: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    formula: str = ""


@dataclass(frozen=True)
class LeaderboardInfo:
    """A leaderboard that can be read."""

    id: str
    name: str
    entity_type: str
    metric: MetricRef
    scope_type: str = "game"
    cycles: tuple[str, ...] = ("alltime",)
    description: str = ""

    @property
    def usual_cycle(self) -> str:
        """The cycle to show first: all time, or the first one of a board that does not rank all time."""
        return "alltime" if "alltime" in self.cycles or not self.cycles else self.cycles[0]


@dataclass(frozen=True)
class LeaderboardRow:
    """One row; ``user`` is the linked site user where the site loaded it; ``is_me`` marks the viewer."""

    rank: int
    score: int
    player_id: str
    alias: str = ""
    user: Any = field(default=None, compare=False)
    is_me: bool = False


@dataclass(frozen=True)
class Leaderboard(Read):
    """A page of a board.

    Attributes:
        cycle: "alltime", "yearly", "monthly", "weekly" or "daily".
        when: an instant of the cycle that was asked for; None = the present one.
        scope: id of the scope of a custom board, "" for others.
        total: counts the whole board.
        me: the viewer's row even if it is not on the page.
    """

    id: str
    name: str
    cycle: str
    rows: tuple[LeaderboardRow, ...] = ()
    total: int = 0
    me: LeaderboardRow | None = None
    metric: MetricRef | None = None
    when: datetime | None = None
    scope: str = ""


@dataclass(frozen=True)
class Feedback:
    """A result that has not been shown to its user yet: what was earned, or why nothing was."""

    status: PlayStatus
    action: Ref
    earned: tuple[Earned, ...] = ()
    error: Exception | None = None
    timestamp: datetime | None = None


ScoreValue = int | str | None
"""A number, the name of a state, or None for no score."""


@dataclass(frozen=True)
class MovementPart:
    """What one rule, or one reward of it, did to a score within a call.

    Attributes:
        event: type of the event that says so ("action", "custom_rule", "score", "level", "achievement"), or the kind
            of the call where there is none: "create" is the bootstrap.
        id: of the action or rule; "" where there is none.
        reward: (position of the rule within the action or custom rule, position of the reward in it), from 0; None
            where no reward did it: a compound that followed, a level, an achievement.
        old, new: before and after.
    """

    event: str
    id: str
    reward: tuple[int, int] | None
    old: ScoreValue
    new: ScoreValue


@dataclass(frozen=True)
class Movement:
    """One call that moved a score.

    Attributes:
        key: id of the recorded call, as in :class:`PlayResult`.
        at: the instant that was judged.
        kind: of the call.
        old, new: the stored score before and after; None = none.
        amount: what it added; 0 for a state.
        total: the sum of all amounts so far, with what the score counts as while there is none. It equals ``new``.
        parts: which rules did it.
    """

    key: str
    at: datetime
    kind: str
    old: ScoreValue
    new: ScoreValue
    amount: int
    total: int
    parts: tuple[MovementPart, ...]


@dataclass(frozen=True)
class ProgressCondition:
    """One condition of an achievement or level, and how far the player is.

    Attributes:
        kind: "metric", "action", "team", "time" or "var".
        subject: the metric or action.
        item: name of an item, for a set.
        operator: "ge", "gt", "eq", "ne", "lt" or "le".
        have, need: numbers or names of states; None where they cannot be said.
        fraction: 0.0 to 1.0; 1.0 exactly if it is met.
        is_met: whether it holds now.
        is_negated: it is asked that it does not hold.
    """

    kind: str
    subject: Ref
    item: str
    operator: str
    have: int | str | None
    need: int | str | None
    fraction: float
    is_met: bool
    is_negated: bool = False


@dataclass(frozen=True)
class Progress:
    """The way to an achievement, or to the next level.

    Attributes:
        kind: "achievement" or "level".
        rule: the rule that gives it.
        metric: where it is kept.
        names: of the items, or of the level that comes next (of the present one on the top).
        is_earned: the player has it; of a level: there is no higher one.
        fraction: 0.0 to 1.0; 1.0 exactly if it is earned, or its condition holds.
        conditions: what it takes; conditions on secret items are left out.
    """

    kind: Literal["achievement", "level"]
    rule: Ref
    metric: MetricRef
    names: tuple[str, ...]
    description: str = ""
    is_earned: bool = False
    fraction: float = 0.0
    conditions: tuple[ProgressCondition, ...] = ()

    @property
    def percent(self) -> int:
        """``fraction`` as whole percent, rounded down: 100 only when it is reached."""
        return int(self.fraction * 100)


@dataclass(frozen=True)
class Rarity:
    """How many players hold an item of a set. ``share`` is 0.0 to 1.0 of all players."""

    metric: MetricRef
    item: str
    holders: int
    share: float
