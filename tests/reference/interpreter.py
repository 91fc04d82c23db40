"""A game as ``engine.md`` describes it, in the most literal way: the design stays JSON, history stays a list, nothing
is compiled or cached, every rule is looked at every time. Nothing of the engine is imported.

Section numbers are those of ``engine.md``.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from .expressions import NAN, Value, arithmetic, evaluate, number, rounded

Json = dict[str, Any]
Dice = Callable[[str], float]
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")
}


class Refusal(Exception):
    """§15.4; ``code`` is the name of the error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Person:
    """A player: stored scores, action counts, the plays so far (action, instant, count), which once-only rules have
    paid for what, and the best attempts; the days of the plays on the player's own calendar, and the zone of that
    calendar ("" = the game's).

    ``points``, ``states`` and ``compounds`` by metric, ``items`` by metric and item; a key that is absent means "no
    entry" (§3.1).
    """

    points: dict[str, int] = field(default_factory=dict)
    items: dict[str, dict[str, int]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    compounds: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    plays: list[tuple[str, datetime, int]] = field(default_factory=list)
    paid_once: set[tuple[object, ...]] = field(default_factory=set)
    best: dict[tuple[object, ...], int] = field(default_factory=dict)
    days: list[tuple[str, date]] = field(default_factory=list)
    zone: str = ""


class Interpreter:
    """One game. ``person`` arguments are changed in place, and only if the call is not refused."""

    def __init__(self, design: Json) -> None:
        self.design = design
        self.metrics = {metric["id"]: metric for metric in design["metrics"]}
        self.zone = ZoneInfo(design["game"].get("timezone", "UTC"))

    # --- calls ---------------------------------------------------------------------------------------------------

    def create(self, at: datetime, dice: Dice) -> Person:
        """§14.2, §10.1: a bootstrap is applied silently; steps 7 and 9 to 12 follow it."""
        person = Person()
        call = _Call(self, person, at, {})
        rewards = self.design.get("bootstrap", {}).get("scores", [])
        call.pay([(reward, 1) for index, reward in enumerate(rewards) if rolls(dice, f"0.{index}", reward)])
        call.follow()
        return call.live

    def play(self, person: Person, action: str, given: Json, count: int, at: datetime, dice: Dice) -> list[Json]:
        """§10.1, steps 1 to 11. Returns the events in emission order."""
        definition = next((entry for entry in self.design["actions"] if entry["id"] == action), None)
        if definition is None:
            raise Refusal("action_not_found")
        if not _Call(self, person, at, {}).holds(definition.get("requires", {}), person):
            raise Refusal("access_denied")
        variables = effective(definition.get("variables", []), given)
        if "rate" in definition and not self.has_room(definition["rate"], person, action, count, at):
            raise Refusal("rate_limit_exceeded")

        call = _Call(self, person, at, variables)
        call.place = ("action", action)
        rewards: list[tuple[Json, int]] = []
        if rolls(dice, "action", definition):
            for position, rule in enumerate(definition.get("rules", [])):
                if call.matches(rule):
                    for index, reward in enumerate(rule["rewards"]):
                        if rolls(dice, f"{position}.{index}", reward):
                            rewards.append((reward, 1 if "once" in rule else count))
        changes = call.pay(rewards)
        call.live.counts[action] = call.live.counts.get(action, 0) + count
        call.live.plays.append((action, at, count))
        call.live.days.append((action, call.today()))
        named = {"id": action, "name": definition["name"], "vars": variables}
        call.emit({"event": "action", "action": named, "count": count, "changes": changes})
        call.follow()
        vars(person).update(vars(call.live))
        return call.events

    def run_rule(self, person: Person, rule_id: str, given: Json, at: datetime) -> list[Json]:
        """§9.3: pays every time, no chance, no count."""
        rule = next((entry for entry in self.rules("custom") if entry["id"] == rule_id), None)
        if rule is None:
            raise Refusal("rule_not_found")
        call = _Call(self, person, at, effective(rule.get("variables", []), given))
        call.place = ("rule", rule_id)
        matching = [inner for inner in rule["rules"] if call.matches(inner)]
        if matching:
            changes = call.pay([(reward, 1) for inner in matching for reward in inner["rewards"]])
            call.emit({"event": "custom_rule", "rule": {"id": rule_id, "name": rule["name"]}, "changes": changes})
        call.follow()
        vars(person).update(vars(call.live))
        return call.events

    def patch(self, person: Person, rewards: Sequence[Json], at: datetime) -> list[Json]:
        """§4, §10.1: an administrator's score patch."""
        call = _Call(self, person, at, {})
        call.emit({"event": "score", "changes": call.pay([(reward, 1) for reward in rewards])})
        call.follow()
        vars(person).update(vars(call.live))
        return call.events

    def revert(self, person: Person, events: Sequence[Json], at: datetime) -> list[Json]:
        """§10.2: the direct changes of events, newest first, taken back; levels run again, achievements do not."""
        call = _Call(self, person, at, {})
        told = [change for event in events for change in reversed(event["changes"])]
        changes = [made for change in told if (made := call.taken_back(change)) is not None]
        call.emit({"event": "score", "changes": changes + call.recompute(changes)})
        for rule in self.rules("level"):
            call.judge_level(rule)
        vars(person).update(vars(call.live))
        return call.events

    # --- the design ----------------------------------------------------------------------------------------------

    def rules(self, kind: str) -> list[Json]:
        return [rule for rule in self.design.get("rules", []) if rule["type"] == kind]

    def member(self, metric: str, reference: str) -> Json:
        """§1, convention 6: an item or state by its id, else its name, else its name in any case."""
        constraints = self.metrics[metric]["constraints"]
        members: list[Json] = constraints["items"] if "items" in constraints else constraints["states"]
        for matches in (
            [entry for entry in members if entry["id"] == reference],
            [entry for entry in members if entry["name"] == reference],
            [entry for entry in members if entry["name"].lower() == reference.lower()],
        ):
            if len(matches) == 1:
                return matches[0]
        raise LookupError(reference)

    def bound(self, metric: str, key: str, unset: str) -> float | int:
        """A constraint: an integer, or an infinity (§1, convention 2)."""
        text = self.metrics[metric].get("constraints", {}).get(key, unset)
        return float(text) if "Infinity" in text else int(text)

    # --- rate limits (§8.2) --------------------------------------------------------------------------------------

    def has_room(self, rate: Sequence[Any], person: Person, action: str, count: int, at: datetime) -> bool:
        if rate[0] == "Infinity":
            return True
        most, timeframe = int(rate[0]), timedelta(milliseconds=rate[1])
        kind = rate[2] if len(rate) > 2 else "ROLLING"
        past = [(when, weight) for name, when, weight in person.plays if name == action]
        if kind == "ROLLING":
            return sum(weight for when, weight in past if when > at - timeframe) + count <= most
        if kind == "FIXED":
            window = self.window(at, rate[1])
            return sum(weight for when, weight in past if self.window(when, rate[1]) == window) + count <= most
        level, since = Fraction(0), past[0][0] if past else at
        for when, weight in [*past, (at, count)]:
            leaked = Fraction((when - since) // timedelta(milliseconds=1), rate[1]) * most
            level, since = max(Fraction(0), level - leaked) + weight, when
        return level <= most

    def window(self, at: datetime, timeframe: int) -> tuple[object, ...]:
        """What two plays of one calendar window have in common; an hour that is lived twice is two windows."""
        local = at.astimezone(self.zone)
        day = local.date()
        days = timeframe // 86_400_000
        if days >= 365:
            return (local.year,)
        if days >= 28:
            return (local.year, local.month)
        if days == 7:
            return (day - timedelta(days=day.isoweekday() % 7),)
        if days == 1:
            return (day,)
        clock = (local.hour, local.utcoffset())
        return (day, *clock) if timeframe == 3_600_000 else (day, *clock, local.minute)


class _Call:
    """One call about one player: ``snapshot`` is the player before it (step 4), ``live`` the player so far."""

    def __init__(self, game: Interpreter, person: Person, at: datetime, variables: Json) -> None:
        self.game = game
        self.snapshot = copy.deepcopy(person)
        self.live = copy.deepcopy(person)
        self.at = at
        self.variables = variables
        self.events: list[Json] = []
        self.place: tuple[str, ...] = ()
        self.computed = self.all_compounds(self.snapshot)

    def emit(self, body: Json) -> None:
        self.events.append(body)

    # --- values --------------------------------------------------------------------------------------------------

    def value(self, text: object, person: Person) -> Value:
        def variable(name: str) -> Value:
            found = self.variables.get(name)
            if isinstance(found, str):
                return found
            return Decimal(found) if isinstance(found, int) and not isinstance(found, bool) else NAN

        return evaluate(text, lambda *names: self.score(person, *names), variable)

    def score(self, person: Person, metric: str, item: str | None = None) -> Decimal:
        """§5, §7.2: a stored score, else its default, else 0 items, else the compound computed from those."""
        definition = self.game.metrics[metric]
        if definition["type"] == "set":
            assert item is not None
            return Decimal(person.items.get(metric, {}).get(self.game.member(metric, item)["id"], 0))
        if definition["type"] == "point":
            default = definition.get("constraints", {}).get("default", "0")
            return Decimal(person.points.get(metric, int(default)))
        value = self.compound(person, metric)
        return NAN if value is None else Decimal(value)

    def compound(self, person: Person, metric: str) -> int | None:
        """§3.4: always computed; rounded; no score if undefined."""
        formula = self.game.metrics[metric]["constraints"]["formula"]
        return rounded(number(evaluate(formula, lambda *names: self.score(person, *names), lambda name: NAN)))

    def all_compounds(self, person: Person) -> dict[str, int | None]:
        compounds = [metric for metric in self.game.metrics.values() if metric["type"] == "compound"]
        return {metric["id"]: self.compound(person, metric["id"]) for metric in compounds}

    # --- conditions (§5) -----------------------------------------------------------------------------------------

    def holds(self, condition: Json, person: Person) -> bool:
        if not condition:
            return True
        return self.is_true(condition, person) != condition.get("not", False)

    def is_true(self, condition: Json, person: Person) -> bool:
        kind = condition["type"]
        if kind in ("and", "or"):
            parts = [self.holds(part, person) for part in condition["expression"]]
            return all(parts) if kind == "and" else any(parts)
        context = condition["context"]
        if kind == "team":
            return False
        if kind == "var":
            left, right = self.value(context["lhs"], person), self.value(context["rhs"], person)
            return compare(left, context["operator"], right)
        compares = OPERATORS[context["operator"]]
        if kind == "action":
            return compares(person.counts.get(context["id"], 0), int(context["value"]))
        if kind == "streak":
            return compares(self.streak(person, context.get("action"), context["unit"]), int(context["value"]))
        if kind == "time":
            return compares(self.clock(context["func"]), int(context["value"]))
        if context["type"] == "state":
            wanted = self.game.member(context["id"], context["value"])["id"]
            return compares(person.states.get(context["id"]), wanted)
        names = (context["id"], context["item"]) if context["type"] == "set" else (context["id"],)
        return compare(self.score(person, *names), context["operator"], self.value(context["value"], person))

    def clock(self, func: str) -> int:
        now = self.at.astimezone(self.game.zone)
        return {
            "hour_of_day": now.hour,
            "day_of_week": now.isoweekday(),
            "day_of_month": now.day,
            "day_of_year": int(now.strftime("%j")),
            "week_of_year": int(now.strftime("%V")),
            "month_of_year": now.month,
        }[func]

    def today(self) -> date:
        zone = ZoneInfo(self.snapshot.zone) if self.snapshot.zone else self.game.zone
        return self.at.astimezone(zone).date()

    def streak(self, person: Person, action: str | None, unit: str) -> int:
        """§17.4: the periods with a play one after the other, back from this one, or from the one before if this one
        has none yet. What the calendar has not come to is not looked at."""
        days = [day for name, day in person.days if action in (None, name) and day <= self.today()]
        played = {beginning(day, unit) for day in days}
        period = beginning(self.today(), unit)
        if period not in played:
            period = beginning(period - timedelta(days=1), unit)
        length = 0
        while period in played:
            length += 1
            period = beginning(period - timedelta(days=1), unit)
        return length

    # --- rewards (§4) --------------------------------------------------------------------------------------------

    def matches(self, rule: Json) -> bool:
        """Whether a rule's rewards are due. §17.1: one that pays once has paid from the moment that it holds, for the
        player or for the value of a variable; without a value it does not pay."""
        if "once" not in rule:
            return self.holds(rule.get("requires", {}), self.snapshot)
        once = rule["once"]
        thing = self.variables.get(once["per"]) if "per" in once else ""
        payment = (*self.place, once["id"], str(thing), "per" in once)
        if thing is None or payment in self.snapshot.paid_once:
            return False
        if not self.holds(rule.get("requires", {}), self.snapshot):
            return False
        self.live.paid_once.add(payment)
        return True

    def pay(self, rewards: Sequence[tuple[Json, int]]) -> list[Json]:
        """Steps 6 and 7: the changes of one event, compounds last. Each reward with its weight."""
        changes = [change for reward, weight in rewards if (change := self.reward(reward, weight)) is not None]
        return changes + self.recompute(changes)

    def reward(self, reward: Json, weight: int) -> Json | None:
        metric = self.game.metrics[reward["metric"]["id"]]
        if metric["type"] == "state":
            return self.enter(metric, self.game.member(metric["id"], reward["value"])["id"])
        if metric["type"] == "set":
            named = {self.game.member(metric["id"], name)["id"]: text for name, text in reward["value"].items()}
            counts = {}
            for item in (entry["id"] for entry in metric["constraints"]["items"] if entry["id"] in named):
                held = self.live.items.get(metric["id"], {}).get(item, 0)
                counts[item] = self.moved(held, reward["verb"], named[item], weight)
            return self.hold(metric, {item: count for item, count in counts.items() if count is not None})
        old = self.live.points.get(metric["id"])
        default = int(metric.get("constraints", {}).get("default", "0"))
        if "best" in reward:
            return self.improvement(metric, reward, default if old is None else old)
        return self.put(metric, self.moved(default if old is None else old, reward["verb"], reward["value"], weight))

    def improvement(self, metric: Json, reward: Json, current: int) -> Json | None:
        """§17.2: by how much an attempt, rounded, is better than the best before, which is 0 at first."""
        best = reward["best"]
        thing = self.variables.get(best["per"]) if "per" in best else ""
        attempt = rounded(number(self.value(reward["value"], self.snapshot)))
        name = (*self.place, best["id"], str(thing), "per" in best)
        before = self.live.best.get(name, 0)
        if thing is None or attempt is None or attempt <= before:
            return None
        new = rounded(Decimal(current) + attempt - before)
        if new is not None:
            self.live.best[name] = attempt
        return self.put(metric, new)

    def put(self, metric: Json, new: int | None) -> Json | None:
        """A score within its limits; None = undefined, no change."""
        old = self.live.points.get(metric["id"])
        if new is None:
            return None
        new = max(new, self.game.bound(metric["id"], "min", "0"))  # type: ignore[assignment]  # an int where finite
        new = min(new, self.game.bound(metric["id"], "max", "Infinity"))  # type: ignore[type-var]  # see above
        if new == old:
            return None
        self.live.points[metric["id"]] = new
        return change_of(metric, text_delta(old, new))

    def taken_back(self, change: Json) -> Json | None:
        """§10.2: the inverse delta, clamped; ``old: null`` counts as the default, or 0; a state goes back to it."""
        metric, delta = self.game.metrics[change["metric"]["id"]], change["delta"]
        if metric["type"] == "compound":
            return None
        if metric["type"] == "set":
            held = self.live.items.get(metric["id"], {})
            names = {self.game.member(metric["id"], name)["id"]: both for name, both in delta.items()}
            return self.hold(
                metric,
                {item: held.get(item, 0) - int(both["new"]) + int(both["old"] or 0) for item, both in names.items()},
            )
        if metric["type"] == "state":
            if delta["old"] is not None:
                return self.enter(metric, self.game.member(metric["id"], delta["old"])["id"])
            name = self.game.member(metric["id"], self.live.states.pop(metric["id"]))["name"]
            return change_of(metric, {"old": name, "new": None})
        default = int(metric.get("constraints", {}).get("default", "0"))
        gained = int(delta["new"]) - (default if delta["old"] is None else int(delta["old"]))
        old = self.live.points.get(metric["id"])
        return self.put(metric, rounded(Decimal((default if old is None else old) - gained)))

    def moved(self, current: int, verb: str, text: object, weight: int) -> int | None:
        amount = number(self.value(text, self.snapshot))
        if verb == "set":
            return rounded(amount)
        weighted = arithmetic(amount, "*", Decimal(weight))
        return rounded(arithmetic(Decimal(current), "+" if verb == "add" else "-", weighted))

    def hold(self, metric: Json, counts: Mapping[str, int]) -> Json | None:
        """Counts of items, each clamped; a new one beyond ``max_items`` is ignored."""
        held = self.live.items.setdefault(metric["id"], {})
        before = dict(held)
        for item, wanted in counts.items():
            most = self.game.member(metric["id"], item).get("max", "1")
            count = max(0, wanted if most == "Infinity" else min(wanted, int(most)))
            distinct = sum(1 for number_held in held.values() if number_held > 0)
            is_new = held.get(item, 0) == 0
            if is_new and (count == 0 or distinct >= self.game.bound(metric["id"], "max_items", "Infinity")):
                continue
            held[item] = count
        delta = {
            self.game.member(metric["id"], item)["name"]: text_delta(before.get(item), held[item])
            for item in counts
            if held.get(item) != before.get(item)
        }
        return change_of(metric, delta) if delta else None

    def enter(self, metric: Json, state: str) -> Json | None:
        old = self.live.states.get(metric["id"])
        if old == state:
            return None
        self.live.states[metric["id"]] = state
        names = {entry["id"]: entry["name"] for entry in metric["constraints"]["states"]}
        return change_of(metric, {"old": None if old is None else names[old], "new": names[state]})

    def recompute(self, changes: Sequence[Json]) -> list[Json]:
        """§3.4: after every event that changes a score; only changed ones, in dependency order, then design order."""
        if not changes:
            return []
        before, self.computed = self.computed, self.all_compounds(self.live)
        order = self.in_dependency_order()
        for metric in order:
            value = self.computed[metric]
            if value is not None and self.holds_operand(metric):
                self.live.compounds[metric] = value
            else:
                self.live.compounds.pop(metric, None)
        moved = [metric for metric in order if before[metric] != self.computed[metric]]
        return [change_of(self.game.metrics[name], text_delta(before[name], self.computed[name])) for name in moved]

    def operands(self, metric: str) -> set[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()

        def note(*names: str) -> Decimal:
            found.add(names)
            return Decimal(1)

        evaluate(self.game.metrics[metric]["constraints"]["formula"], note, lambda name: NAN)
        return found

    def holds_operand(self, metric: str) -> bool:
        for name, *item in self.operands(metric):
            if item and self.game.member(name, item[0])["id"] in self.live.items.get(name, {}):
                return True
            if not item and (name in self.live.points or name in self.live.compounds):
                return True
        return False

    def in_dependency_order(self) -> list[str]:
        """Compounds of plain metrics, then compounds of those, and so on; design order among equals."""

        def depth(name: str) -> int:
            return 1 + max((depth(used) for used, *_ in self.operands(name) if used in self.computed), default=0)

        return sorted(self.computed, key=depth)

    # --- levels and achievements (§9, steps 9 to 11) -------------------------------------------------------------

    def follow(self) -> None:
        for rule in self.game.rules("level"):
            self.judge_level(rule)
        awarded: set[str] = set()
        while self.judge_achievements(awarded):
            pass

    def judge_level(self, rule: Json) -> None:
        value = self.live.points.get(rule["base_metric"])
        if value is None:
            return
        metric = self.game.metrics[rule["level_metric"]]
        levels = rule["levels"]
        reached = next((level for level in levels[:-1] if value <= int(level["threshold"])), levels[-1])
        change = self.enter(metric, self.game.member(metric["id"], reached["rank"])["id"])
        if change is not None:
            self.emit({"event": "level", "changes": [change], "rule": {"id": rule["id"]}})

    def judge_achievements(self, awarded: set[str]) -> bool:
        """One pass in design order on the live state; whether it emitted anything."""
        emitted = False
        for rule in self.game.rules("achievement"):
            achievement = rule["achievement"]
            metric = self.game.metrics[achievement["metric"]["id"]]
            wanted = {
                self.game.member(metric["id"], entry["key"])["id"]: int(entry["value"])
                for entry in achievement["items"]
            }
            held = self.live.items.get(metric["id"], {})
            missing = {item: count for item, count in wanted.items() if held.get(item, 0) < count}
            if rule["id"] in awarded or not missing or not self.holds(rule.get("requires", {}), self.live):
                continue
            change = self.hold(metric, missing)
            if change is None:
                continue
            changes = [change, *self.recompute([change])]
            self.emit({"event": "achievement", "changes": changes, "rule": {"id": rule["id"]}})
            awarded.add(rule["id"])
            emitted = True
        return emitted


def beginning(day: date, unit: str) -> date:
    """The first day of the day, week or month of a day; weeks begin on Sunday."""
    if unit == "week":
        return day - timedelta(days=day.isoweekday() % 7)
    return day.replace(day=1) if unit == "month" else day


def rolls(dice: Dice, key: str, thing: Json) -> bool:
    """§8.3: at 1 no roll is made."""
    probability = thing.get("probability", 1)
    return bool(probability >= 1 or dice(key) < probability)


def effective(declared: Sequence[Json], given: Json) -> Json:
    """§6: checked, coerced, defaults filled in; undeclared ones as they came."""
    values: Json = {}
    for variable in declared:
        name = variable["name"]
        if name in given:
            values[name] = coerced(given[name], variable["type"])
        elif variable.get("required", False):
            raise Refusal("validation_exception")
        elif "default" in variable:
            values[name] = variable["default"]
    names = {variable["name"] for variable in declared}
    return values | {name: value for name, value in given.items() if name not in names}


def coerced(value: object, kind: str) -> object:
    if kind == "string" and isinstance(value, str):
        return value
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "int" and isinstance(value, str) and value.lstrip("+-").isdecimal():
        return int(value)
    raise Refusal("validation_exception")


def compare(left: Value, comparison: str, right: Value) -> bool:
    """§5, §7.3: NaN is never anything; numbers where both sides read as such; text is only equal or not."""
    if any(isinstance(side, Decimal) and side.is_nan() for side in (left, right)):
        return False
    if not number(left).is_nan() and not number(right).is_nan():
        return OPERATORS[comparison](number(left), number(right))
    return comparison in ("eq", "ne") and OPERATORS[comparison](left, right)


def text_delta(old: int | None, new: int | None) -> Json:
    return {"old": None if old is None else str(old), "new": None if new is None else str(new)}


def change_of(metric: Json, delta: Json) -> Json:
    return {"metric": {"id": metric["id"], "name": metric["name"], "type": metric["type"]}, "delta": delta}
