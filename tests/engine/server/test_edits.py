"""What admins do to players over HTTP (``http-api.md`` §7.2-7.4)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api, error, problems

COINS = {"id": "coins", "type": "point"}


def scores(profile: Any) -> dict[str, Any]:
    return {entry["metric"]["id"]: entry["value"] for entry in profile.json()["scores"]}


def test_scores_are_edited_and_the_profile_answered(site: Api, ines: Api) -> None:
    body = {"rewards": [{"metric": COINS, "verb": "set", "value": "20"}]}
    assert scores(site.patch("/admin/players/ines/scores", body))["coins"] == "20"
    (event,) = site.get("/admin/players/ines/activity").json()
    assert event["event"] == "score"
    assert event["admin"]
    assert "actor" not in event


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("/rewards", "OBJECT_MISSING_REQUIRED_PROPERTY")]),
        ({"rewards": "all"}, [("/rewards", "INVALID_TYPE")]),
        ({"rewards": [], "more": 1}, [("/more", "OBJECT_ADDITIONAL_PROPERTIES")]),
        (
            {"rewards": [{"metric": {"id": "impact", "type": "compound"}, "verb": "set", "value": "1"}]},
            [("/rewards/0/metric/type", "NOT_ALLOWED_HERE")],
        ),
    ],
)
def test_wrong_edits_are_named(site: Api, ines: Api, body: Any, found: list[Any]) -> None:
    assert problems(site.patch("/admin/players/ines/scores", body)) == found


def test_events_are_reverted_by_their_ids(site: Api, ines: Api) -> None:
    played = ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": 600}}).json()
    event = played["events"]["local"][0]["id"]
    assert scores(site.post("/admin/players/ines/revert", {"event_ids": [event]}))["xp"] == "0"
    unknown = {"event_ids": ["e4716000-dae7-11ee-923a-5bd1e20c47f9"]}
    assert error(site.post("/admin/players/ines/revert", unknown)) == (404, "event_not_found")


@pytest.mark.parametrize(("base", "method"), [("/v2", "POST"), ("/v2", "PUT"), ("/v1", "PUT")])
def test_a_reset_answers_the_profile(site: Api, ines: Api, base: str, method: str) -> None:
    ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": 600}})
    path = "/admin/players/ines/reset" if base == "/v2" else "/players/ines/reset"
    assert scores(Api(site.token, base=base)(method, path, []))["xp"] == "0"


ADD_COINS = {"rewards": [{"metric": COINS, "verb": "add", "value": "5"}]}
"""Beside the 10 of the bootstrap."""


def test_edited_scores_are_paid_once_under_a_key(site: Api, ines: Api) -> None:
    path = "/admin/players/ines/scores"
    first = site.patch(path, ADD_COINS, Idempotency_Key="edit:1")
    again = site.patch(path, ADD_COINS, Idempotency_Key="edit:1")
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert scores(again)["coins"] == "15"
    assert scores(site.patch(path, ADD_COINS, Idempotency_Key="edit:2"))["coins"] == "20"
    assert scores(site.patch(path, ADD_COINS, Idempotency_Key="edit:1"))["coins"] == "20", "the profile as it is now"
    assert len(site.get("/admin/players/ines/activity").json()) == 2


def test_the_key_of_edited_scores_stands_for_the_player_and_the_rewards(site: Api, ines: Api) -> None:
    site.post("/admin/players", {"id": "rui"})
    site.patch("/admin/players/ines/scores", ADD_COINS, Idempotency_Key="edit:1")
    other = {"rewards": [{"metric": COINS, "verb": "add", "value": "6"}]}
    assert error(site.patch("/admin/players/ines/scores", other, Idempotency_Key="edit:1")) == (
        422,
        "idempotency_key_reused",
    )
    assert scores(site.patch("/admin/players/rui/scores", other, Idempotency_Key="edit:1"))["coins"] == "16"
    assert problems(site.patch("/admin/players/ines/scores", ADD_COINS, Idempotency_Key="k" * 201)) == [
        ("/idempotency_key", "INVALID_FORMAT")
    ]


def test_a_wrong_edit_does_not_use_up_its_key(site: Api, ines: Api) -> None:
    gold = {"rewards": [{"metric": {"id": "gold", "type": "point"}, "verb": "add", "value": "1"}]}
    assert error(site.patch("/admin/players/ines/scores", gold, Idempotency_Key="edit:1"))[0] == 400
    assert scores(site.patch("/admin/players/ines/scores", ADD_COINS, Idempotency_Key="edit:1"))["coins"] == "15"


def test_a_revert_under_a_key_is_done_once_and_stands_for_its_events(site: Api, ines: Api) -> None:
    events = [
        ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": 600}}).json()["events"]["local"][0]["id"]
        for _ in range(2)
    ]
    path = "/admin/players/ines/revert"
    first = site.post(path, {"event_ids": events[:1]}, Idempotency_Key="back")
    again = site.post(path, {"event_ids": events[:1]}, Idempotency_Key="back")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert error(site.post(path, {"event_ids": events}, Idempotency_Key="back")) == (422, "idempotency_key_reused")
    nothing_left = site.post(path, {"event_ids": events[:1]}, Idempotency_Key="other")
    assert "Idempotency-Replayed" not in nothing_left.headers


@pytest.mark.parametrize(("base", "method"), [("/v2", "POST"), ("/v2", "PUT"), ("/v1", "PUT")])
def test_a_reset_under_a_key_leaves_what_was_earned_since(site: Api, ines: Api, base: str, method: str) -> None:
    path = "/admin/players/ines/reset" if base == "/v2" else "/players/ines/reset"
    caller = Api(site.token, base=base)
    assert caller(method, path, {}, Idempotency_Key="anew").status_code == 200
    ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": 600}})
    again = caller(method, path, {}, Idempotency_Key="anew")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert scores(again)["xp"] != "0"


def test_a_rule_runs_for_many_and_is_nested_per_entry_and_player(site: Api, ines: Api) -> None:
    body = {"data": [{"variables": {"target": 0}, "player_ids": ["ines"], "scopes": []}]}
    first = site.post("/admin/rules/weekly_target", body, Idempotency_Key="week")
    event = first.json()[0][0]["events"]["local"][0]
    assert event["rule"] == {"id": "weekly_target", "name": "Weekly target"}
    assert event["actor"] == {"id": "ines", "alias": "Ines"}
    again = site.post("/admin/rules/weekly_target", body, Idempotency_Key="week")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert error(site.post("/admin/rules/nothing", body)) == (404, "rule_not_found")
    before = scores(site.get("/admin/players/ines"))
    body["data"].append({"variables": {"target": 0}, "player_ids": ["nobody"]})
    assert error(site.post("/admin/rules/weekly_target", body)) == (404, "player_not_found")
    assert scores(site.get("/admin/players/ines")) == before


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"variables": {"target": "many"}}, ("/data/1/variables/target", "INVALID_TYPE")),
        ({"variables": {}}, ("/data/1/variables/target", "OBJECT_MISSING_REQUIRED_PROPERTY")),
        ({"variables": []}, ("/data/1/variables/target", "OBJECT_MISSING_REQUIRED_PROPERTY")),  # PHP's empty object
        ({"variables": None}, ("/data/1/variables/target", "OBJECT_MISSING_REQUIRED_PROPERTY")),
        ({"variables": [1]}, ("/data/1/variables", "INVALID_TYPE")),
        ({"scopes": {}}, ("/data/1/scopes", "INVALID_TYPE")),
        ({"scopes": [{"id": "history"}]}, ("/data/1/scopes/0", "INVALID_TYPE")),
        ({"player_ids": "ines"}, ("/data/1/player_ids", "INVALID_TYPE")),
    ],
)
def test_what_is_wrong_with_a_rule_call_is_named_by_its_entry(site: Api, ines: Api, wrong: Any, found: Any) -> None:
    entry = {"variables": {"target": 0}, "player_ids": ["ines"], "scopes": []}
    body = {"data": [entry, {**entry, **wrong}]}
    before = scores(site.get("/admin/players/ines"))
    response = site.post("/admin/rules/weekly_target", body)
    assert problems(response) == [found]
    assert response.json()["data"]["data"] == body
    assert scores(site.get("/admin/players/ines")) == before


def test_the_key_of_a_rule_call_stands_for_its_data(site: Api, ines: Api) -> None:
    def run(target: int, key: str) -> Any:
        body = {"data": [{"variables": {"target": target}, "player_ids": ["ines"]}]}
        return site.post("/admin/rules/weekly_target", body, Idempotency_Key=key)

    assert run(0, "week").status_code == 200
    assert error(run(-1, "week")) == (422, "idempotency_key_reused")
    assert problems(run(0, "k" * 201)) == [("/idempotency_key", "INVALID_FORMAT")]
