"""The engine's rules and the literal reading of ``engine.md`` agree: on events, their order, scores and refusals."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.design.compile import compile_design, compile_rewards
from django_playlyfe.engine.design.load import normalise
from django_playlyfe.engine.design.patches import read_rewards
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.rules import judge, reverting
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput, Refused
from tests.examples import examples

from .games import Step, game
from .interpreter import Interpreter, Person, Refusal

SEEDS = st.integers(0, 2**40)
SIZES = st.integers(0, 4)


def scores(holder: PlayerState | Person) -> dict[str, Any]:
    """What is stored of a player, by whichever engine; a set of which nothing was ever held is no entry."""
    items = {metric: held for metric, held in holder.items.items() if held}
    return {
        "points": holder.points,
        "items": items,
        "states": holder.states,
        "compounds": holder.compounds,
        "counts": holder.counts,
    }


def paid_once(person: Person) -> dict[Any, int]:
    """The payments that are made once, and the best attempts, as the engine keeps them."""

    def guard(kind: str, name: tuple[Any, ...]) -> tuple[str, str]:
        *place, once, thing, has_thing = name
        digest = hashlib.sha256(thing.encode()).hexdigest() if has_thing else ""
        return ".".join([kind, *place, once] if kind else [*place, once]), digest

    return {guard("", name): 1 for name in person.paid_once} | {
        guard("best", name): value for name, value in person.best.items()
    }


@dataclass
class Told:
    """The events with changes so far; a revert names one of them, and none twice."""

    bodies: list[Any] = field(default_factory=list)
    reverted: set[int] = field(default_factory=set)

    def named(self, back: int) -> int | None:
        """Which event the ``back``th from last is, None if there is none or it was taken back."""
        place = len(self.bodies) - 1 - back
        return None if place < 0 or place in self.reverted else place


@dataclass
class Fast:
    """The engine's rules and one player, as a service calls them."""

    document: dict[str, Any]
    plan: Plan
    state: PlayerState
    thorough: bool = False

    def call(self, step: Step, at: datetime, roll: Dice, event: Any) -> Outcome:
        if step.name == "bonus":
            outcome = judge.custom_rule(self.plan, self.state, "bonus", step.variables, at)
        elif step.name == "patch":
            rewards = compile_rewards(read_rewards(self.document, step.variables["rewards"]), self.plan)
            outcome = judge.apply_rewards(self.plan, self.state, rewards, at)
        elif step.name == "revert":
            outcome = reverting.revert(self.plan, self.state, reversed(event["changes"]), at, "")
        else:
            request = PlayInput(step.name, step.variables, step.count, at, thorough=self.thorough)
            outcome = judge.play(self.plan, self.state, request, roll)
        self.state, self.thorough = outcome.state, step.name == "revert"
        return outcome


def slow(
    reference: Interpreter, person: Person, step: Step, at: datetime, roll: Dice, event: Any
) -> list[dict[str, Any]]:
    if step.name == "bonus":
        return reference.run_rule(person, "bonus", step.variables, at)
    if step.name == "patch":
        return reference.patch(person, step.variables["rewards"], at)
    if step.name == "revert":
        return reference.revert(person, [event], at)
    return reference.play(person, step.name, step.variables, step.count, at, roll)


def event_of(step: Step, told: Told) -> tuple[Any, bool]:
    """The event that a step names, and whether there is anything to do."""
    if step.name != "revert":
        return None, True
    place = told.named(step.variables["back"])
    if place is None:
        return None, False
    told.reverted.add(place)
    return told.bodies[place], True


def emitted(outcome: Outcome) -> list[tuple[dict[str, Any], bool]]:
    return [(dict(draft.body), draft.is_global) for draft in outcome.events]


def expected(events: list[dict[str, Any]]) -> list[tuple[dict[str, Any], bool]]:
    return [(body, body["event"] in ("level", "achievement")) for body in events]


def compare(seed: int, size: int, *, checked: bool = True) -> Counter[str]:
    """Play the game of this number with both. Returns what happened in it, by name.

    ``checked`` asks that the design pass the check of designs too: two thirds of the time, and nothing of the rules.
    """
    played = game(seed, size)
    document = normalise(played.design)
    assert not checked or list(check(document).problems) == []
    plan, reference, happened = compile_design(document), Interpreter(document), Counter[str]()
    told = Told()
    engine = Fast(document, plan, judge.bootstrap(plan, PlayerState(), played.instants[0], played.dice(0)).state)
    person = reference.create(played.instants[0], played.dice(0))
    assert scores(engine.state) == scores(person)
    for number, (step, at) in enumerate(zip(played.history, played.instants, strict=True), 1):
        roll = played.dice(number)
        refusal, events = None, []
        event, is_there = event_of(step, told)
        if not is_there:
            continue
        try:
            events = slow(reference, person, step, at, roll, event)
        except Refusal as refused:
            refusal = refused
        if refusal is not None:
            with pytest.raises(Refused) as caught:
                engine.call(step, at, roll, event)
            assert caught.value.code == refusal.code
            happened[refusal.code] += 1
            continue
        outcome = engine.call(step, at, roll, event)
        assert emitted(outcome) == expected(events)
        assert scores(outcome.state) == scores(person)
        assert outcome.state.guards == paid_once(person)
        happened["payment made once"] += len(outcome.guards)
        told.bodies += [body for body in events if body["changes"]]
        happened.update(body["event"] for body in events)
    return happened


@settings(max_examples=examples(2000), deadline=None)
@given(SEEDS, SIZES)
def test_the_rules_do_what_the_specification_says(seed, size):
    compare(seed, size)


def test_the_games_are_eventful():
    """Two hundred of them hold everything that can come of a call, and each of it often."""
    happened = sum((compare(seed, 3) for seed in range(200)), Counter[str]())
    often = ["action", "custom_rule", "level", "achievement", "score"]
    often += ["payment made once", "access_denied", "validation_exception", "rate_limit_exceeded", "action_not_found"]
    assert {name for name in often if happened[name] < 20} == set(), happened
