"""Designs that conflict with what players have: issues, and the fix of each (``engine.md`` §14.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.exceptions import DesignConflict
from django_playlyfe.engine.history import check
from django_playlyfe.engine.models import Call, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import resolving
from django_playlyfe.engine.versions.activation import activate, find_issues
from django_playlyfe.exceptions import InvalidRequest, NotFound
from tests.engine.conftest import action, board, design, point, reward

pytestmark = pytest.mark.django_db
SMALL = Realm("small")


def items(**maximum: str) -> dict[str, Any]:
    members = [{"id": item, "name": item.title(), "max": most} for item, most in maximum.items()]
    return {"id": "badges", "name": "Badges", "type": "set", "constraints": {"items": members}}


def states(*names: str) -> dict[str, Any]:
    members = [{"id": name, "name": name.title()} for name in names]
    return {"id": "rank", "name": "Rank", "type": "state", "constraints": {"states": members}}


def levels(*ranks: tuple[str, str] | tuple[str]) -> dict[str, Any]:
    found = [{"rank": rank[0], **({"threshold": rank[1]} if len(rank) > 1 else {})} for rank in ranks]
    return {
        "id": "up", "name": "Up", "type": "level", "base_metric": "xp", "level_metric": "rank", "levels": found,
    }  # fmt: skip


BEFORE = {
    "metrics": [
        point("xp"),
        point("coins"),
        items(owl="5", fox="5"),
        states("low", "high"),
        {"id": "worth", "name": "Worth", "type": "compound", "constraints": {"formula": "$scores['xp'] * 2"}},
    ],
    "actions": [
        action(
            "read",
            reward("xp", "60"),
            reward("coins", "5"),
            {"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"owl": "4", "fox": "2"}},
        )
    ],
    "rules": [levels(("low", "49"), ("high",))],
    "leaderboards": [board("top", "xp", cycles=["alltime", "daily"])],
}
QUIET = {"actions": [action("read", reward("xp", "60"))]}


@pytest.fixture
def ada(activated: Callable[..., Realm]) -> str:
    """Has read once; rui has done nothing."""
    realm = activated(**BEFORE)
    for player_id in ("ada", "rui"):
        services.create_player(realm, player_id)
    services.play(realm, "ada", "read")
    return "ada"


def changed(*metrics: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The design with these metrics instead of those of the same ids, and an action that pays experience alone."""
    others = {metric["id"]: metric for metric in metrics}
    kept = [others.pop(metric["id"], metric) for metric in BEFORE["metrics"]]
    return design(**{**BEFORE, **QUIET, "metrics": [*kept, *others.values()], **parts})


def without(metric_id: str, **parts: Any) -> dict[str, Any]:
    kept = [metric for metric in BEFORE["metrics"] if metric["id"] != metric_id]
    return design(**{**BEFORE, **QUIET, "metrics": kept, **parts})


def scores(player_id: str = "ada") -> dict[str, Any]:
    return {entry["metric"]["id"]: entry["value"] for entry in selectors.profile(SMALL, player_id)["scores"]}


def held(player_id: str = "ada") -> dict[str, str]:
    return {item["name"]: item["count"] for item in scores(player_id).get("badges", [])}


CONFLICTS = [
    (without("coins"), "METRIC_REMOVED", "METRIC_DESTROY"),
    (changed(items(coins="1") | {"id": "coins"}), "METRIC_TYPE_CHANGED", "METRIC_TYPE_SET"),
    (changed(point("coins", max="3")), "METRIC_POINT_MAX_LIMIT_EXCEEDED", "METRIC_POINT_MAX_LIMIT_SET"),
    (changed(point("coins", min="9", default="9")), "METRIC_POINT_MIN_LIMIT_EXCEEDED", "METRIC_POINT_MIN_LIMIT_SET"),
    (changed(items(owl="1", fox="5")), "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED", "METRIC_SET_ITEM_MAX_LIMIT_SET"),
    (changed(items(fox="5")), "METRIC_SET_ITEM_REMOVED", "METRIC_SET_ITEM_DESTROY"),
    (
        changed(states("low", "top"), rules=[levels(("low", "49"), ("top",))]),
        "METRIC_STATE_REMOVED",
        "METRIC_STATE_DESTROY",
    ),
]


@pytest.mark.parametrize(("document", "code", "fix"), CONFLICTS, ids=[code for _, code, _ in CONFLICTS])
def test_a_conflict_stops_the_activation_until_its_fix_was_applied(
    ada: str, document: dict[str, Any], code: str, fix: str
) -> None:
    before = Game.objects.get().production
    with pytest.raises(DesignConflict) as conflict:
        activate(SMALL, document)
    (issue,) = conflict.value.issues
    assert (issue["code"], issue["apply"], issue["is_resolved"], issue["vars"]["players"]) == (code, fix, False, 1)
    assert Game.objects.get().production == before
    (found,) = find_issues(SMALL, document)
    assert found.as_data() == issue
    assert resolving.resolve(SMALL, document, found) == 1
    assert find_issues(SMALL, document) == []
    assert activate(SMALL, document) != before
    calls = Call.objects.filter(kind=Call.Kind.FIX, player__isnull=False)
    assert [(call.player.player_id, call.inputs["apply"]) for call in calls if call.player] == [("ada", fix)]
    assert [result.differences for result in check(SMALL)] == [()] * 3


@pytest.mark.parametrize("document", [document for document, _, _ in CONFLICTS], ids=[code for _, code, _ in CONFLICTS])
def test_nobody_affected_is_no_issue(activated: Callable[..., Realm], document: dict[str, Any]) -> None:
    activated(**BEFORE)
    services.create_player(SMALL, "rui")
    assert find_issues(SMALL, document) == []
    activate(SMALL, document)


def test_what_is_wider_renamed_or_new_is_no_issue(ada: str) -> None:
    wider = changed(
        point("coins", min="-Infinity") | {"name": "Gold"},
        items(owl="9", fox="5", cat="1"),
        states("low", "high", "top"),
    )
    activate(SMALL, wider)
    assert held() == {"Owl": "4", "Fox": "2"}


def fixed(document: dict[str, Any], **options: Any) -> None:
    (issue,) = find_issues(SMALL, document)
    resolving.resolve(SMALL, document, issue, **options)
    activate(SMALL, document)


def test_a_removed_metric_is_dropped(ada: str) -> None:
    fixed(without("coins"))
    assert "coins" not in scores()
    activate(SMALL, design(**{**BEFORE, **QUIET}))
    assert "coins" not in scores()


def test_scores_beyond_a_limit_are_moved_to_it_and_levels_and_compounds_follow(ada: str) -> None:
    fixed(changed(point("xp", max="40"), rules=[levels(("low", "30"), ("high",))]))
    assert (scores()["xp"], scores()["worth"], scores()["rank"]["name"]) == ("40", "80", "High")
    fixed(changed(point("xp", max="20"), rules=[levels(("low", "20"), ("high",))], actions=[]))
    assert (scores()["xp"], scores()["worth"], scores()["rank"]["name"]) == ("20", "40", "Low")


def test_counts_of_a_removed_item_are_dropped_or_moved(ada: str) -> None:
    fixed(changed(items(fox="5")), to="Fox")
    assert held() == {"Fox": "5"}, "two and four are six, and five is the most"
    fixed(changed(items(cat="1")))
    assert held() == {}


def test_a_removed_state_is_moved_or_cleared_and_the_level_rule_runs_again(ada: str) -> None:
    fixed(changed(states("low", "top"), rules=[levels(("low", "49"), ("top",))]), to="low")
    assert scores()["rank"]["name"] == "Top"
    fixed(changed(states("low", "new"), rules=[]), to="low")
    assert scores()["rank"]["name"] == "Low"
    fixed(changed(states("new"), rules=[]))
    assert "rank" not in scores()


def test_a_fix_needs_a_target_that_is_there_and_a_code_of_its_own(ada: str) -> None:
    document = changed(items(fox="5"))
    (issue,) = find_issues(SMALL, document)
    for options in ({"to": "wolf"}, {"apply": "METRIC_DESTROY"}, {"apply": "METRIC_SET_ITEM_RENAME"}):
        with pytest.raises(InvalidRequest):
            resolving.resolve(SMALL, document, issue, **options)
    assert held() == {"Owl": "4", "Fox": "2"}


def test_many_players_are_fixed_in_batches(ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "BATCH", 2)
    for number in range(5):
        services.create_player(SMALL, f"p{number}")
        services.play(SMALL, f"p{number}", "read")
    document = changed(point("coins", max="3"))
    (issue,) = find_issues(SMALL, document)
    assert issue.players == 6
    assert resolving.resolve(SMALL, document, issue) == 6
    assert {scores(f"p{number}")["coins"] for number in range(5)} == {"3"}


def test_each_environment_has_its_own_issues(ada: str) -> None:
    staging = Realm("small", "staging")
    activate(staging, without("coins"))
    assert find_issues(staging, without("coins")) == []


def test_an_undone_play_before_a_fix_is_taken_back(ada: str) -> None:
    services.play(SMALL, "ada", "read", idempotency_key="second")
    fixed(changed(point("coins", max="7"), actions=[]))
    assert scores()["coins"] == "7"
    activate(SMALL, changed(point("coins", max="7")))
    services.undo(SMALL, "ada", "read", "second")
    assert scores()["coins"] == "5"
    assert all(not result.differences for result in check(SMALL))


def working(document: dict[str, Any]) -> None:
    """What is being edited, not yet in force."""
    Game.objects.update(document=document)


def test_issues_of_the_working_design_are_listed_and_resolved_by_id(ada: str) -> None:
    assert resolving.issues(SMALL) == []
    working(changed(items(fox="5")))
    (issue,) = resolving.issues(SMALL)
    assert issue == {
        "id": "production.METRIC_SET_ITEM_REMOVED.badges.owl",
        "code": "METRIC_SET_ITEM_REMOVED",
        "is_resolved": False,
        "apply": "METRIC_SET_ITEM_DESTROY",
        "vars": {"metric_design": {"id": "badges", "name": "Badges", "type": "set"}, "item": "owl", "players": 1},
    }
    resolved = resolving.resolve_issue(SMALL, issue["id"], "METRIC_SET_ITEM_RENAME", {"to": "fox"})
    assert resolved == {**issue, "is_resolved": True}
    assert resolving.issues(SMALL) == [resolved]
    assert resolving.resolve_issue(SMALL, issue["id"], issue["apply"]) == resolved
    assert held() == {"Fox": "5"}
    activate(SMALL, changed(items(fox="5")), force=True)
    assert resolving.issues(SMALL) == []


def test_an_unknown_issue_is_not_found(ada: str) -> None:
    for issue_id in ("x", "production.METRIC_REMOVED.coins"):
        with pytest.raises(NotFound) as refusal:
            resolving.resolve_issue(SMALL, issue_id, "METRIC_DESTROY")
        assert refusal.value.code == "issue_not_found"
