"""``explain``: each call that moved a score, with amounts, sums and the rule that paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe import services as site
from django_playlyfe.engine import history, services
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.models import Call, DesignVersion, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import NotFound, PlayerNotFound
from django_playlyfe.types import Movement
from tests.engine.conftest import NOON
from tests.examples import examples

from ..conftest import action, always, reward
from . import games

pytestmark = pytest.mark.django_db


@pytest.fixture
def played(quest: Realm) -> Realm:
    """Steps 0 to 5 of the trace (``engine.md`` §16.2), and a play that was undone."""
    with time_machine.travel(NOON, tick=False):
        services.create_player(quest, "ines", alias="Ines")
        for number in range(4):
            key = str(number)
            services.play(quest, "ines", "finish_book", {"pages": 100}, dice=always(0.9), idempotency_key=key)
        services.undo(quest, "ines", "finish_book", "3")
        services.play(quest, "ines", "finish_book", {"pages": 100}, dice=always(0.9))
        services.play(quest, "ines", "finish_book", {"pages": 600, "genre": "history"}, dice=always(0.9))
    return quest


def told(realm: Realm, metric: str, item: str = "") -> list[tuple[Any, ...]]:
    return [
        (move.kind, move.old, move.new, move.amount, move.total)
        for move in history.explain(realm, "ines", metric, item)
    ]


def test_points_are_explained_by_rewards(played: Realm) -> None:
    assert told(played, "xp") == [
        ("create", None, 0, 0, 0),
        ("play", 0, 10, 10, 10),
        ("play", 10, 20, 10, 20),
        ("play", 20, 30, 10, 30),
        ("play", 30, 40, 10, 40),
        ("play", 40, 125, 85, 125),
    ]
    first, *_, last = history.explain(played, "ines", "xp")
    assert [(part.event, part.id, part.reward) for part in first.parts] == [("create", "", None)]
    assert [(part.event, part.id, part.reward, part.old, part.new) for part in last.parts] == [
        ("action", "finish_book", (0, 0), 40, 100),
        ("action", "finish_book", (1, 0), 100, 125),
    ]


def test_compounds_states_and_items_too(played: Realm) -> None:
    *_, impact = history.explain(played, "ines", "impact")
    assert (impact.amount, impact.total) == (59, 63)
    assert [(part.event, part.id, part.reward) for part in impact.parts] == [
        ("action", "finish_book", None),
        ("achievement", "earn_bookworm", None),
    ]
    assert told(played, "rank") == [("create", None, "Visitor", 0, 0), ("play", "Visitor", "Reader", 0, 0)]
    assert told(played, "badges", "bookworm") == told(played, "badges", "Bookworm") == [("play", None, 1, 1, 1)]
    assert told(played, "coins") == []


def test_rules_edits_and_resets_are_told_apart(played: Realm) -> None:
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "2"}
    services.run_rule(played, "weekly_target", [{"variables": {"target": 1}, "player_ids": ["ines"]}])
    services.adjust_scores(played, "ines", [coins])
    services.reset_player(played, "ines")
    by_rule, edited, reset = history.explain(played, "ines", "coins")
    assert [(part.event, part.id, part.reward) for part in by_rule.parts] == [("custom_rule", "weekly_target", (0, 0))]
    assert [(part.event, part.reward) for part in edited.parts] == [("score", None)]
    assert [(move.kind, move.amount, move.total) for move in (by_rule, edited, reset)] == [
        ("rule", 30, 40),
        ("score", 2, 42),
        ("reset", -32, 10),  # without a score it counts as the default again
    ]


def test_a_rule_that_counts_plays_is_told_apart_by_the_plays_before(activated: Callable[..., Realm]) -> None:
    again = {"type": "action", "context": {"id": "read", "operator": "ge", "value": "1"}}
    rules = [{"requires": again, "rewards": [reward("xp", "5")]}, {"requires": {}, "rewards": [reward("xp", "10")]}]
    realm = activated(actions=[action("read", rules=rules)])
    services.create_player(realm, "ada")
    for _ in range(2):
        services.play(realm, "ada", "read")
    services.reset_player(realm, "ada")
    services.play(realm, "ada", "read")
    movements = history.explain(realm, "ada", "xp")
    assert [[part.reward for part in movement.parts] for movement in movements] == [
        [(1, 0)],
        [(0, 0), (1, 0)],
        [None],
        [(1, 0)],
    ]


def test_what_is_not_there_is_not_found(played: Realm) -> None:
    for metric, item in (("fame", ""), ("badges", ""), ("badges", "sword"), ("xp", "bookworm")):
        with pytest.raises(NotFound):
            history.explain(played, "ines", metric, item)
    with pytest.raises(PlayerNotFound):
        history.explain(played, "nobody", "xp")


def test_the_site_asks_its_backend(played: Realm) -> None:
    assert "explain" in site.abilities()
    found = site.explain("ines", "xp", limit=2)
    assert (found.total, [move.total for move in found]) == (6, [40, 125])


def test_the_command_prints_it(played: Realm) -> None:
    out = StringIO()
    call_command("playlyfe_engine_explain", "ines", "xp", stdout=out)
    *_, last, part, other, end = out.getvalue().splitlines()
    assert last.startswith("2024-03-05T12:00:00.000Z call ")
    assert last.endswith("(play): 40 -> 125 +85, sum 125")
    assert (part, other) == (
        "    40 -> 100 by action finish_book, rule 1, reward 1",
        "    100 -> 125 by action finish_book, rule 2, reward 1",
    )
    assert end == "6 calls moved this score."
    with pytest.raises(CommandError) as refusal:
        call_command("playlyfe_engine_explain", "ines", "fame")
    assert refusal.value.returncode == 2


def test_the_undo_command_takes_a_play_back(played: Realm) -> None:
    out = StringIO()
    call_command("playlyfe_engine_undo", "ines", "finish_book", "0", stdout=out)
    assert "    xp: 125 -> 115\n" in out.getvalue()
    assert "    badges Bookworm: 1 -> 0\n" in out.getvalue()
    with pytest.raises(CommandError) as refusal:
        call_command("playlyfe_engine_undo", "ines", "finish_book", "0")
    assert refusal.value.returncode == 2


def test_the_undo_command_takes_a_play_without_a_key_by_its_number(played: Realm) -> None:
    out, newest = StringIO(), Call.objects.filter(kind="play").latest("pk")
    assert newest.idempotency_key is None
    call_command("playlyfe_engine_undo", "ines", "--call", str(newest.pk), stdout=out)
    assert "Undone by call" in out.getvalue()
    newest.refresh_from_db()
    assert newest.status == Call.Status.UNDONE
    for named in (["ines"], ["ines", "finish_book"], ["ines", "finish_book", "1", "--call", "1"]):
        with pytest.raises(CommandError) as refusal:
            call_command("playlyfe_engine_undo", *named)
        assert refusal.value.returncode == 2


@contextmanager
def taken_back() -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


Told = dict[tuple[str, str], dict[str, Any]]


def by_hand(player: Player) -> Told:
    """(metric, item name) -> call -> the value it left, from the events in the log."""
    found: Told = defaultdict(dict)
    for call in Call.objects.filter(player=player, status="applied", kind="play").order_by("pk"):
        for entry in call.events:
            for change in entry["body"]["changes"]:
                is_set = change["metric"]["type"] == "set"
                for item, delta in (change["delta"] if is_set else {"": change["delta"]}).items():
                    found[change["metric"]["id"], item][str(call.pk)] = delta["new"]
    return found


@given(st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_equals_an_independent_sum_of_the_calls(
    db: None, monkeypatch: pytest.MonkeyPatch, seed: int, size: int
) -> None:
    monkeypatch.setattr(KeyedDice, "__call__", games.dice_of_the_instant)
    with taken_back():
        games.play(seed, size)
        document = DesignVersion.objects.get().document
        for player in Player.objects.all():
            told_by_events = by_hand(player)
            for score in Score.objects.filter(player=player):
                check_score(document, player, score, told_by_events)
                check_steps(player, score)


def check_score(document: dict[str, Any], player: Player, score: Score, told_by_events: Told) -> None:
    metric = next(metric for metric in document["metrics"] if metric["id"] == score.metric)
    names = {item["id"]: item["name"] for item in metric["constraints"].get("items", ())}
    moves = list(history.explain(games.REALM, player.player_id, score.metric, score.item))
    said = told_by_events.get((score.metric, names.get(score.item, "")), {})
    for move in moves:
        if move.key in said:
            assert said[move.key] == (None if move.new is None else str(move.new))
        else:  # a bootstrap, which is silent; or a compound that is stored now and was the same before
            assert move.kind == "create" or move.amount == 0
    if score.state:
        return
    assert moves[-1].new == moves[-1].total == score.value
    for move in moves:
        steps = [(part.old, part.new) for part in move.parts]
        assert steps[-1][1] == move.new
        assert all(after == before for (_, after), (before, _) in pairwise(steps))
        for part in move.parts:
            if part.reward is not None:
                rule, reward = part.reward
                action = next(action for action in document["actions"] if action["id"] == part.id)
                assert action["rules"][rule]["rewards"][reward]["metric"]["id"] == score.metric


# --- in steps ---------------------------------------------------------------------------------------------------------


def steps(player_id: str, metric: str, item: str = "", *, calls: int, realm: Realm = games.REALM) -> list[Movement]:
    """All that the steps tell together, the oldest first."""
    found: list[Movement] = []
    before: int | None = None
    while True:
        step = history.explain_recent(realm, player_id, metric, item, before=before, calls=calls)
        assert step.looked_at <= calls
        found[:0] = step.movements
        before = step.older
        if before is None:
            return found


def check_steps(player: Player, score: Score) -> None:
    """One step over everything tells what ``explain`` tells; small ones tell it without the rewards of older calls."""
    named = player.player_id, score.metric, score.item
    told = list(history.explain(games.REALM, *named))
    assert steps(*named, calls=10_000) == told
    small = steps(*named, calls=3)
    assert [(move.key, move.old, move.new, move.amount, move.total) for move in small] == [
        (move.key, move.old, move.new, move.amount, move.total) for move in told
    ]
    for ours, theirs in zip(small, told, strict=True):
        for part, whole in zip(ours.parts, theirs.parts, strict=True):
            assert part in (whole, replace(whole, reward=None))


def test_before_a_reset_it_is_not_told_which_reward_paid(played: Realm) -> None:
    services.reset_player(played, "ines")
    with time_machine.travel(NOON, tick=False):
        services.play(played, "ines", "finish_book", {"pages": 100}, dice=always(0.9))
    told, stepped = list(history.explain(played, "ines", "xp")), steps("ines", "xp", calls=100, realm=played)
    assert [move.total for move in stepped] == [move.total for move in told]
    assert stepped[-1].parts == told[-1].parts
    assert stepped[-1].parts[0].reward is not None
    assert {part.reward for move in stepped[:-1] for part in move.parts} == {None}


def test_a_step_costs_the_same_however_long_the_log_is(played: Realm, count_queries: Any) -> None:
    def cost() -> int:
        with count_queries() as counted:
            history.explain_recent(played, "ines", "xp", calls=3)
        return len(counted)

    before = cost()
    for _ in range(5):
        services.play(played, "ines", "finish_book", {"pages": 100})
    assert cost() == before
    with pytest.raises(NotFound):
        history.explain_recent(played, "ines", "nothing")
