"""Activation: all of it or nothing, one version per document, and no edit lost."""

from __future__ import annotations

from typing import Any

import pytest

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.database.canonical import canonical, sha256
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid
from django_playlyfe.engine.models import Call, DesignVersion, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import issues
from django_playlyfe.engine.versions.activation import activate, design_in_force, preview
from tests.engine.conftest import LIBRARY_QUEST, action, always, design, point, reward

pytestmark = pytest.mark.django_db
SMALL = Realm("small")
STAGING = Realm("small", "staging")
BROKEN = design(actions=[action("read", reward("gold", "1"), rate=[1, 5, "FIXED"])])


def everything() -> tuple[Any, ...]:
    return (
        list(Game.objects.values()),
        list(DesignVersion.objects.values()),
        list(Call.objects.values()),
    )


def test_a_first_activation_makes_the_game() -> None:
    version = activate(Realm.only(), design())
    game = Game.objects.get()
    assert (game.game_id, game.title) == ("small", "Small")
    assert game.production == version
    assert game.staging is None
    assert len(game.secret) == 64
    assert version.number == 1
    assert version.sha256 == sha256(version.document) == game.activated_sha256
    assert game.document == version.document
    call = Call.objects.get()
    assert (call.kind, call.player, call.version) == ("activation", None, version)
    assert call.inputs == {"version": 1, "previous": None}


def test_the_frozen_document_is_the_canonical_one() -> None:
    version = activate(SMALL, design())
    (metric,) = version.document["metrics"]
    assert metric["constraints"] == {"min": "0", "max": "Infinity", "default": "0"}


def test_the_same_design_again_changes_nothing() -> None:
    version = activate(SMALL, design())
    before = everything()
    assert activate(SMALL, design()) == version
    assert activate(SMALL, version.document) == version
    assert everything() == before


def test_each_new_document_gets_the_next_number() -> None:
    activate(SMALL, design())
    second = activate(SMALL, design(metrics=[point("xp"), point("coins")]))
    assert second.number == 2
    assert design_in_force(SMALL) == second
    assert Call.objects.order_by("pk").last().inputs == {"version": 2, "previous": 1}  # type: ignore[union-attr] # there is one


def test_going_back_is_the_old_version_again() -> None:
    first = activate(SMALL, design())
    activate(SMALL, design(metrics=[point("xp"), point("coins")]))
    assert activate(SMALL, design()) == first
    assert DesignVersion.objects.count() == 2
    assert Call.objects.count() == 3


def test_what_was_tested_in_staging_is_what_goes_live() -> None:
    tested = activate(STAGING, design())
    assert design_in_force(SMALL) is None
    assert activate(SMALL, design()) == tested
    assert design_in_force(SMALL) == design_in_force(STAGING) == tested


@pytest.mark.parametrize(
    "document", [BROKEN, {}, [], None, "design", {"game": 3}, {"game": {"id": "a"}, "metrics": {}}]
)
@pytest.mark.parametrize("realm", [SMALL, Realm.only()])
def test_a_design_with_errors_leaves_nothing_behind(document: object, realm: Realm) -> None:
    activate(SMALL, design())
    before = everything()
    with pytest.raises(DesignInvalid) as refusal:
        activate(realm, document)
    assert refusal.value.report.problems
    assert everything() == before


def test_every_error_has_its_path_and_what_was_expected() -> None:
    with pytest.raises(DesignInvalid) as refusal:
        activate(SMALL, BROKEN)
    assert {problem.path for problem in refusal.value.report.problems} == {
        "/actions/read/rate/1",
        "/actions/read/rules/0/rewards/0/metric/id",
    }
    assert all(problem.expected for problem in refusal.value.report.problems)
    assert refusal.value.code == "validation_exception"


def test_a_failure_half_way_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    activate(SMALL, design())
    before = everything()

    def fail(at: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("django_playlyfe.engine.ledger.log.new_seed", fail)
    with pytest.raises(RuntimeError):
        activate(SMALL, design(metrics=[point("xp"), point("coins")]))
    assert everything() == before


def test_an_edited_working_design_is_not_overwritten() -> None:
    activate(SMALL, design())
    game = Game.objects.get()
    game.document["game"]["title"] = "Edited at the desk"
    game.save()
    with pytest.raises(DesignConflict, match="--force"):
        activate(SMALL, design())
    assert Game.objects.get().document["game"]["title"] == "Edited at the desk"
    activate(SMALL, design(), force=True)
    assert Game.objects.get().document["game"]["title"] == "Small"
    activate(SMALL, design())


def test_a_realm_that_names_a_game_loads_the_design_as_that_game() -> None:
    activate(Realm("mine"), design())
    assert Game.objects.get().game_id == "mine"
    assert Game.objects.get().document["game"]["id"] == "mine"
    with pytest.raises(DesignInvalid):
        activate(Realm("not an id"), design())


def test_a_preview_writes_nothing() -> None:
    report, differences = preview(SMALL, design())
    assert report.valid
    assert {difference.kind for difference in differences} == {"added"}
    assert everything() == ([], [], [])
    activate(SMALL, design())
    before = everything()
    assert preview(SMALL, design()) == (preview(SMALL, design())[0], [])
    report, differences = preview(SMALL, design(actions=[action("read", reward("xp", "11"))]))
    assert [(change.kind, change.type, change.id, change.before, change.after) for change in differences] == [
        ("changed", "actions", "read", "10", "11")
    ]
    report, differences = preview(SMALL, BROKEN)
    assert not report.valid
    assert differences == []
    assert everything() == before


def test_compiled_plans_are_kept(count_queries: Any) -> None:
    version = activate(SMALL, design())
    plan = plans.plan_of(version)
    with count_queries() as counted:
        assert plans.plan_of(DesignVersion(pk=version.pk, sha256=version.sha256)) is not None
        assert plans.plan_of(version) is plan
    assert len(counted) <= 1


def test_the_order_of_keys_plays_no_part() -> None:
    assert canonical({"b": [1, {"d": 1, "c": "ü"}], "a": None}) == '{"a":null,"b":[1,{"c":"ü","d":1}]}'
    assert sha256({"a": 1, "b": 2}) == sha256({"b": 2, "a": 1})


def test_the_library_quest_is_activated_whole() -> None:
    version = activate(Realm.only(), LIBRARY_QUEST)
    assert {key: len(version.document[key]) for key in ("teams", "processes", "leaderboards")} == {
        "teams": 1,
        "processes": 1,
        "leaderboards": 4,
    }


def test_reads_survive_a_design_that_lost_what_players_hold(quest: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if everything had been played between the look for issues and the activation.
    monkeypatch.setattr(issues, "find", lambda *_: [])
    services.create_player(quest, "ines")
    for number in range(5):
        services.play(quest, "ines", "finish_book", {"pages": 600}, idempotency_key=str(number), dice=always(0.5))
    smaller = design(metrics=[point("coins")], actions=[action("rest", reward("coins", "1"))], leaderboards=[])
    activate(quest, smaller)
    assert selectors.profile(quest, "ines", detailed=True)["scores"] == [
        {"metric": {"id": "coins", "name": "Coins", "type": "point"}, "value": "0"}
    ]
    assert [entry["id"] for entry in selectors.actions(quest, "ines")] == ["rest"]
    assert len(selectors.activity(quest, "ines")) == 7
    assert len(selectors.game_activity(quest)) == 2
    assert len(selectors.results_after(quest, "ines", 0)) == 5
    services.play(quest, "ines", "rest")
    services.undo(quest, "ines", "finish_book", "0")
    activate(quest, LIBRARY_QUEST)
    scores = {entry["metric"]["id"]: entry["value"] for entry in selectors.profile(quest, "ines")["scores"]}
    assert scores["xp"] == "240"
