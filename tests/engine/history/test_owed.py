"""Retroactive award: previewed, then given by one marked call per player; the second time nothing is owed."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from django_playlyfe.engine import history, selectors, services
from django_playlyfe.engine.history.what_if import ScoreShift, WhatIf
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import activation
from django_playlyfe.engine.versions.activation import activate, compiled
from tests.engine.conftest import NOON

from ..conftest import action, design, point, reward

pytestmark = pytest.mark.django_db
REALM = Realm("small")
BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {
        "items": [
            {"id": "rich", "name": "Rich", "hidden": True},
            {"id": "noble", "name": "Noble"},
            {"id": "gift", "name": "Gift"},
        ]
    },
}
RANK = {
    "id": "rank",
    "name": "Rank",
    "type": "state",
    "constraints": {"states": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}]},
}
LEVELS = {
    "id": "levels",
    "name": "Levels",
    "type": "level",
    "base_metric": "coins",
    "level_metric": "rank",
    "levels": [{"rank": "low", "threshold": "9"}, {"rank": "high"}],
}


def award(item: str, requires: dict[str, Any]) -> dict[str, Any]:
    achievement = {"metric": {"id": "badges"}, "items": [{"key": item, "value": "1"}]}
    return {
        "id": item,
        "name": item.title(),
        "type": "achievement",
        "achievement": achievement,
        "requires": requires,
    }


def has(metric: str, kind: str, value: str, **more: str) -> dict[str, Any]:
    return {"type": "metric", "context": {"id": metric, "type": kind, "operator": "ge", "value": value, **more}}


RULES = [
    LEVELS,
    award("noble", has("badges", "set", "1", item="rich")),
    award("rich", has("coins", "point", "30")),
    award("gift", {"type": "action", "context": {"id": "give", "operator": "ge", "value": "2"}}),
]


def world(rules: list[dict[str, Any]]) -> dict[str, Any]:
    take = {"metric": {"id": "badges", "type": "set"}, "verb": "remove", "value": {"rich": "1"}}
    return design(
        metrics=[point("coins"), BADGES, RANK],
        actions=[
            action("work", reward("coins", "10")),
            action("give", reward("coins", "10", "remove")),
            action("ruin", take, reward("coins", "0", "set")),
        ],
        rules=rules,
        leaderboards=[],
    )


@pytest.fixture
def realm(db: None) -> Realm:
    """Before there were rules: Ada had 30 coins and gave two times; Bob has 10; Eve did nothing."""
    activate(REALM, world([]))
    with time_machine.travel(NOON, tick=False):
        for name in ("ada", "bob", "eve"):
            services.create_player(REALM, name)
        for name in ("work", "work", "work", "give", "give", "give"):
            services.play(REALM, "ada", name, idempotency_key=f"{name}{Call.objects.count()}")
        services.play(REALM, "bob", "work")
    return REALM


def owed() -> list[WhatIf]:
    return list(history.owed(REALM, compiled(REALM, world(RULES))))


ADA = {
    ScoreShift("badges", "rich", None, 1),
    ScoreShift("badges", "noble", None, 1),
    ScoreShift("badges", "gift", None, 1),
    ScoreShift("rank", "", None, "low"),
}


def test_the_preview_says_who_gains_what_and_writes_nothing(realm: Realm) -> None:
    before = history.state_hash(realm)
    ada, bob, eve = owed()
    assert set(ada.shifts) == ADA
    assert (bob.shifts, eve.shifts) == ((ScoreShift("rank", "", None, "high"),), ())
    assert history.state_hash(realm) == before


def test_it_is_given_by_one_marked_call_and_only_once(realm: Realm) -> None:
    activate(realm, world(RULES))
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        recorded = services.award(realm, "ada")
        assert recorded is not None
        events = recorded.events["global"]
        assert [(event["event"], event["rule"]["id"]) for event in events] == [
            ("level", "levels"),
            ("achievement", "noble"),
            ("achievement", "rich"),
            ("achievement", "gift"),
        ]
        assert all(event["retroactive"] is True for event in events)
        assert services.award(realm, "ada") is None
        assert services.award(realm, "eve") is None
        assert Call.objects.filter(kind="award").count() == 1
        assert owed()[0].shifts == ()
        assert [event["rule"]["id"] for event in selectors.game_activity(realm)] == ["levels", "noble", "rich", "gift"]
    assert [checked for checked in history.check(realm) if checked.differences] == []
    ada, *_ = history.what_if(realm, compiled(realm, world(RULES)))
    assert ada.shifts == ()


def test_what_was_earned_and_lost_is_not_owed_again(realm: Realm) -> None:
    activate(realm, world(RULES))
    services.award(realm, "ada")
    services.play(realm, "ada", "ruin")
    assert owed()[0].shifts == ()


def test_a_reset_ends_what_was_before(realm: Realm) -> None:
    activate(realm, world(RULES))
    services.reset_player(realm, "ada")
    assert owed()[0].shifts == ()


def test_a_play_that_counts_no_more_earns_nothing(realm: Realm) -> None:
    first = Call.objects.filter(action="work").order_by("pk")[0]
    services.undo(realm, "ada", "work", str(first.idempotency_key))
    assert set(owed()[0].shifts) == {ScoreShift("badges", "gift", None, 1), ScoreShift("rank", "", None, "low")}


def test_an_activation_gives_what_it_owes_if_asked(realm: Realm) -> None:
    totals = history.Totals()
    for one in activation.owed(realm, world(RULES)):
        totals.add(one)
    assert (totals.players, totals.moved) == (3, 2)
    assert Call.objects.filter(kind="award").count() == 0
    version = activate(realm, world(RULES), award=True)
    assert [call.player.player_id for call in Call.objects.filter(kind="award") if call.player] == ["ada", "bob"]
    assert activate(realm, world(RULES), award=True) == version
    assert Call.objects.filter(kind="award").count() == 2
    assert list(activation.owed(Realm("nowhere"), world(RULES))) == []


def test_the_load_command_shows_it_first(realm: Realm, tmp_path: Path) -> None:
    file = tmp_path / "game.json"
    file.write_text(json.dumps(world(RULES)))

    def run(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("playlyfe_engine_load", str(file), "--award", *arguments, stdout=out)
        return out.getvalue().splitlines()

    shown = run("--check")
    assert "2 of 3 players are owed something." in shown
    assert "  badges rich: 1 gain 1, 0 lose 0" in shown
    assert not Call.objects.filter(kind="award").exists()
    assert run()[-1] == "2 players were given what they were owed."
    assert run()[-1] == "0 players were given what they were owed."


def test_an_undo_takes_back_what_was_awarded_for_the_play(realm: Realm) -> None:
    activate(realm, world(RULES))
    first = Call.objects.filter(action="work").order_by("pk")[0]
    services.award(realm, "ada")
    services.undo(realm, "ada", "work", str(first.idempotency_key))
    award = Call.objects.get(kind="award")
    assert [event["body"]["rule"]["id"] for event in award.events] == ["levels", "gift"]
    assert award.inputs == {"rules": ["gift"]}
    assert [event["rule"]["id"] for event in selectors.game_activity(realm)] == ["levels", "gift"]
    assert [checked for checked in history.check(realm) if checked.differences] == []
    assert owed()[0].shifts == ()


def test_the_command_previews_then_applies(realm: Realm) -> None:
    activate(realm, world(RULES))

    def run(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("playlyfe_engine_award", *arguments, stdout=out)
        return out.getvalue().splitlines()

    preview = run()
    assert "ada: badges rich none -> 1" in preview
    assert preview[-1] == "2 players are owed something."
    assert not Call.objects.filter(kind="award").exists()
    assert run("--apply")[-1] == "2 players were given what they were owed."
    assert run() == ["0 players are owed something."]
