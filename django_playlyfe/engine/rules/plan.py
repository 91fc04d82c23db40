"""A compiled design: what the rules read. Immutable, built by ``engine.design.compile`` once per design version.

Everything is resolved here: ids instead of ids-or-names, parsed expressions instead of text, integers instead of number
strings, None instead of an infinity. Mappings keep design order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django_playlyfe.engine.rules.formulas import Expression
from django_playlyfe.engine.rules.streaks import Unit

Verb = Literal["add", "remove", "set"]
Ties = Literal["competition", "dense", "first"]
RateType = Literal["ROLLING", "FIXED", "LEAKY"]


@dataclass(frozen=True, slots=True)
class PointMetric:
    """``engine.md`` §3.1; ``minimum`` and ``maximum`` None = unbounded."""

    id: str
    name: str
    description: str = ""
    minimum: int | None = 0
    maximum: int | None = None
    default: int = 0
    type: Literal["point"] = "point"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a set; ``maximum`` None = unbounded."""

    id: str
    name: str
    description: str = ""
    maximum: int | None = 1
    hidden: bool = False
    image: str = "default-item"


@dataclass(frozen=True, slots=True)
class SetMetric:
    """``engine.md`` §3.2; ``items`` by id."""

    id: str
    name: str
    items: Mapping[str, Item]
    description: str = ""
    max_items: int | None = None
    type: Literal["set"] = "set"


@dataclass(frozen=True, slots=True)
class State:
    """A state of a state metric."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class StateMetric:
    """``engine.md`` §3.3; ``states`` by id, in order."""

    id: str
    name: str
    states: Mapping[str, State]
    description: str = ""
    type: Literal["state"] = "state"


@dataclass(frozen=True, slots=True)
class CompoundMetric:
    """``engine.md`` §3.4."""

    id: str
    name: str
    formula: Expression
    description: str = ""
    type: Literal["compound"] = "compound"


Metric = PointMetric | SetMetric | StateMetric | CompoundMetric


@dataclass(frozen=True, slots=True)
class Condition:
    """A node of ``requires`` (``engine.md`` §5), already resolved.

    Only the fields of its ``type`` are set: metric (``id``, ``item`` for sets, ``operator``, ``value``; for states
    ``state``), action (``id``, ``operator``, ``number``), streak (``id``, "" for any action, ``unit``, ``operator``,
    ``number``), team (``id``, ``role``), time (``func``, ``operator``, ``number``), var (``lhs``, ``operator``,
    ``value``), and/or (``parts``). ``type`` "always" is ``{}``.
    """

    type: Literal["always", "metric", "action", "streak", "team", "time", "var", "and", "or"] = "always"
    negate: bool = False
    id: str = ""
    metric_type: str = ""
    item: str = ""
    state: str = ""
    role: str = ""
    func: str = ""
    unit: Unit = "day"
    operator: str = ""
    number: int = 0
    value: Expression | None = None
    lhs: Expression | None = None
    parts: tuple[Condition, ...] = ()


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Once:
    """``engine.md`` §17.1, §17.2: ``guard`` names a rule, or a reward, among all of the game; ``per`` is the variable
    that names the thing it pays for, "" = for a player."""

    guard: str
    per: str = ""


@dataclass(frozen=True, slots=True)
class Reward:
    """``engine.md`` §4. ``value`` for points, ``items`` (item id, count) for sets, ``state`` (state id) for states.

    ``best``: it pays by how much ``value`` is better than the best before (points and ``add`` only); None = all of it.
    """

    metric: str
    metric_type: Literal["point", "set", "state"]
    verb: Verb
    value: Expression | None = None
    items: tuple[tuple[str, Expression], ...] = ()
    state: str = ""
    probability: float = 1.0
    best: Once | None = None


@dataclass(frozen=True, slots=True)
class RewardRule:
    """One condition -> rewards pair of an action or custom rule; ``once`` None = it pays every time."""

    requires: Condition
    rewards: tuple[Reward, ...]
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """``engine.md`` §6."""

    name: str
    type: Literal["int", "string"]
    required: bool = False
    default: int | str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """``engine.md`` §8.2; ``timeframe`` in milliseconds."""

    count: int
    timeframe: int
    type: RateType = "ROLLING"


@dataclass(frozen=True, slots=True)
class Action:
    """``engine.md`` §8; ``rate`` None = unlimited."""

    id: str
    name: str
    description: str = ""
    probability: float = 1.0
    rate: Rate | None = None
    requires: Condition = ALWAYS
    rules: tuple[RewardRule, ...] = ()
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """One level: inclusive ``low`` and ``high`` of the base metric, None = no bound; ``state`` is a state id."""

    state: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class LevelRule:
    """``engine.md`` §9.2."""

    id: str
    name: str
    base_metric: str
    level_metric: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class AchievementRule:
    """``engine.md`` §9.1; ``items``: item id -> count to hold."""

    id: str
    name: str
    metric: str
    items: Mapping[str, int]
    requires: Condition


@dataclass(frozen=True, slots=True)
class CustomRule:
    """``engine.md`` §9.3."""

    id: str
    name: str
    variables: tuple[Variable, ...]
    rules: tuple[RewardRule, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """``engine.md`` §11.1; ``ties``: which rank equal scores get, 1-1-3, 1-1-2, or 1-2-3 for who was there first."""

    id: str
    name: str
    entity_type: Literal["players", "teams"]
    metric: str
    scope_type: Literal["game", "team_definition", "team_instance", "custom"]
    scope_id: str = ""
    cycles: tuple[str, ...] = ("alltime",)
    requires: Condition = ALWAYS
    description: str = ""
    ties: Ties = "competition"


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole design, ready to judge with.

    Attributes:
        timezone: IANA name for time conditions and FIXED windows.
        metrics: by id, design order.
        compounds: ids in dependency order, then design order.
        level_rules, achievement_rules: design order.
        touching: ("metric", id) or ("action", id) -> ids of the achievement rules that can change their mind when it
            changes, because their conditions read it; ("items", id of a set) -> those that can when some of its items
            may have become fewer, because they give items of it: one may be missing again, or there is room for it.
        reaching: the same for rules that are not in ``touching`` there because all that they ask is that it reaches a
            number: (number, rule id), ascending. Only those are looked at whose number a call has just reached.
        pays_once: whether any rule pays once only, or any reward only what is better.
        asks_for_streaks: whether an action or a custom rule does.
        compound_metrics: what ``compounds`` names.
        places: id of an achievement rule -> its place among them.
    """

    game_id: str
    timezone: str = "UTC"
    cycle_timezone: str = "UTC"
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    compounds: tuple[str, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    level_rules: tuple[LevelRule, ...] = ()
    achievement_rules: tuple[AchievementRule, ...] = ()
    custom_rules: Mapping[str, CustomRule] = field(default_factory=dict)
    boards: Mapping[str, Board] = field(default_factory=dict)
    bootstrap: tuple[Reward, ...] = ()
    touching: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    reaching: Mapping[tuple[str, str], tuple[tuple[int, str], ...]] = field(default_factory=dict)
    pays_once: bool = False
    asks_for_streaks: bool = False
    compound_metrics: tuple[CompoundMetric, ...] = field(init=False)
    places: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        named = (self.metrics[compound] for compound in self.compounds)
        compounds = tuple(metric for metric in named if isinstance(metric, CompoundMetric))
        object.__setattr__(self, "compound_metrics", compounds)
        object.__setattr__(self, "places", {rule.id: place for place, rule in enumerate(self.achievement_rules)})
