"""``diff``: the log under another design, with the same dice, without writing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import history, services
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.history.what_if import ScoreShift, WhatIf
from django_playlyfe.engine.models import DesignVersion
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import activation
from tests.engine.conftest import NOON
from tests.engine.services.test_undoing_in_any_history import RANK
from tests.examples import examples

from ..conftest import action, always, design, point, reward
from . import games

pytestmark = pytest.mark.django_db
RICH = {"type": "metric", "context": {"id": "coins", "type": "point", "operator": "ge", "value": "10"}}


def shop(work: str, chance: float = 1, poor: str = "9", **more: Any) -> dict[str, Any]:
    ranks = {
        "id": "ranks",
        "name": "Ranks",
        "type": "level",
        "base_metric": "coins",
        "level_metric": "rank",
        "levels": [{"rank": "poor", "threshold": poor}, {"rank": "rich", "threshold": "24"}, {"rank": "duke"}],
    }
    return design(
        metrics=[point("xp"), point("coins"), RANK],
        actions=[
            action("work", reward("coins", work, probability=chance)),
            action("buy", reward("coins", "10", "remove"), reward("xp", "1"), requires=RICH),
            action("sing", reward("xp", "1")),
        ],
        rules=[ranks],
        **more,
    )


@pytest.fixture
def realm(activated: Callable[..., Realm]) -> Iterator[Realm]:
    """Ada works twice (one of three was undone), with luck once, and buys; Bob sings; Eve does nothing."""
    realm = Realm("small")
    activation.activate(realm, shop("10", chance=0.5))
    with time_machine.travel(NOON, tick=False):
        for name in ("ada", "bob", "eve"):
            services.create_player(realm, name)
        services.play(realm, "ada", "work", dice=always(0.3))
        services.play(realm, "ada", "work", dice=always(0.6))
        services.play(realm, "ada", "work", dice=always(0.3), idempotency_key="third")
        services.undo(realm, "ada", "work", "third")
        services.play(realm, "ada", "buy")
        services.play(realm, "bob", "sing")
    return realm


def found(realm: Realm, document: dict[str, Any]) -> list[WhatIf]:
    return list(history.what_if(realm, activation.compiled(realm, document)))


def test_the_same_design_changes_nothing(realm: Realm) -> None:
    before = history.state_hash(realm)
    assert found(realm, shop("10", chance=0.5)) == [WhatIf("ada"), WhatIf("bob"), WhatIf("eve")]
    assert history.state_hash(realm) == before


def test_a_reward_that_pays_more(realm: Realm) -> None:
    ada, bob, eve = found(realm, shop("30", chance=0.5))
    assert set(ada.shifts) == {ScoreShift("coins", "", 0, 20), ScoreShift("rank", "", "poor", "rich")}
    assert (bob.shifts, eve.shifts) == ((), ())


def test_dice_are_those_that_fell(realm: Realm) -> None:
    ada, *_ = found(realm, shop("10", chance=0.7))
    assert set(ada.shifts) == {ScoreShift("coins", "", 0, 10), ScoreShift("rank", "", "poor", "rich")}
    ada, *_ = found(realm, shop("10", chance=0.2))
    assert ada.refused == {"access_denied": 1}
    assert set(ada.shifts) == {
        ScoreShift("coins", "", 0, None),
        ScoreShift("rank", "", "poor", None),
        ScoreShift("xp", "", 1, None),
    }


def test_an_action_that_is_gone_and_a_metric_that_is_new(realm: Realm) -> None:
    other = design(metrics=[point("xp"), point("fame")], actions=[action("sing", reward("fame", "5"))])
    ada, bob, _ = found(realm, other)
    assert ada.refused == {"action_not_found": 3}
    assert set(bob.shifts) == {ScoreShift("xp", "", 1, None), ScoreShift("fame", "", None, 5)}


def test_totals_count_players_and_amounts(realm: Realm) -> None:
    totals = history.Totals()
    for one in found(realm, shop("30", chance=0.5)):
        totals.add(one)
    assert (totals.players, totals.moved, totals.admitted, dict(totals.refused)) == (3, 1, 0, {})
    coins = totals.scores["coins", ""]
    assert (coins.gaining, coins.gained, coins.losing, coins.lost) == (1, 20, 0, 0)
    assert (totals.scores["rank", "rich"].gaining, totals.scores["rank", "poor"].losing) == (1, 1)


def test_the_command_prints_totals_and_players(realm: Realm, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(shop("5", chance=0.5)), encoding="utf-8")
    out = StringIO()
    call_command("playlyfe_engine_diff", str(file), "--players", stdout=out)
    assert out.getvalue().splitlines() == [
        "ada: coins 0 -> 5; xp 1 -> none; 1 refused (access_denied)",
        "1 of 3 players would have other scores.",
        "    coins: 1 would gain 5, 0 would lose 0",
        "    xp: 0 would gain 0, 1 would lose 1",
        "    1 plays would have been refused: access_denied",
    ]
    file.write_text(json.dumps({"game": {"id": "small"}, "metrics": [{}]}), encoding="utf-8")
    with pytest.raises(CommandError) as refusal:
        call_command("playlyfe_engine_diff", str(file), stderr=StringIO())
    assert refusal.value.returncode == 2


@given(st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_design_that_judged_a_game_finds_nothing_else(
    db: None, monkeypatch: pytest.MonkeyPatch, seed: int, size: int
) -> None:
    monkeypatch.setattr(KeyedDice, "__call__", games.dice_of_the_instant)
    with transaction.atomic():
        games.play(seed, size)
        for one in history.what_if(games.REALM, plan_of(DesignVersion.objects.get())):
            assert (one.shifts, one.refused, one.admitted) == ((), {}, 0)
        transaction.set_rollback(True)
