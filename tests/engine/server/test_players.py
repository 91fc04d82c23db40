"""Profiles, and the admin's players (``http-api.md`` §6.1-6.3, §7.2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm

from .conftest import Api, error, problems


def test_the_own_profile_is_what_the_engine_says(ines: Api, quest: Realm) -> None:
    assert ines.get("/runtime/player").json() == selectors.profile(quest, "ines")
    assert ines.get("/runtime/player").json()["email"] == "ines@example.org"
    assert ines.get("/runtime/player?detailed=true").json() == selectors.profile(quest, "ines", detailed=True)


def test_a_player_may_change_name_and_address(ines: Api) -> None:
    changed = ines.patch("/runtime/player", {"alias": "Inês", "email": "new@example.org"})
    assert changed.json()["alias"] == "Inês"
    assert changed.json() == ines.get("/runtime/player").json()


def test_a_player_may_change_nothing_else(ines: Api) -> None:
    assert problems(ines.patch("/runtime/player", {"alias": "X", "enabled": False})) == [
        ("/enabled", "OBJECT_ADDITIONAL_PROPERTIES")
    ]
    assert ines.get("/runtime/player").json()["alias"] == "Ines"


@pytest.mark.parametrize(
    "body",
    [{"alias": 7}, {"alias": "a" * 256}, {"alias": "a\0"}, {"email": "no address"}, {"email": ["a@example.org"]}],
)
def test_a_wrong_name_or_address_is_wrong_input(ines: Api, body: dict[str, Any]) -> None:
    assert [path for path, _ in problems(ines.patch("/runtime/player", body))] == [f"/{next(iter(body))}"]


def test_null_in_a_patch_changes_nothing(ines: Api) -> None:
    before = ines.get("/runtime/player").json()
    assert ines.patch("/runtime/player", {"alias": None, "email": None}).json() == before


def test_players_are_listed_in_the_order_of_their_creation(ines: Api, quest: Realm) -> None:
    for player_id in ("zoe", "ada", "rui"):
        services.create_player(quest, player_id)
    services.update_player(quest, "ada", enabled=False)
    ids = ["ines", "zoe", "ada", "rui"]
    for path in ("/runtime/players", "/admin/players"):
        listed = ines.get(path).json()
        assert [player["id"] for player in listed["data"]] == ids
        assert listed["total"] == 4
        assert listed["data"][2] == {"id": "ada", "alias": "ada", "enabled": False}
        page = ines.get(f"{path}?skip=1&limit=2").json()
        assert [player["id"] for player in page["data"]] == ids[1:3]
        assert page["total"] == 4
        assert ines.get(f"{path}?limit=0").json() == {"data": [], "total": 4}


def test_others_see_a_profile_without_the_address(ines: Api, quest: Realm) -> None:
    services.create_player(quest, "rui", email="rui@example.org")
    seen = ines.get("/runtime/players/rui").json()
    assert "email" not in seen
    assert seen["id"] == "rui"
    assert ines.get("/admin/players/rui").json()["email"] == "rui@example.org"
    assert error(ines.get("/runtime/players/nobody")) == (404, "player_not_found")
    assert error(ines.get("/admin/players/nobody")) == (404, "player_not_found")


def test_a_creation_answers_with_empty_arrays_whatever_the_bootstrap_gives(site: Api) -> None:
    created = site.post("/admin/players", {"id": "grace", "alias": "Grace", "unknown": 1})
    assert created.status_code == 200
    body = created.json()
    assert body.pop("created").endswith("Z")
    assert body == {
        "id": "grace",
        "alias": "Grace",
        "scores": [],
        "teams": [],
        "enabled": True,
        "bootstrap": True,
    }
    assert site.get("/admin/players/grace").json()["scores"] != []


def test_without_an_alias_it_is_the_id(site: Api) -> None:
    assert site.post("/admin/players", {"id": "grace"}).json()["alias"] == "grace"


def test_a_taken_id_is_a_conflict(ines: Api) -> None:
    response = ines.post("/admin/players", {"id": "ines"})
    assert error(response) == (409, "player_exists")
    assert response.json()["error_description"] == "A player with ID 'ines' already exists"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "/id", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"alias": "Grace"}, "/id", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"id": ""}, "/id", "PATTERN"),
        ({"id": 7}, "/id", "INVALID_TYPE"),
        ({"id": None}, "/id", "INVALID_TYPE"),
        ({"id": ":ada"}, "/id", "PATTERN"),
        ({"id": ["a"]}, "/id", "INVALID_TYPE"),
        ({"id": "a\0"}, "/id", "PATTERN"),
        ({"id": "ada", "email": "x"}, "/email", "INVALID_FORMAT"),
    ],
)
def test_a_player_needs_a_good_id(site: Api, body: dict[str, Any], path: str, code: str) -> None:
    assert problems(site.post("/admin/players", body)) == [(path, code)]


@override_settings(PLAYLYFE_SERVER={"PLAYER_LIMIT": 1})
def test_a_full_game_takes_no_more_players(ines: Api) -> None:
    assert error(ines.post("/admin/players", {"id": "rui"})) == (403, "player_limit_exceeded")


def test_an_admin_changes_name_address_and_whether_the_player_may_play(ines: Api) -> None:
    changed = ines.patch("/admin/players/ines", {"alias": "I", "enabled": False}).json()
    assert (changed["alias"], changed["enabled"]) == ("I", False)
    assert error(ines.get("/runtime/player")) == (401, "access_denied")
    assert ines.patch("/admin/players/ines", {"enabled": True}).json()["enabled"] is True
    assert ines.get("/runtime/player").status_code == 200
    assert problems(ines.patch("/admin/players/ines", {"id": "other"})) == [("/id", "OBJECT_ADDITIONAL_PROPERTIES")]
    assert problems(ines.patch("/admin/players/ines", {"enabled": "false"})) == [("/enabled", "INVALID_TYPE")]
    assert error(ines.patch("/admin/players/nobody", {"alias": "N"})) == (404, "player_not_found")


def test_a_deleted_player_is_gone(ines: Api) -> None:
    assert ines.delete("/admin/players/ines").json() == {"message": "Player removed successfully"}
    assert error(ines.delete("/admin/players/ines")) == (404, "player_not_found")
    assert error(ines.get("/runtime/player")) == (404, "player_not_found")


# --- Idempotency-Key of a creation ------------------------------------------------------------------------------------

ASKED = {"id": "grace", "alias": "Grace"}


def test_a_repeated_creation_gives_the_player_as_it_is_now(site: Api) -> None:
    first = site.post("/admin/players", ASKED, Idempotency_Key="k-1")
    assert "Idempotency-Replayed" not in first.headers
    site.patch("/admin/players/grace", {"alias": "Admiral"})
    again = site.post("/admin/players", ASKED, Idempotency_Key="k-1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == {**first.json(), "alias": "Admiral"}
    assert Call.objects.count() == 2  # the activation and one creation


@pytest.mark.parametrize(
    "other", [{"id": "rui"}, {"id": "grace", "alias": "Other"}, {**ASKED, "email": "g@example.org"}]
)
def test_a_key_that_was_used_for_other_content_is_refused(site: Api, other: dict[str, Any]) -> None:
    site.post("/admin/players", ASKED, Idempotency_Key="k-1")
    assert error(site.post("/admin/players", other, Idempotency_Key="k-1")) == (422, "idempotency_key_reused")
    assert site.get("/admin/players").json()["total"] == 1


def test_a_failed_creation_does_not_use_up_its_key(ines: Api) -> None:
    assert error(ines.post("/admin/players", {"id": "ines"}, Idempotency_Key="k-1")) == (409, "player_exists")
    assert ines.post("/admin/players", ASKED, Idempotency_Key="k-1").status_code == 200


def test_the_key_of_an_erased_player_is_free_again(site: Api) -> None:
    site.post("/admin/players", ASKED, Idempotency_Key="k-1")
    site.delete("/admin/players/grace")
    again = site.post("/admin/players", ASKED, Idempotency_Key="k-1")
    assert again.status_code == 200
    assert "Idempotency-Replayed" not in again.headers


def test_keys_of_two_environments_do_not_meet(site: Api, quest: Realm, enter: Any) -> None:
    from django_playlyfe.engine.versions.activation import activate

    from ..conftest import LIBRARY_QUEST

    activate(Realm(quest.game, "staging"), LIBRARY_QUEST)
    tester = enter(["admin:write"], environment="staging")
    site.post("/admin/players", ASKED, Idempotency_Key="k-1")
    assert "Idempotency-Replayed" not in tester.post("/admin/players", ASKED, Idempotency_Key="k-1").headers


def test_a_streak_is_told_of_an_action_or_of_any_play(ines: Api) -> None:
    assert ines.get("/admin/players/ines/streak").json() == {
        "length": 0, "longest": 0, "is_kept": False, "unit": "day", "action": None
    }  # fmt: skip
    ines.post("/runtime/actions/finish_book/play", {"variables": {"pages": 10}})
    assert ines.get("/admin/players/ines/streak?action=finish_book&unit=month").json() == {
        "length": 1, "longest": 1, "is_kept": True, "unit": "month", "action": "finish_book"
    }  # fmt: skip


def test_a_streak_of_what_there_is_not_is_refused(ines: Api) -> None:
    assert problems(ines.get("/admin/players/ines/streak?unit=fortnight")) == [("/unit", "ENUM_MISMATCH")]
    assert error(ines.get("/admin/players/ines/streak?action=fly")) == (404, "action_not_found")
    assert error(ines.get("/admin/players/nobody/streak")) == (404, "player_not_found")
