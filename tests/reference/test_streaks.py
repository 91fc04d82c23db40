"""Games with streaks: the engine's rules and the literal reading of ``engine.md`` agree (§17.4).

They have a generator of their own: players who come and go over the changes of clocks and years, move from zone to
zone, and whose plays arrive late.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.load import normalise
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.rules import judge, streaks
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Outcome, PlayerState, PlayInput, Refused
from tests.examples import examples

from .interpreter import Interpreter, Person, Refusal
from .test_agreement import emitted, expected, scores

ZONES = ("", "Europe/Lisbon", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe", "America/Sao_Paulo")
STARTS = (
    datetime(2024, 3, 28, tzinfo=timezone.utc),  # clocks are put forward in Lisbon
    datetime(2024, 10, 24, tzinfo=timezone.utc),  # and back
    datetime(2024, 12, 20, tzinfo=timezone.utc),
    datetime(2018, 10, 31, tzinfo=timezone.utc),  # a day without a midnight in São Paulo
)
ACTIONS = ("read", "write", "train")


def leaf(chance: random.Random) -> dict[str, Any]:
    """A condition on a streak, or now and then on something else."""
    operator, value = chance.choice(("ge", "ge", "gt", "eq", "ne", "lt", "le")), str(chance.randrange(5))
    if chance.random() < 0.15:
        context = {"id": chance.choice(ACTIONS), "operator": operator, "value": value}
        return {"type": "action", "not": chance.random() < 0.3, "context": context}
    context = {"operator": operator, "value": value, "unit": chance.choice(streaks.UNITS)}
    if chance.random() < 0.6:
        context["action"] = chance.choice(ACTIONS)
    if context["unit"] == "day" and chance.random() < 0.5:
        del context["unit"]
    return {"type": "streak", "not": chance.random() < 0.25, "context": context}


def condition(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    if depth == 2 or chance.random() < 0.6:
        return leaf(chance)
    parts = [condition(chance, depth + 1) for _ in range(chance.randrange(1, 3))]
    return {"type": chance.choice(("and", "or")), "not": chance.random() < 0.2, "expression": parts}


def coins(value: int) -> dict[str, Any]:
    return {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": str(value)}


def design(chance: random.Random) -> dict[str, Any]:
    badges = [{"id": f"badge_{number}", "name": f"Badge {number}"} for number in range(5)]
    actions = [
        {
            "id": name,
            "name": name,
            "requires": condition(chance) if chance.random() < 0.2 else {},
            "rules": [
                {"requires": condition(chance), "rewards": [coins(chance.randrange(1, 9))]}
                for _ in range(chance.randrange(3))
            ],
        }
        for name in ACTIONS
    ]
    achievements = [
        {
            "id": f"earn_{badge['id']}",
            "name": badge["name"],
            "type": "achievement",
            "achievement": {"metric": {"id": "badges"}, "items": [{"key": badge["id"], "value": "1"}]},
            "requires": condition(chance),
        }
        for badge in badges
    ]
    bonus = {
        "id": "bonus",
        "name": "Bonus",
        "type": "custom",
        "variables": [],
        "rules": [{"requires": condition(chance), "rewards": [coins(100)]}],
    }
    return {
        "game": {"id": "streaks", "title": "Streaks", "timezone": chance.choice(ZONES[1:])},
        "metrics": [
            {"id": "coins", "name": "Coins", "type": "point"},
            {"id": "badges", "name": "Badges", "type": "set", "constraints": {"items": badges}},
        ],
        "actions": actions,
        "rules": [*achievements, bonus],
    }


class Players:
    """One player twice: as the engine's rules have him, and as the reference has."""

    def __init__(self, document: dict[str, Any], start: datetime) -> None:
        self.plan: Plan = compile_design(document)
        self.reference = Interpreter(document)
        self.person: Person = self.reference.create(start, lambda key: 0.5)
        self.state = judge.bootstrap(self.plan, PlayerState(), start, lambda key: 0.5).state

    def call(self, action: str, at: datetime, zone: str) -> Counter[str]:
        """Both play, or run the rule, and agree. Returns what happened."""
        self.state.zone = self.person.zone = zone
        refusal, events = None, []
        try:
            events = self._reference(action, at)
        except Refusal as refused:
            refusal = refused
        if refusal is not None:
            with pytest.raises(Refused) as caught:
                self._engine(action, at)
            assert caught.value.code == refusal.code
            return Counter([refusal.code])
        outcome = self._engine(action, at)
        assert emitted(outcome) == expected(events)
        assert scores(outcome.state) == scores(self.person)
        for name in ACTIONS:
            played = sorted({day for action, day in self.person.days if action == name})
            assert list(streaks.dates(outcome.state.days.get(name, ""))) == played
        self.state = outcome.state
        return Counter(body["event"] if body["changes"] else "nothing" for body in events)

    def _reference(self, action: str, at: datetime) -> list[dict[str, Any]]:
        if action == "bonus":
            return self.reference.run_rule(self.person, "bonus", {}, at)
        return self.reference.play(self.person, action, {}, 1, at, lambda key: 0.5)

    def _engine(self, action: str, at: datetime) -> Outcome:
        if action == "bonus":
            return judge.custom_rule(self.plan, self.state, "bonus", {}, at)
        return judge.play(self.plan, self.state, PlayInput(action, {}, 1, at, thorough=False), lambda key: 0.5)


def compare(seed: int) -> Counter[str]:
    """Play the game of this number with both."""
    chance = random.Random(seed)
    document = normalise(design(chance))
    assert list(check(document).problems) == []
    at, zone = chance.choice(STARTS), ""
    players, happened = Players(document, at), Counter[str]()
    pace = chance.choice((8, 20, 30, 200))
    for _ in range(chance.randrange(4, 30)):
        at += timedelta(minutes=chance.randrange(60 * pace))
        if chance.random() < 0.1:
            zone = chance.choice(ZONES)
        late = timedelta(hours=chance.randrange(200)) if chance.random() < 0.2 else timedelta()
        happened += players.call(chance.choice((*ACTIONS, *ACTIONS, "bonus")), at - late, zone)
    return happened


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 2**40))
def test_streaks_are_what_the_specification_says(seed):
    compare(seed)


def test_the_games_with_streaks_are_eventful():
    happened = sum(map(compare, range(100)), Counter[str]())
    often = ("action", "achievement", "custom_rule", "access_denied", "nothing")
    assert {name for name in often if happened[name] < 20} == set(), happened
