"""Teams and processes while nobody can begin one: lists are empty, and what is named does not exist
(``http-api.md`` §6.9-§6.13, §7.2, §7.5, §7.6)."""

from __future__ import annotations

import pytest

from .conftest import Api, error, problems

EMPTY = {"data": [], "total": 0}


@pytest.mark.parametrize("kind", ["teams", "processes"])
def test_there_are_no_definitions_to_begin(ines: Api, kind: str) -> None:
    response = ines.get(f"/runtime/definitions/{kind}")
    assert (response.status_code, response.json()) == (200, [])
    assert Api(ines.token, base="/v1").get(f"/definitions/{kind}?player_id=ines").json() == []


@pytest.mark.parametrize(
    "path",
    [
        "/runtime/teams",
        "/runtime/processes",
        "/runtime/processes?state=ACTIVE,COMPLETED",
        "/runtime/invites",
        "/runtime/requests",
        "/runtime/approvals",
        "/admin/teams",
        "/admin/processes",
        "/admin/requests",
        "/admin/invites",
    ],
)
def test_lists_are_empty_pages(ines: Api, path: str) -> None:
    assert ines.get(path).json() == EMPTY
    joint = "&" if "?" in path else "?"
    assert ines.get(f"{path}{joint}skip=5&limit=1000000").json() == EMPTY
    assert problems(ines.get(f"{path}{joint}limit=-2")) == [("/limit", "MINIMUM")]


@pytest.mark.parametrize("state", ["active", "ACTIVE,", "DONE", "ACTIVE;COMPLETED"])
def test_processes_are_active_or_completed(ines: Api, state: str) -> None:
    assert problems(ines.get(f"/runtime/processes?state={state}")) == [("/state", "ENUM_MISMATCH")]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "x", "access": "PUBLIC"}),
        ("DELETE", "", None),
        ("GET", "/members", None),
        ("POST", "/join", {"Member": True}),
        ("POST", "/leave", None),
        ("GET", "/approvals", None),
        ("GET", "/requests", None),
        ("POST", "/approvals/1", None),
        ("DELETE", "/approvals/1", None),
        ("POST", "/invites", {"id": "rui", "roles": {"Member": True}}),
        ("DELETE", "/invites/1", None),
        ("POST", "/kick", {"player_id": "rui"}),
        ("POST", "/roles", {"roles": {}}),
        ("POST", "/transfer", {"player_id": "rui"}),
        ("GET", "/activity?start=0", None),
    ],
)
def test_what_is_named_does_not_exist(ines: Api, method: str, path: str, body: object) -> None:
    for kind, plural in (("team", "teams"), ("process", "processes")):
        response = ines(method, f"/runtime/{plural}/x1{path}", body)
        assert error(response) == (404, f"{kind}_not_found")
        assert response.json()["error_description"] == f"The {kind} 'x1' does not exist"


@pytest.mark.parametrize(
    ("method", "path", "body", "wrong"),
    [
        ("GET", "/x/members?limit=x", None, ("/limit", "INVALID_TYPE")),
        ("GET", "/x/members?skip=-1", None, ("/skip", "MINIMUM")),
        ("GET", "/x/activity?start=soon", None, ("/start", "INVALID_FORMAT")),
        ("POST", "/x/kick", {}, ("/player_id", "OBJECT_MISSING_REQUIRED_PROPERTY")),
        ("POST", "/x/kick", {"player_id": ":ada"}, ("/player_id", "PATTERN")),
        ("POST", "/x/invites", {"roles": {}}, ("/id", "OBJECT_MISSING_REQUIRED_PROPERTY")),
        ("POST", "/x/invites", {"id": "rui", "roles": 7}, ("/roles", "INVALID_TYPE")),
        ("POST", "/x/roles", {}, ("/roles", "OBJECT_MISSING_REQUIRED_PROPERTY")),
        ("POST", "/x/roles", {"roles": "all"}, ("/roles", "INVALID_TYPE")),
        ("POST", "/x/roles", {"roles": {}, "player_id": 7}, ("/player_id", "INVALID_TYPE")),
        ("PATCH", "/x", {"name": 7}, ("/name", "INVALID_TYPE")),
        ("PATCH", "/x", {"access": ["PUBLIC"]}, ("/access", "INVALID_TYPE")),
        ("POST", "", {"definition": "d", "name": "n", "access": 7}, ("/access", "INVALID_TYPE")),
    ],
)
def test_parameters_are_judged_before_anything_is_looked_for(
    ines: Api, method: str, path: str, body: object, wrong: tuple[str, str]
) -> None:
    for root in ("/runtime/teams", "/runtime/processes", "/admin/teams", "/admin/processes"):
        assert problems(ines(method, root + path, body)) == [wrong]


@pytest.mark.parametrize("path", ["/approvals?limit=x", "/requests?limit=x"])
def test_pages_of_requests_are_judged_too(ines: Api, path: str) -> None:
    for plural in ("teams", "processes"):
        assert problems(ines.get(f"/runtime/{plural}/x{path}")) == [("/limit", "INVALID_TYPE")]
    assert problems(ines.get("/runtime/processes/x/performers?limit=x")) == [("/limit", "INVALID_TYPE")]
    assert problems(ines.post("/runtime/teams/x/transfer")) == [("/player_id", "OBJECT_MISSING_REQUIRED_PROPERTY")]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("PUT", "/runtime/teams/x/lock", "team_not_found"),
        ("DELETE", "/runtime/teams/x/lock", "team_not_found"),
        ("GET", "/runtime/processes/x/performers", "process_not_found"),
        ("GET", "/runtime/processes/x/triggers", "process_not_found"),
        ("POST", "/runtime/invites/x", "invite_not_found"),
        ("DELETE", "/runtime/invites/x", "invite_not_found"),
        ("GET", "/admin/teams/x", "team_not_found"),
        ("GET", "/admin/teams/x/members", "team_not_found"),
        ("POST", "/admin/teams/x/join", "team_not_found"),
        ("DELETE", "/admin/processes/x", "process_not_found"),
        ("GET", "/admin/processes/x/activity", "process_not_found"),
    ],
)
def test_neither_does_what_only_one_of_them_has(ines: Api, method: str, path: str, code: str) -> None:
    assert error(ines(method, path)) == (404, code)


@pytest.mark.parametrize("root", ["/runtime", "/admin"])
def test_nothing_can_be_begun(ines: Api, root: str) -> None:
    team = ines.post(f"{root}/teams", {"definition": "book_club", "name": "Night readers"})
    assert error(team) == (404, "team_definition_not_found")
    process = ines.post(f"{root}/processes", {"definition": "book_review"})
    assert error(process) == (404, "process_definition_not_found")
    assert problems(ines.post(f"{root}/teams", {})) == [("/definition", "OBJECT_MISSING_REQUIRED_PROPERTY")]
    assert problems(ines.post(f"{root}/teams", {"definition": "x"})) == [("/name", "OBJECT_MISSING_REQUIRED_PROPERTY")]
    assert problems(ines.post(f"{root}/processes", {"definition": 7})) == [("/definition", "INVALID_TYPE")]


def test_triggers_have_to_be_named(ines: Api) -> None:
    assert error(ines.post("/runtime/processes/x/play", {"trigger": "draft"})) == (404, "process_not_found")
    assert problems(ines.post("/runtime/processes/x/play")) == [("/trigger", "OBJECT_MISSING_REQUIRED_PROPERTY")]
    escalated = {"trigger": "draft", "play_token": "t"}
    assert error(ines.post("/runtime/play", escalated)) == (404, "trigger_not_found")
    assert problems(ines.post("/runtime/play", {"trigger": "draft"})) == [
        ("/play_token", "OBJECT_MISSING_REQUIRED_PROPERTY")
    ]


def test_unknown_keys_are_refused_in_a_change(ines: Api) -> None:
    assert problems(ines.patch("/runtime/teams/x", {"owner": "rui"})) == [("/owner", "OBJECT_ADDITIONAL_PROPERTIES")]


def test_version_1_names_definitions_and_owners_in_the_path(ines: Api) -> None:
    def old(method: str, path: str, body: object = None) -> object:
        return error(Api(ines.token, base="/v1")(method, f"{path}?player_id=ines", body))

    assert old("POST", "/definitions/teams/book_club", {"name": "x"}) == (404, "team_definition_not_found")
    assert old("POST", "/definitions/processes/book_review") == (404, "process_definition_not_found")
    assert old("POST", "/processes/ines/x/play", {"trigger": "draft"}) == (404, "process_not_found")
    assert old("POST", "/processes/x/play", {"trigger": "draft"}) == (404, "process_not_found")
    for method in ("GET", "PATCH", "DELETE"):
        assert old(method, "/processes/ines%2Fx") == (404, "process_not_found")
    assert old("GET", "/teams/x/members") == (404, "team_not_found")


def test_scopes_of_boards_may_be_announced_in_vain(site: Api) -> None:
    response = site.post("/admin/leaderboards/by_genre/history")
    assert (response.status_code, list(response.json())) == (200, ["message"])


@pytest.mark.parametrize(
    "path",
    ["/runtime/metrics", "/runtime/search", "/runtime/players/ines/activity", "/admin/clients", "/admin/nothing"],
)
def test_everything_unlisted_does_not_exist(ines: Api, path: str) -> None:
    response = ines.get(path)
    assert error(response) == (404, "route_not_found")
    assert response.json()["error_description"] == "This route does not exist"
