"""What players can do, and what it may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django_playlyfe.types.scores import MetricRef


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
