"""The same agreement through the tables: ``services`` on the database of the run, scores and counts read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from django_playlyfe.engine import services
from django_playlyfe.engine.design.load import normalise
from django_playlyfe.engine.models import ActionCount, Call, OnceGuard, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules.state import Dice
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import PlaylyfeError
from tests.examples import examples

from .games import Played, Step, game
from .interpreter import Interpreter, Person, Refusal
from .test_agreement import SEEDS, SIZES, Told, event_of, paid_once, scores, slow

pytestmark = pytest.mark.django_db
REALM = Realm("random")


@contextmanager
def a_database_of_its_own() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """What the tables say of the only player."""
    kinds = {metric["id"]: metric["type"] for metric in document["metrics"]}
    person = Person()
    for row in Score.objects.all():
        if row.item:
            person.items.setdefault(row.metric, {})[row.item] = row.value
        elif kinds[row.metric] == "state":
            person.states[row.metric] = row.state
        else:
            (person.points if kinds[row.metric] == "point" else person.compounds)[row.metric] = row.value
    person.counts = {row.action: row.count for row in ActionCount.objects.all()}
    return scores(person)


def identified(recorded: services.Recorded) -> list[tuple[dict[str, Any], str]]:
    """The events with changes of an answer in emission order, each with its id."""
    events = [*recorded.events["local"], *recorded.events["global"]]
    return [(body, event["id"]) for body, event in zip(bodies(recorded), events, strict=True) if body["changes"]]


def bodies(recorded: services.Recorded) -> list[dict[str, Any]]:
    """The events of an answer in emission order, without what the log adds to them."""
    events = [*recorded.events["local"], *recorded.events["global"]]
    added = ("id", "timestamp", "actor", "player", "scopes")
    return [{key: part for key, part in event.items() if key not in added} for event in events]


def call(step: Step, roll: Dice, event_id: str) -> services.Recorded:
    if step.name == "patch":
        return services.adjust_scores(REALM, "ada", step.variables["rewards"])
    if step.name == "revert":
        reverted = services.revert(REALM, "ada", [event_id])
        assert reverted is not None
        return reverted
    if step.name == "bonus":
        return services.run_rule(REALM, "bonus", [{"variables": step.variables, "player_ids": ["ada"]}])[0][0]
    return services.play(REALM, "ada", step.name, step.variables, count=step.count, dice=roll)


def play_both(played: Played) -> None:
    document = normalise(played.design)
    reference = Interpreter(document)
    with time_machine.travel(played.instants[0], tick=False):
        activate(REALM, played.design)
        services.create_player(REALM, "ada", alias="Ada")
    person = reference.create(played.instants[0], played.dice(0))
    told = Told()
    for number, (step, at) in enumerate(zip(played.history, played.instants, strict=True), 1):
        roll, refusal, events = played.dice(number), None, []
        found, is_there = event_of(step, told)
        if not is_there:
            continue
        event, event_id = found or (None, "")
        try:
            events = slow(reference, person, step, at, roll, event)
        except Refusal as refused:
            refusal = refused
        with time_machine.travel(at, tick=False):
            if refusal is not None:
                with pytest.raises(PlaylyfeError) as caught:
                    call(step, roll, event_id)
                assert caught.value.code == refusal.code
            else:
                recorded = call(step, roll, event_id)
                assert bodies(recorded) == events
                told.bodies += identified(recorded)
        assert stored(document) == scores(person)
        assert {row[:2]: row[2] for row in OnceGuard.objects.values_list("guard", "thing", "value")} == paid_once(
            person
        )
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == len(person.plays)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEEDS, SIZES)
def test_what_is_stored_is_what_the_specification_says(seed, size):
    with a_database_of_its_own():
        play_both(game(seed, size))
