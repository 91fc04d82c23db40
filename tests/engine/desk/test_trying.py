"""A play that is tried: judged like a real one, on what the player has, and nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.admin.desk.trying import Trial
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.models import Call, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing
from tests.engine.desk.conftest import Designer

pytestmark = pytest.mark.django_db
REALM = Realm("library_quest")


@pytest.fixture
def tester(quest: Realm, person: Callable[..., Designer]) -> Designer:
    return person("view_game", "view_player")


def tried(designer: Designer, **fields: Any) -> Any:
    return designer.get("try", **{"design": "draft", "environment": "production", "seed": "a", **fields})


def outcome(page: Any) -> Trial:
    trial = page.context["trial"]
    assert isinstance(trial, Trial), page.context["form"].errors
    return trial


@pytest.mark.usefixtures("noon")
def test_it_tells_what_a_real_play_then_does(tester: Designer) -> None:
    services.create_player(REALM, "ines")
    services.play(REALM, "ines", "finish_book", {"pages": 70})
    page = tried(tester, player="ines", action="finish_book", **{"var-pages": "600", "var-genre": "history"})
    told = outcome(page)
    dice = KeyedDice("", uuid.uuid5(uuid.NAMESPACE_OID, "a"))
    recorded = services.play(REALM, "ines", "finish_book", {"pages": 600, "genre": "history"}, dice=dice)
    real = [event["event"] for event in [*recorded.events["local"], *recorded.events["global"]]]
    assert [event for event, _changes in told.events] == real
    by_name = {name: after for name, _item, _before, after in told.scores}
    scores = Score.objects.filter(player__player_id="ines")
    assert by_name["Experience"] == scores.get(metric="xp").value == 7 + 60 + 25
    assert by_name["Rank"] == scores.get(metric="rank").state == "reader"
    assert told.count == (1, 2)


@pytest.mark.usefixtures("noon")
def test_nothing_is_written(tester: Designer, count_queries: Any) -> None:
    services.create_player(REALM, "ines")
    for player in ("ines", ""):
        with count_queries() as counted:
            assert outcome(tried(tester, player=player, action="finish_book", **{"var-pages": "600"}))
        assert [query for query in counted if not query.startswith("SELECT")] == []
        assert len(counted) <= 9
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == 0


def test_somebody_new_begins_with_what_the_design_gives(tester: Designer) -> None:
    editing.replace_bootstrap(
        REALM, {"scores": [{"metric": {"id": "xp", "type": "point"}, "verb": "set", "value": "40"}]}
    )
    told = outcome(tried(tester, action="finish_book", **{"var-pages": "100"}))
    assert ("Experience", "", 40, 50) in told.scores
    assert Player.objects.filter(player_id="").count() == 0


def test_the_working_design_and_the_one_in_force_judge_each_by_itself(tester: Designer) -> None:
    reward = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "1000"}
    editing.update(REALM, "actions", "finish_book", {"rules": [{"rewards": [reward]}], "rate": [5, 60000]})
    fields = {"action": "finish_book", "var-pages": "100"}
    assert ("Experience", "", 0, 1000) in outcome(tried(tester, **fields)).scores
    assert ("Experience", "", 0, 10) in outcome(tried(tester, **{**fields, "design": "production"})).scores


def test_the_same_seed_rolls_the_same_dice(tester: Designer) -> None:
    fields = {"action": "finish_book", "var-pages": "10"}
    rolls = [outcome(tried(tester, **fields, seed=seed)).rolls for seed in ("a", "a", "b")]
    assert rolls[0] == rolls[1] != rolls[2]
    about, number, chance, won = rolls[0][0]
    assert (about, chance, won) == ("coins +5 (0.2)", 0.2, number < 0.2)


def test_conditions_are_looked_at_at_the_time_that_was_given(tester: Designer) -> None:
    fields = {"action": "finish_book", "var-pages": "10"}
    late = outcome(tried(tester, **fields, at="2024-03-05T22:30"))
    early = outcome(tried(tester, **fields, at="2024-03-05T12:30"))
    assert [held for _said, _condition, held in late.groups] == [True, False, True]
    assert [held for _said, _condition, held in early.groups] == [True, False, False]
    assert "night_owl" in {item for _name, item, _before, _after in late.scores}


def test_a_refusal_is_told(tester: Designer) -> None:
    told = outcome(tried(tester, action="buy_bookmark"))
    assert told.refused == "The action is open only to players with: coins is at least 20."


def test_a_missing_variable_is_told_at_its_field(tester: Designer) -> None:
    page = tried(tester, action="finish_book", **{"var-pages": "many"})
    assert page.context["trial"] is None
    assert page.context["form"].errors == {"var-pages": ["pages should be an integer"]}


def test_a_player_that_there_is_not_has_neighbours(tester: Designer) -> None:
    for number in range(20):
        services.create_player(REALM, f"ines{number:02}")
    page = tried(tester, player="ines", action="buy_bookmark")
    assert b"There is no such player." in page.content
    assert page.context["suggestions"] == [f"ines{number:02}" for number in range(8)]


def test_who_may_not_look_at_players_tries_with_somebody_new(quest: Realm, person: Callable[..., Designer]) -> None:
    services.create_player(REALM, "ines")
    reader = person("view_game")
    fields = {"action": "finish_book", "var-pages": "10"}
    assert b"You may not look at players." in tried(reader, player="ines", **fields).content
    assert outcome(tried(reader, **fields)).scores


def test_a_design_with_errors_judges_nothing(tester: Designer) -> None:
    editing.delete(REALM, "metrics", "xp")
    page = tried(tester, action="finish_book", **{"var-pages": "10"})
    assert b"This design has errors" in page.content


@pytest.mark.usefixtures("noon")
def test_what_was_paid_once_is_not_paid_again(tester: Designer) -> None:
    xp = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "50"}
    design = {"rules": [{"once": "player", "rewards": [xp]}], "rate": [50, 60000]}
    editing.update(REALM, "actions", "finish_book", design)
    editing.activate_working_design(REALM)
    services.create_player(REALM, "ines")
    fields = {"player": "ines", "action": "finish_book", "var-pages": "10"}
    assert ("Experience", "", 0, 50) in outcome(tried(tester, **fields)).scores
    services.play(REALM, "ines", "finish_book", {"pages": 10})
    assert "Experience" not in [name for name, *_rest in outcome(tried(tester, **fields)).scores]


def test_nonsense_is_told_and_harmless(tester: Designer) -> None:
    for fields in ({"count": "0"}, {"at": "tomorrow"}, {"action": "x"}, {"design": "x"}, {"environment": "moon"}):
        assert tried(tester, **{"action": "finish_book", "var-pages": "1", **fields}).status_code == 200
