"""The design API (``engine.md`` §14.1, §15)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.design.components import SINGULAR
from django_playlyfe.engine.models import DesignVersion, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth.access import SCOPES
from django_playlyfe.engine.versions.activation import activate

from ..conftest import LIBRARY_QUEST
from .conftest import Api, error, problems

ROOT = "/design/versions/latest"
POINT = {"id": "pages", "name": "Pages", "type": "point"}
ACTION: dict[str, Any] = {"id": "nap", "name": "Take a nap", "requires": {}, "rules": [], "variables": []}


@pytest.fixture
def desk(enter: Any) -> Api:
    """A client that edits the design and looks at the game."""
    api: Api = enter(list(SCOPES), "ines")
    return api


def test_lists_show_ids_and_names_in_design_order(desk: Api) -> None:
    assert desk.get(f"{ROOT}/metrics").json() == [
        {"id": "xp", "name": "Experience"},
        {"id": "coins", "name": "Coins"},
        {"id": "badges", "name": "Badges"},
        {"id": "rank", "name": "Rank"},
        {"id": "impact", "name": "Impact"},
    ]
    desk.post(f"{ROOT}/metrics", POINT)
    assert desk.get(f"{ROOT}/metrics").json()[-1] == {"id": "pages", "name": "Pages"}


@pytest.mark.parametrize("kind", list(SINGULAR))
def test_every_type_can_be_listed_and_read_whole(desk: Api, kind: str) -> None:
    for entry in desk.get(f"{ROOT}/{kind}").json():
        whole = desk.get(f"{ROOT}/{kind}/{entry['id']}").json()
        assert entry.items() <= whole.items()
        assert len(whole) > 3


def test_fields_are_dotted_paths(desk: Api) -> None:
    fields = "id,constraints.items.id,constraints.items.max,constraints.max_items,constraints.nothing,tags"
    shown = {entry["id"]: entry for entry in desk.get(f"{ROOT}/metrics?fields={fields}").json()}
    assert shown["badges"] == {
        "id": "badges",
        "constraints": {
            "items": [{"id": "bookworm", "max": "1"}, {"id": "night_owl", "max": "1"}, {"id": "bookmark", "max": "5"}],
            "max_items": "Infinity",
        },
    }
    assert shown["xp"] == {"id": "xp", "tags": ["core"]}
    boards = desk.get(f"{ROOT}/leaderboards?fields=metric.id").json()
    assert boards[0] == {"metric": {"id": "xp"}}
    rewards = desk.get(f"{ROOT}/actions?fields=rules.rewards.verb").json()
    assert rewards[1] == {"rules": [{"rewards": [{"verb": "remove"}, {"verb": "add"}]}]}


def test_tags_filter_a_list(desk: Api) -> None:
    assert desk.get(f"{ROOT}/metrics?tags=core").json() == [{"id": "xp", "name": "Experience"}]
    assert desk.get(f"{ROOT}/metrics?tags=nothing,core").json() == [{"id": "xp", "name": "Experience"}]
    assert desk.get(f"{ROOT}/rules?tags=weekly&fields=id").json() == [{"id": "weekly_target"}]
    assert desk.get(f"{ROOT}/rules?tags=core").json() == []


def test_a_draft_that_is_not_there_is_the_saved_component(desk: Api) -> None:
    assert desk.get(f"{ROOT}/metrics/xp?source=stash").json() == desk.get(f"{ROOT}/metrics/xp").json()
    assert desk.get(f"{ROOT}/teams?source=stash").json() == [{"id": "book_club", "name": "Book club"}]
    assert problems(desk.get(f"{ROOT}/metrics?source=attic")) == [("/source", "ENUM_MISMATCH")]


@pytest.mark.parametrize(
    ("kind", "body", "filled"),
    [
        ("metrics", POINT, {"constraints": {"min": "0", "max": "Infinity", "default": "0"}}),
        (
            "metrics",
            {"id": "shelf", "name": "Shelf", "type": "set", "constraints": {"items": [{"name": "Red book", "max": 2}]}},
            {"image": "default-set-metric"},
        ),
        ("actions", ACTION, {"probability": 1, "image": "default-set-action"}),
        (
            "leaderboards",
            {
                "id": "rich",
                "name": "Rich",
                "entity_type": "players",
                "scope": {"type": "game"},
                "metric": {"id": "coins", "type": "point"},
            },
            {"cycles": ["alltime"], "type": "regular"},
        ),
        (
            "teams",
            {
                "id": "choir",
                "name": "Choir",
                "permissions": [["Singer", {}]],
                "settings": {"access": ["PUBLIC"]},
                "_hues": {"Singer": 120},
            },
            {"_hues": {"Singer": 120}, "creator_roles": []},
        ),
    ],
)
def test_a_new_component_comes_back_with_its_defaults(
    desk: Api, kind: str, body: dict[str, Any], filled: dict[str, Any]
) -> None:
    created = desk.post(f"{ROOT}/{kind}", body)
    assert created.status_code == 200
    assert filled.items() <= created.json().items()
    assert desk.get(f"{ROOT}/{kind}/{body['id']}").json() == created.json()
    if body["id"] == "shelf":
        assert created.json()["constraints"]["items"][0]["id"] == "red_book"
        assert created.json()["constraints"]["items"][0]["max"] == "2"


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        ("metrics", {"id": "pages"}, ("/metrics/pages", "OBJECT_MISSING_REQUIRED_PROPERTY")),
        ("metrics", {"id": "a b", "name": "x", "type": "point"}, ("/metrics/a b/id", "PATTERN")),
        ("metrics", {**POINT, "type": "line"}, ("/metrics/pages/type", "ENUM_MISMATCH")),
        ("metrics", {**POINT, "colour": "red"}, ("/metrics/pages/colour", "OBJECT_ADDITIONAL_PROPERTIES")),
        (
            "metrics",
            {"id": "c", "name": "C", "type": "compound", "constraints": {"formula": "$scores['nothing'] + 1"}},
            ("/metrics/c/constraints/formula", "REFERENCE_NOT_FOUND"),
        ),
        (
            "metrics",
            {"id": "c", "name": "C", "type": "compound", "constraints": {"formula": "1 +"}},
            ("/metrics/c/constraints/formula", "EXPRESSION_SYNTAX"),
        ),
        (
            "metrics",
            {"id": "s", "name": "S", "type": "set", "constraints": {"items": [{"name": "A b"}, {"name": "a_b"}]}},
            ("/metrics/s/constraints/items/1/id", "ARRAY_UNIQUE"),
        ),
        ("actions", {**ACTION, "requires": []}, ("/actions/nap/requires", "INVALID_TYPE")),
        ("actions", {**ACTION, "rules": {}}, ("/actions/nap/rules", "INVALID_TYPE")),
    ],
)
def test_shapes_and_expressions_are_checked_when_written(
    desk: Api, kind: str, body: dict[str, Any], found: tuple[str, str]
) -> None:
    before = Game.objects.get().document
    response = desk.post(f"{ROOT}/{kind}", body)
    assert found in problems(response)
    assert response.json()["data"]["data"] == body
    assert Game.objects.get().document == before


def test_references_are_not_checked_when_written(desk: Api) -> None:
    reward = {"metric": {"id": "later", "type": "point"}, "verb": "add", "value": "1"}
    body = {**ACTION, "rules": [{"requires": {}, "rewards": [reward]}]}
    assert desk.post(f"{ROOT}/actions", body).status_code == 200
    assert desk.delete(f"{ROOT}/metrics/coins").status_code == 200  # in use by actions


@pytest.mark.parametrize(
    ("path", "changes", "found"),
    [
        (
            "metrics/coins",
            {"constraints": {"min": "0", "max": "5", "default": "9"}},
            ("/metrics/coins/constraints/default", "MAXIMUM"),
        ),
        ("metrics/xp", {"constraints": {"max": "60"}}, ("/rules/ranking_up/levels/1/threshold", "MAXIMUM")),
        (
            "rules/ranking_up",
            {"levels": [{"rank": "visitor", "threshold": "-5"}, {"rank": "reader"}]},
            ("/rules/ranking_up/levels/0/threshold", "MINIMUM"),
        ),
        (
            "metrics/impact",
            {"constraints": {"formula": "$scores['impact'] + 1"}},
            ("/metrics/impact/constraints/formula", "REFERENCE_CYCLE"),
        ),
        (
            "metrics/impact",
            {"constraints": {"formula": "$scores['rank'] + 1"}},
            ("/metrics/impact/constraints/formula", "REFERENCE_TYPE_MISMATCH"),
        ),
        (
            "metrics/impact",
            {"constraints": {"formula": "$scores['badges']['to_come']"}},
            ("/metrics/impact/constraints/formula", "REFERENCE_NOT_FOUND"),
        ),
        (
            "metrics/impact",
            {"constraints": {"formula": "$vars['pages']"}},
            ("/metrics/impact/constraints/formula", "REFERENCE_NOT_FOUND"),
        ),
        ("actions/finish_book", {"rate": [51, 86400000, "ROLLING"]}, ("/actions/finish_book/rate/0", "MAXIMUM")),
    ],
)
def test_what_hangs_together_is_checked_at_the_activation(
    desk: Api, path: str, changes: dict[str, Any], found: tuple[str, str]
) -> None:
    """So that two changes can be made one after the other, in any order."""
    assert desk.patch(f"{ROOT}/{path}", changes).status_code == 200
    assert found in problems(desk.post(f"{ROOT}/simulate"))


def test_limits_of_expressions_are_checked_when_written(desk: Api) -> None:
    def compound(name: str, formula: str) -> Any:
        body = {"id": name, "name": name, "type": "compound", "constraints": {"formula": formula}}
        return desk.post(f"{ROOT}/metrics", body)

    for wrong in ("1" + " + 1" * 600, "(" * 51 + "1" + ")" * 51):
        assert problems(compound("c1", wrong)) == [("/metrics/c1/constraints/formula", "EXPRESSION_SYNTAX")]
    names = ["impact", *(f"c{depth}" for depth in range(2, 18))]
    answers = [compound(name, f"$scores['{below}'] + 1") for below, name in pairwise(names)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert problems(answers[-1]) == [("/metrics/c17/constraints/formula", "MAXIMUM")]


@pytest.mark.parametrize("kind", list(SINGULAR))
def test_an_id_is_used_once(desk: Api, kind: str) -> None:
    taken = LIBRARY_QUEST[kind][0]
    response = desk.post(f"{ROOT}/{kind}", taken)
    assert error(response) == (409, f"{SINGULAR[kind]}_exists")


def test_a_change_replaces_top_level_keys_and_leaves_the_others(desk: Api) -> None:
    changed = desk.patch(f"{ROOT}/metrics/xp", {"name": "XP", "constraints": {"max": "10"}, "_errors": [1]}).json()
    assert changed["name"] == "XP"
    assert changed["description"] == "Reading experience"
    assert changed["constraints"] == {"min": "0", "max": "10", "default": "0"}
    assert desk.get(f"{ROOT}/metrics/xp").json() == changed
    assert desk.get(f"{ROOT}/metrics").json()[0]["id"] == "xp"
    assert desk.patch(f"{ROOT}/metrics/xp", {"type": "point"}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"id": "xp"}, ("/metrics/xp/id", "OBJECT_ADDITIONAL_PROPERTIES")),
        ({"type": "set"}, ("/metrics/xp/type", "ENUM_MISMATCH")),
        ({"colour": "red"}, ("/metrics/xp/colour", "OBJECT_ADDITIONAL_PROPERTIES")),
        ({"constraints": []}, ("/metrics/xp/constraints", "INVALID_TYPE")),
    ],
)
def test_a_change_is_checked_too(desk: Api, changes: dict[str, Any], found: tuple[str, str]) -> None:
    before = Game.objects.get().document
    assert found in problems(desk.patch(f"{ROOT}/metrics/xp", changes))
    assert Game.objects.get().document == before


@pytest.mark.parametrize("kind", ["actions", "teams", "processes"])
def test_only_what_has_a_type_may_repeat_it(desk: Api, kind: str) -> None:
    known = LIBRARY_QUEST[kind][0]["id"]
    response = desk.patch(f"{ROOT}/{kind}/{known}", {"type": "point"})
    assert (f"/{kind}/{known}/type", "OBJECT_ADDITIONAL_PROPERTIES") in problems(response)
    for typed in ("metrics", "rules"):
        entry = LIBRARY_QUEST[typed][0]
        path = f"{ROOT}/{typed}/{entry['id']}"
        assert desk.patch(path, {"type": entry["type"], "name": "New"}).json()["name"] == "New"


@pytest.mark.parametrize("kind", list(SINGULAR))
def test_a_component_goes_with_a_message(desk: Api, kind: str) -> None:
    gone = LIBRARY_QUEST[kind][0]["id"]
    response = desk.delete(f"{ROOT}/{kind}/{gone}")
    assert response.json() == {"message": f"The {SINGULAR[kind]} '{gone}' has been deleted successfully"}
    for method in ("GET", "DELETE", "PATCH"):
        missing = desk(method, f"{ROOT}/{kind}/{gone}", {} if method == "PATCH" else None)
        assert error(missing) == (404, f"{SINGULAR[kind]}_not_found")


def test_nothing_that_is_edited_has_an_effect_until_it_is_activated(desk: Api, quest: Realm) -> None:
    services.create_player(quest, "ines")
    desk.post(f"{ROOT}/actions", ACTION)
    assert error(desk.post("/runtime/actions/nap/play")) == (404, "action_not_found")
    assert desk.post(f"{ROOT}/deploy").json() == {"message": "The design has been deployed successfully"}
    assert desk.post("/runtime/actions/nap/play").status_code == 200


def test_simulating_is_for_staging_and_a_test_client_deploys_there(desk: Api, enter: Any, quest: Realm) -> None:
    desk.post(f"{ROOT}/actions", ACTION)
    assert desk.post(f"{ROOT}/simulate").json() == {"message": "The design has been simulated successfully"}
    game = Game.objects.get()
    assert game.staging is not None
    assert game.production is not None
    assert game.staging.number == game.production.number + 1
    tester = enter(list(SCOPES), environment="staging")
    tester.patch(f"{ROOT}/actions/nap", {"name": "Sleep"})
    tester.post(f"{ROOT}/deploy")
    game.refresh_from_db()
    assert (game.staging.number, game.production.number) == (3, 1)


def test_frozen_versions_are_read_and_never_written(desk: Api) -> None:
    desk.patch(f"{ROOT}/metrics/xp", {"name": "XP"})
    desk.post(f"{ROOT}/deploy")
    assert desk.get("/design/versions/1/metrics/xp").json()["name"] == "Experience"
    assert desk.get("/design/versions/2/metrics/xp").json()["name"] == "XP"
    for method, path in (("POST", "metrics"), ("PATCH", "metrics/xp"), ("DELETE", "metrics/xp"), ("PUT", "bootstrap")):
        assert error(desk(method, f"/design/versions/1/{path}", {})) == (403, "forbidden")
    for path in ("simulate", "deploy"):
        assert error(desk.post(f"/design/versions/1/{path}")) == (403, "forbidden")
    assert DesignVersion.objects.get(number=1).document["metrics"][0]["name"] == "Experience"


@pytest.mark.parametrize("version", ["3", "0", "first", "1.0", "9" * 30, "%D9%A3"])
def test_other_versions_do_not_exist(desk: Api, version: str) -> None:
    assert error(desk.get(f"/design/versions/{version}/metrics")) == (404, "route_not_found")
    assert error(desk.delete(f"/design/versions/{version}/metrics/xp")) == (404, "route_not_found")


def test_a_frozen_version_of_another_game_is_not_shown(desk: Api) -> None:
    activate(Realm("other"), {"game": {"id": "other"}})
    activate(Realm("other"), {"game": {"id": "other"}, "metrics": [POINT]}, force=True)
    assert DesignVersion.objects.filter(number=2).count() == 1
    assert error(desk.get("/design/versions/2/metrics")) == (404, "route_not_found")


def test_what_is_wrong_is_noted_in_the_components_and_on_the_game(desk: Api) -> None:
    desk.delete(f"{ROOT}/metrics/coins")
    before = Game.objects.get().production
    response = desk.post(f"{ROOT}/deploy")
    found = problems(response)
    assert ("/actions/finish_book/rules/0/rewards/1/metric/id", "REFERENCE_NOT_FOUND") in found
    noted = desk.get(f"{ROOT}/actions/finish_book").json()["_errors"]
    assert [(problem["path"], problem["code"]) for problem in noted] == [
        entry for entry in found if entry[0].startswith("/actions/finish_book/")
    ]
    game = Game.objects.get()
    assert game.production == before
    summary = {problem["path"]: problem["code"] for problem in game.document["game"]["_errors"]}
    assert summary["/actions/finish_book"] == "NOT_PASSED"
    assert "_errors" not in desk.get(f"{ROOT}/metrics/xp").json()


def test_a_component_that_was_mended_has_no_known_problems(desk: Api) -> None:
    desk.post(
        f"{ROOT}/leaderboards",
        {**LIBRARY_QUEST["leaderboards"][0], "id": "odd", "metric": {"id": "nothing", "type": "point"}},
    )
    assert error(desk.post(f"{ROOT}/simulate")) == (400, "validation_exception")
    assert desk.get(f"{ROOT}/leaderboards/odd").json()["_errors"]
    (shown,) = desk.get(f"{ROOT}/leaderboards?fields=_errors.code,_errors.path").json()[-1].values()
    assert shown[0] == {"code": "REFERENCE_NOT_FOUND", "path": "/leaderboards/odd/metric/id"}
    mended = desk.patch(f"{ROOT}/leaderboards/odd", {"metric": {"id": "xp", "type": "point"}}).json()
    assert "_errors" not in mended
    assert Game.objects.get().document["game"]["_errors"] == []
    assert desk.post(f"{ROOT}/simulate").status_code == 200
    assert "_errors" not in Game.objects.get().document["game"]


def test_the_bootstrap_is_read_and_replaced_whole(desk: Api) -> None:
    assert desk.get(f"{ROOT}/bootstrap").json()["scores"][0]["value"] == "0"
    gift = {"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": 5}
    replaced = desk("PUT", f"{ROOT}/bootstrap", {"scores": [gift]}).json()
    assert replaced["scores"][0]["value"] == "5"
    assert (replaced["processes"], replaced["teams"]) == ([], [])
    assert desk.get(f"{ROOT}/bootstrap").json() == replaced
    assert desk.get("/design/versions/1/bootstrap").json()["scores"][0]["value"] == "0"
    wrong = desk("PUT", f"{ROOT}/bootstrap", {"scores": {}})
    assert problems(wrong) == [("/bootstrap/scores", "INVALID_TYPE")]
    wrong = desk("PUT", f"{ROOT}/bootstrap", {"scores": [{**gift, "value": "5 +"}]})
    assert problems(wrong) == [("/bootstrap/scores/0/value", "EXPRESSION_SYNTAX")]
    assert desk.get(f"{ROOT}/bootstrap").json() == replaced
    later = [{**gift, "metric": {"id": "later", "type": "point"}}]
    assert desk("PUT", f"{ROOT}/bootstrap", {"scores": later}).status_code == 200  # checked at the activation
    assert desk("PUT", f"{ROOT}/bootstrap", {"scores": [gift]}).json() == replaced
    desk.post(f"{ROOT}/deploy")
    desk.post("/admin/players", {"id": "rui"})
    scores = {score["metric"]["id"]: score["value"] for score in desk.get("/admin/players/rui").json()["scores"]}
    assert scores["coins"] == "5"


def test_a_fix_may_move_what_players_have(desk: Api) -> None:
    owl = {"metric": {"id": "badges", "type": "set"}, "verb": "set", "value": {"night_owl": "1"}}
    desk.post("/admin/players", {"id": "rui"})
    desk.patch("/admin/players/rui/scores", {"rewards": [owl]})
    badges = desk.get(f"{ROOT}/metrics/badges").json()
    kept = [item for item in badges["constraints"]["items"] if item["id"] != "night_owl"]
    desk.patch(f"{ROOT}/metrics/badges", {"constraints": {**badges["constraints"], "items": kept}})
    action = desk.get(f"{ROOT}/actions/finish_book").json()
    desk.patch(f"{ROOT}/actions/finish_book", {"rules": action["rules"][:2]})
    (issue,) = desk.post(f"{ROOT}/deploy").json()
    assert (issue["code"], issue["apply"]) == ("METRIC_SET_ITEM_REMOVED", "METRIC_SET_ITEM_DESTROY")
    path, rename = f"/design/issues/{issue['id']}", {"apply": "METRIC_SET_ITEM_RENAME"}
    for wrong in ({}, {"vars": []}, {"vars": {"to": "nothing"}}):
        assert error(desk.post(path, {**rename, **wrong})) == (400, "validation_exception")
    assert desk.get(path).json() == issue
    assert desk.post(path, {**rename, "vars": {"to": "bookmark"}}).json() == {**issue, "is_resolved": True}
    assert "message" in desk.post(f"{ROOT}/deploy").json()
    (held,) = (s["value"] for s in desk.get("/admin/players/rui").json()["scores"] if s["metric"]["id"] == "badges")
    assert [(item["name"], item["count"]) for item in held] == [("Bookmark", "1")]


def test_issues_are_listed_by_type(desk: Api) -> None:
    assert desk.get("/design/issues").json() == []
    assert desk.get("/design/issues?type=metric").json() == []
    assert problems(desk.get("/design/issues?type=colour")) == [("/type", "ENUM_MISMATCH")]
    assert error(desk.get("/design/issues/x")) == (404, "issue_not_found")
    assert error(desk.post("/design/issues/x", {"apply": "METRIC_DESTROY"})) == (404, "issue_not_found")


def test_a_test_client_touches_no_player_of_production(desk: Api, enter: Any) -> None:
    tester: Api = enter(list(SCOPES), environment="staging")
    assert desk.post(f"{ROOT}/simulate").status_code == 200
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "30"}
    for api in (desk, tester):
        api.post("/admin/players", {"id": "rui"})
        api.patch("/admin/players/rui/scores", {"rewards": [coins]})
    desk.patch(f"{ROOT}/metrics/coins", {"constraints": {"max": "12"}})
    names = [f"{where}.METRIC_POINT_MAX_LIMIT_EXCEEDED.coins" for where in ("production", "staging")]
    assert [issue["id"] for issue in desk.get("/design/issues").json()] == names
    assert [issue["id"] for issue in tester.get("/design/issues").json()] == names[1:]
    body = {"apply": "METRIC_POINT_MAX_LIMIT_SET"}
    for refused in (tester.get(f"/design/issues/{names[0]}"), tester.post(f"/design/issues/{names[0]}", body)):
        assert error(refused) == (404, "issue_not_found")
    assert tester.post(f"/design/issues/{names[1]}", body).json()["is_resolved"] is True
    for api, left in ((desk, "30"), (tester, "12")):
        scores = {score["metric"]["id"]: score["value"] for score in api.get("/admin/players/rui").json()["scores"]}
        assert scores["coins"] == left


def test_a_deploy_answers_its_issues_until_they_are_resolved(desk: Api) -> None:
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "30"}
    desk.post("/admin/players", {"id": "rui"})
    assert desk.patch("/admin/players/rui/scores", {"rewards": [coins]}).status_code == 200
    desk.patch(f"{ROOT}/metrics/coins", {"constraints": {"min": "0", "max": "12", "default": "10"}})
    (issue,) = desk.post(f"{ROOT}/deploy").json()
    path = "/design/issues/production.METRIC_POINT_MAX_LIMIT_EXCEEDED.coins"
    assert issue == {
        "id": path.rpartition("/")[2],
        "code": "METRIC_POINT_MAX_LIMIT_EXCEEDED",
        "is_resolved": False,
        "apply": "METRIC_POINT_MAX_LIMIT_SET",
        "vars": {"metric_design": {"id": "coins", "name": "Coins", "type": "point"}, "limit": "12", "players": 1},
    }
    assert desk.get("/design/issues?type=metric").json() == [issue]
    assert desk.get("/design/issues?type=rule").json() == []
    assert desk.get(path).json() == issue
    assert problems(desk.post(path, {"apply": "METRIC_DESTROY"})) == [("/apply", "ENUM_MISMATCH")]
    assert problems(desk.post(path)) == [("/apply", "OBJECT_MISSING_REQUIRED_PROPERTY")]  # it would cost scores
    assert desk.post(path, {"apply": issue["apply"]}).json() == {**issue, "is_resolved": True}
    scores = {score["metric"]["id"]: score["value"] for score in desk.get("/admin/players/rui").json()["scores"]}
    assert scores["coins"] == "12"
    assert desk.get("/design/issues").json() == [{**issue, "is_resolved": True}]
    assert "message" in desk.post(f"{ROOT}/deploy").json()
    assert desk.get("/design/issues").json() == []


def test_a_superfluous_player_is_tolerated(desk: Api) -> None:
    assert desk.get(f"{ROOT}/metrics?player_id=nobody").status_code == 200


def test_a_design_can_be_written_from_nothing(desk: Api, quest: Realm) -> None:
    Game.objects.update(document={})
    assert desk.get(f"{ROOT}/metrics").json() == []
    desk.post(f"{ROOT}/metrics", POINT)
    desk.post(f"{ROOT}/actions", ACTION)
    # What players have of the game before stands in the way of a deployment only.
    assert desk.post(f"{ROOT}/simulate").status_code == 200
    assert Game.objects.get().document["game"]["id"] == quest.game


def test_a_body_that_is_no_sane_json_is_refused(desk: Api) -> None:
    deep: Any = "x"
    for _ in range(80):
        deep = {"a": deep}
    assert problems(desk.post(f"{ROOT}/metrics", {**POINT, "tags": deep}))[0][1] == "MAXIMUM"


def test_a_list_costs_the_same_however_long_it_is(desk: Api, count_queries: Any) -> None:
    for path in (f"{ROOT}/metrics", f"{ROOT}/metrics/xp", f"{ROOT}/bootstrap"):
        with count_queries() as counted:
            assert desk.get(path).status_code == 200
        assert len(counted) == 3, path  # the token, the game, its working design
    with count_queries() as counted:
        desk.get("/design/versions/1/metrics")
    assert len(counted) == 3
