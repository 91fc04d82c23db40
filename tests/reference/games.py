"""Games at random: designs that activate, and what players do in them.

An :class:`Author` writes from a seed, so that one number names a game, in Hypothesis, in the nightly million and in a
report. ``size`` bounds how large everything gets, so that a failing game can be looked for among the small ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

Json = dict[str, Any]

OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCS = ("hour_of_day", "day_of_week", "day_of_month", "day_of_year", "week_of_year", "month_of_year")
ITEMS = {"alpha": "Alpha", "beta": "Beta one", "gamma": "GAMMA"}
LEVELS = {"low": "Low", "mid": "Middle", "high": "High"}
MOODS = {"glad": "Glad", "sad": "Blue"}
LARGE = str(2**63 - 2)
BEGINNINGS = (
    datetime(2024, 3, 5, 12, tzinfo=timezone.utc),
    datetime(2024, 3, 30, 23, 59, 59, tzinfo=timezone.utc),  # the night in which Lisbon's clocks go forward
    datetime(2024, 10, 26, 23, 30, tzinfo=timezone.utc),  # and back
    datetime(2024, 11, 3, 5, 15, tzinfo=timezone.utc),  # New York's go back
    datetime(2023, 12, 31, 23, 50, tzinfo=timezone.utc),
)
PAUSES = (0, 1, 999, 59_999, 60_000, 1_800_000, 3_600_000, 86_399_999, 86_400_000, 3 * 86_400_000)
"""Milliseconds between one call and the next."""
RATES = (
    [3, 60_000],
    [4, 86_400_000, "ROLLING"],
    [2, 60_000, "FIXED"],
    [2, 3_600_000, "FIXED"],
    [3, 86_400_000, "FIXED"],
    [3, 604_800_000, "FIXED"],
    [5, 30 * 86_400_000, "FIXED"],
    [9, 365 * 86_400_000, "FIXED"],
    [3, 3_600_000, "LEAKY"],
    [2, 86_400_000, "LEAKY"],
    ["Infinity", 60_000, "ROLLING"],
)


@dataclass(frozen=True)
class Step:
    """A call of a history, so many milliseconds after the one before: of an action, or of the custom rule ``bonus``; a
    ``patch`` of scores by the rewards in ``variables``; a ``revert`` of an event with changes, ``back`` from the last.
    """

    name: str
    count: int
    variables: Json
    pause: int


@dataclass(frozen=True)
class Played:
    """A game at random: the design file, its history, when each call happens, and the seed of its dice."""

    design: Json
    history: list[Step]
    instants: list[datetime]
    seed: int

    def dice(self, call: int) -> Callable[[str], float]:
        """Chance that is the same for whoever rolls for this call; 0 is the creation."""

        def roll(key: str) -> float:
            digest = hashlib.sha256(f"{self.seed}/{call}/{key}".encode()).digest()
            return int.from_bytes(digest[:6], "big") / 2**48

        return roll


def game(seed: int, size: int = 3) -> Played:
    """The game of this number."""
    return Author(Random(seed), size).game(seed)


class Author:
    """Writes a game. ``size`` 0 gives almost empty ones."""

    def __init__(self, random: Random, size: int) -> None:
        self.random = random
        self.size = size

    def game(self, seed: int) -> Played:
        design = self.design()
        history = [self.step() for _ in range(self.random.randint(1, 2 + 3 * self.size))]
        moment, moments = self.one(BEGINNINGS), []
        for step in history:
            moment += timedelta(milliseconds=step.pause)
            moments.append(moment)
        return Played(design, history, moments, seed)

    # --- chance --------------------------------------------------------------------------------------------------

    def one(self, options: Any) -> Any:
        return self.random.choice(list(options))

    def often(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    def some(self, write: Callable[[], Any], most: int) -> list[Any]:
        return [write() for _ in range(self.random.randint(0, min(most, self.size)))]

    def named(self, members: dict[str, str]) -> str:
        """A reference to an item or state: its id, its name, or its name in the wrong case (§1, convention 6)."""
        reference, name = self.one(members.items())
        return str(self.one([reference, name, name.swapcase()]))

    # --- expressions ---------------------------------------------------------------------------------------------

    def expression(self, *, variables: bool, compounds: bool = True, depth: int | None = None) -> str:
        """Text of the grammar of §7.1."""
        depth = min(self.size, 3) if depth is None else depth
        if depth <= 0 or self.often(0.5):
            return self.operand(variables=variables, compounds=compounds)

        def inner() -> str:
            return self.expression(variables=variables, compounds=compounds, depth=depth - 1)

        kind = self.one("bbbbuc")
        if kind == "b":
            return f"{inner()} {self.one('+-*/%')} {inner()}"
        if kind == "u":
            return f"{self.one(['', '-', '+', 'round', 'floor', 'ceil'])}({inner()})"
        return f"{self.one(['min', 'max'])}( {inner()} ,{inner()})"

    def operand(self, *, variables: bool, compounds: bool) -> str:
        plain = ["$scores.xp", "$scores['coins']", '$scores["badges"][ "alpha" ]', "$scores . badges.beta"]
        plain += ["$scores.badges['gamma']", "$scores.huge"]
        kinds = [[str(self.random.randint(0, 30))], plain]
        kinds.append(["0.5", "2.50", "1000000", LARGE, "'7'", '"gold"', "'it\\'s'", '"-3.5"', "'1e3'"])
        if compounds:
            kinds.append(["$scores.third", "$scores.ratio", "$scores['mixed']"])
        if variables:
            kinds += [["$vars.n", "$vars['n']"], ['$vars["word"]', "$vars.spare"]]
        return str(self.one(self.one(kinds)))

    # --- conditions ----------------------------------------------------------------------------------------------

    def condition(self, *, variables: bool = False, clock: bool = True, depth: int = 2) -> Json:
        """A condition, or ``{}``; ``var`` conditions where there are variables, the time of day where it may be."""
        if self.often(0.4):
            return {}
        kinds = ["metric", "metric", "metric", "action"]
        kinds += ["time"] * clock + ["var"] * variables + ["and", "or"] * (depth > 0)
        kind = self.one(kinds)
        node: Json = {"type": kind}
        if self.often(0.3):
            node["not"] = self.often()
        if kind in ("and", "or"):
            parts = (
                self.condition(variables=variables, clock=clock, depth=depth - 1)
                for _ in range(self.random.randint(0, 2))
            )
            return {**node, "expression": [part for part in parts if part]}
        return {**node, "context": self.context(kind, variables)}

    def context(self, kind: str, variables: bool) -> Json:
        if kind == "action":
            return {
                "id": self.one(["read", "write"]),
                "operator": self.one(OPERATORS),
                "value": str(self.random.randint(0, 6)),
            }
        if kind == "time":
            value = self.one(["0", "1", "2", "3", "5", "7", "12", "23", "31", "52", "65"])
            return {"func": self.one(FUNCS), "operator": self.one(OPERATORS), "value": value}
        value = self.expression(variables=variables)
        if kind == "var":
            return {"lhs": value, "operator": self.one(OPERATORS), "rhs": self.expression(variables=True)}
        metric, of = self.one(
            [
                ("xp", "point"),
                ("coins", "point"),
                ("huge", "point"),
                ("third", "compound"),
                ("ratio", "compound"),
                ("mixed", "compound"),
                ("badges", "set"),
                ("badges", "set"),
                ("rank", "state"),
                ("mood", "state"),
            ]
        )
        context = {"id": metric, "type": of, "operator": self.one(OPERATORS), "value": value}
        if of == "set":
            context["item"] = self.named(ITEMS)
        if of == "state":
            context["operator"] = self.one(["eq", "ne", "neq"])
            context["value"] = self.named(LEVELS if metric == "rank" else MOODS)
        return context

    # --- rewards, actions, rules ---------------------------------------------------------------------------------

    def reward(self, *, variables: bool = True, chancy: bool = False) -> Json:
        metric, of = self.one([("xp", "point")] * 3 + [("coins", "point"), ("huge", "point")] + [("badges", "set")] * 3)
        if self.often(0.15):
            metric, of = self.one([("rank", "state"), ("mood", "state")])
        reward: Json = {"metric": {"id": metric, "type": of}, "verb": self.one(["add", "add", "remove", "set"])}
        if of == "state":
            reward |= {"verb": "set", "value": self.named(LEVELS if metric == "rank" else MOODS)}
        elif of == "set":
            wanted = self.random.sample(list(ITEMS), self.random.randint(1, 3))
            reward["value"] = {self.one([item, ITEMS[item]]): self.amount(variables) for item in wanted}
        else:
            reward["value"] = self.amount(variables)
        if chancy and self.often(0.3):
            reward["probability"] = self.one([1, 0.5, 0])
        return reward

    def amount(self, variables: bool) -> str:
        return str(self.random.randint(-3, 12)) if self.often(0.6) else self.expression(variables=variables)

    def reward_rules(self, *, chancy: bool) -> list[Json]:
        def rule(number: int) -> Json:
            rewards = [self.reward(chancy=chancy) for _ in range(self.random.randint(0, 3))]
            for index, reward in enumerate(rewards):
                if reward["verb"] == "add" and reward["metric"]["type"] == "point" and self.often(0.2):
                    reward["best"] = self.once(10 * number + index)
            once = {"once": self.once(number)} if self.often(0.25) else {}
            return {"requires": self.condition(variables=True), **once, "rewards": rewards}

        return [rule(number) for number in range(self.random.randint(0, 2))]

    def once(self, number: int) -> Any:
        """For a rule that pays once: for the player, or for each value of a variable."""
        named = {"id": f"once_{number}"} if number else {}
        if self.often():
            return named or "player"
        return {**named, "per": self.one(["n", "word", "spare"])}

    def variables(self) -> list[Json]:
        number: Json = {"name": "n", "type": "int", "required": self.often()}
        if self.often():
            number["default"] = 4
        word = {"name": "word", "type": "string", "required": False, "default": self.one(["", "7", "gold"])}
        return [number, word, {"name": "spare", "type": "int", "required": False}]

    def action(self, name: str) -> Json:
        action: Json = {
            "id": name,
            "name": name.title(),
            "requires": self.condition(clock=False) if self.often(0.3) else {},
            "rules": self.reward_rules(chancy=True),
            "variables": self.variables(),
        }
        if self.often(0.2):
            action["probability"] = self.one([0, 0.5, 1])
        if self.often(0.4):
            action["rate"] = self.one(RATES)
        return action

    def achievement(self, number: int) -> Json:
        wanted = self.random.sample(list(ITEMS), self.random.randint(1, 2))
        items = [{"key": item, "value": "1"} for item in wanted]
        award = {"metric": {"id": "badges"}, "items": items}
        requires = self.condition(clock=False)
        rule = {"id": f"award_{number}", "name": "Award", "type": "achievement", "requires": requires}
        return {**rule, **award} if self.often(0.2) else {**rule, "achievement": award}

    def levels(self) -> Json:
        levels: list[Json] = [{"rank": "low", "threshold": "5"}, {"rank": "Middle", "threshold": "12"}]
        levels.append({"rank": "high", "threshold": "30"} if self.often(0.3) else {"rank": "HIGH"})
        rule = {"id": "levels", "name": "Levels", "type": "level", "base_metric": "xp", "level_metric": "rank"}
        return {**rule, "levels": levels}

    # --- the design ----------------------------------------------------------------------------------------------

    def metrics(self) -> list[Json]:
        items = [{"id": item, "name": name, "max": self.one(["1", "4", "Infinity"])} for item, name in ITEMS.items()]
        coins = {"min": self.one(["-5", "0"]), "max": "20", "default": "3"}
        badges = {"items": items, "max_items": self.one(["1", "2", "Infinity", "Infinity"])}
        metrics = [
            metric("xp", "point"),
            metric("coins", "point", coins),
            metric("huge", "point", {"min": "-Infinity", "default": LARGE}),
            metric("badges", "set", badges),
            metric("rank", "state", {"states": members(LEVELS)}),
            metric("mood", "state", {"states": members(MOODS)}),
            metric("mixed", "compound", {"formula": f"$scores.ratio + {self.formula()}"}),
            metric("third", "compound", {"formula": " $scores.xp / 3"}),
            metric("ratio", "compound", {"formula": f"10 * $scores.xp / {self.formula()}"}),
        ]
        if self.often(0.3):
            self.random.shuffle(metrics)
        return metrics

    def formula(self) -> str:
        return self.expression(variables=False, compounds=False)

    def design(self) -> Json:
        """A design file, as an author may write it."""
        bonus = {"id": "bonus", "name": "Bonus", "type": "custom", "variables": self.variables()}
        rules = [self.levels()] if self.often(0.7) else []
        rules += [self.achievement(number) for number in range(self.random.randint(0, self.size))]
        rules.append({**bonus, "rules": self.reward_rules(chancy=False)})
        return {
            "game": {"id": "random", "timezone": self.one(["UTC", "Europe/Lisbon", "America/New_York"])},
            "metrics": self.metrics(),
            "actions": [self.action("read"), self.action("write")],
            "rules": rules,
            "bootstrap": {"scores": self.some(lambda: self.reward(variables=False), 2)},
        }

    # --- the history ---------------------------------------------------------------------------------------------

    def step(self) -> Step:
        given = {
            "n": self.one([self.random.randint(-3, 12), "5", "-2", "many", True]),
            "word": self.one(["gold", "7", "-1.5", "", 7]),
            "spare": self.random.randint(0, 3),
            "undeclared": self.one([1, "x", [1, {"a": None}]]),
        }
        variables = {"n": 3} if self.often(0.6) else {name: value for name, value in given.items() if self.often()}
        name = self.one(["read"] * 5 + ["write"] * 4 + ["bonus"] * 2 + ["patch", "revert", "unknown"])
        if name == "patch":
            variables = {"rewards": [self.reward(variables=False) for _ in range(self.random.randint(1, 2))]}
        elif name == "revert":
            variables = {"back": self.random.randint(0, 4)}
        return Step(name, self.one([1, 1, 1, 2, 3]), variables, self.one(PAUSES))


def metric(name: str, kind: str, constraints: Json | None = None) -> Json:
    body: Json = {"id": name, "name": name.title(), "type": kind}
    return body if constraints is None else {**body, "constraints": constraints}


def members(named: dict[str, str]) -> list[Json]:
    return [{"id": reference, "name": name} for reference, name in named.items()]
