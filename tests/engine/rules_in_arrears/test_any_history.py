"""Nothing is due after an event, whatever random history came before."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import history, services
from django_playlyfe.engine.ledger import event_ids
from django_playlyfe.engine.models import ActionCount, Call, DesignVersion, Game, Score
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput
from django_playlyfe.engine.versions.activation import activate
from tests.engine.conftest import NOON, reward, rolled_back
from tests.examples import examples

from .games import (
    ITEMS,
    SMALL,
    asks,
    badge,
    be_given_a_coin,
    held,
    work,
    work_in_a_batch,
    world,
)

pytestmark = pytest.mark.django_db

CONDITIONS = [
    asks("read", "action", 2),
    asks("read", "action", 3, "gt"),
    asks("xp", "point", 20),
    asks("xp", "point", 15, "gt"),
    asks("xp", "point", 15, "lt"),
    asks("coins", "point", 1),
    asks("work", "action", 1),
]
WORLDS = [
    world(*(badge(item, CONDITIONS[(first + step * number) % 7]) for number, item in enumerate(ITEMS)))
    for first, step in ((0, 2), (2, 1), (3, 3), (6, 4))
]


def put_in_force(number: int) -> None:
    """What an activation does to plays, without its checks, which take their time."""
    Game.objects.update(production=DesignVersion.objects.get(number=number + 1))


def undo_one_of_the_first() -> None:
    first = Call.objects.filter(kind="play", status="applied", action="read").order_by("pk").first()
    if first is not None and first.idempotency_key is not None:
        services.undo(SMALL, "ada", "read", first.idempotency_key)


def revert_one_of_the_last() -> None:
    calls = Call.objects.filter(player__isnull=False, status="applied").exclude(kind__in=["revert", "undo"])
    for call in calls.order_by("-pk")[:3]:
        for tick, told in enumerate(call.events):
            if told["body"].get("changes"):
                services.revert(SMALL, "ada", [str(event_ids.nth_id(call.seed, tick))])
                return


JUDGED: dict[str, Callable[[], object]] = {
    "read": lambda: services.play(SMALL, "ada", "read", idempotency_key=f"read:{Call.objects.count()}"),
    "work": work,
    "batch": work_in_a_batch,
    "drop": lambda: services.play(SMALL, "ada", "drop"),
    "gift": be_given_a_coin,
    "patch": lambda: services.adjust_scores(SMALL, "ada", [reward("xp", "7")]),
    "fine": lambda: services.adjust_scores(SMALL, "ada", [reward("xp", "-12")]),
    "reset": lambda: services.reset_player(SMALL, "ada"),
}
"""Events after which nothing is due (§10.1)."""
UNJUDGED: dict[str, Callable[[], object]] = {
    "award": lambda: services.award(SMALL, "ada"),
    "undo": undo_one_of_the_first,
    "revert": revert_one_of_the_last,
    "replay": lambda: list(history.replay(SMALL)),
    "repair": lambda: list(history.repair(SMALL)),
    **{f"design {number}": partial(put_in_force, number) for number in range(len(WORLDS))},
}
STEPS = ["read"] * 4 + [*JUDGED, *UNJUDGED]


def due() -> set[str]:
    """The badges that the design in force gives and the player does not have, by what is stored and nothing else."""
    numbers = {("xp", "point"): 0, ("coins", "point"): 0}
    numbers |= {(score.metric, "point"): score.value or 0 for score in Score.objects.exclude(metric="badges")}
    numbers |= {(count.action, "action"): count.count for count in ActionCount.objects.all()}
    found = set()
    version = Game.objects.select_related("production").get().production
    assert version is not None
    for rule in version.document["rules"]:
        if rule["type"] != "achievement":
            continue
        asked = rule["requires"]["context"]
        number = numbers.get((asked["id"], "action" if rule["requires"]["type"] == "action" else "point"), 0)
        if getattr(operator, asked["operator"])(number, int(asked["value"])):
            found.add(rule["id"])
    return found - held()


def thoroughly_too(
    plan: Plan, state: PlayerState, request: PlayInput, dice: Dice, judge_play: Callable[..., Outcome] = judge.play
) -> Outcome:
    """What a play comes to, which must be what looking at every rule comes to."""
    outcome = judge_play(plan, state, request, dice)
    assert outcome == judge_play(plan, state, replace(request, thorough=True), dice)
    return outcome


@given(st.integers(0, 3), st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_due_after_an_event_whatever_came_before(
    db: None, monkeypatch: pytest.MonkeyPatch, first: int, steps: list[str]
) -> None:
    monkeypatch.setattr(judge, "play", thoroughly_too)
    with rolled_back():
        for document in WORLDS:
            activate(SMALL, document)
        put_in_force(first)
        services.create_player(SMALL, "ada")
        for number, step in enumerate([*steps, "work"], 1):
            with time_machine.travel(NOON + timedelta(minutes=number), tick=False):
                (JUDGED | UNJUDGED)[step]()
            assert step not in JUDGED or due() == set(), (step, number)
