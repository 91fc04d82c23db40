import pytest


def board(**keys):
    return {
        "leaderboards": [
            {
                "id": "top",
                "name": "Top",
                "entity_type": "players",
                "metric": {"id": "xp", "type": "point"},
                "scope": {"type": "game"},
                **keys,
            }
        ]
    }


@pytest.mark.parametrize("entities", ["players", "teams"])
@pytest.mark.parametrize("scope", ["game", "custom", "team_definition", "team_instance"])
def test_a_board_inside_one_team_ranks_players_only(found_with, entities, scope):
    target = {"type": scope, "id": "club"} if scope.startswith("team") else {"type": scope}
    expected = set()
    if (entities, scope) == ("teams", "team_instance"):
        expected = {("/leaderboards/top/scope/type", "NOT_ALLOWED_HERE")}
    assert found_with(**board(entity_type=entities, scope=target)) == expected


@pytest.mark.parametrize(
    ("keys", "path", "code"),
    [
        ({"type": "irregular"}, "/type", "ENUM_MISMATCH"),
        ({"entity_type": "everybody"}, "/entity_type", "ENUM_MISMATCH"),
        ({"metric": {"id": "px", "type": "point"}}, "/metric/id", "REFERENCE_NOT_FOUND"),
        ({"metric": {"id": "xp", "type": "compound"}}, "/metric/id", "REFERENCE_TYPE_MISMATCH"),
        ({"metric": "xp"}, "/metric", "INVALID_TYPE"),
        ({"scope": {}}, "/scope", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"scope": {"type": "world"}}, "/scope/type", "ENUM_MISMATCH"),
        ({"scope": {"type": "team_definition"}}, "/scope", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"scope": {"type": "team_definition", "id": "clubs"}}, "/scope/id", "REFERENCE_NOT_FOUND"),
        ({"scope": {"type": "game", "id": "club"}}, "/scope/id", "OBJECT_ADDITIONAL_PROPERTIES"),
        ({"cycles": []}, "/cycles", "ARRAY_LENGTH_SHORT"),
        ({"cycles": ["daily", "daily"]}, "/cycles", "ARRAY_UNIQUE"),
        ({"cycles": ["hourly"]}, "/cycles/0", "ENUM_MISMATCH"),
    ],
)
def test_a_wrong_board_is_refused(found_with, keys, path, code):
    assert found_with(**board(**keys)) == {(f"/leaderboards/top{path}", code)}


@pytest.mark.parametrize(("metric", "kind"), [("badges", "set"), ("rank", "state")])
def test_sets_and_states_have_no_board(found_with, metric, kind):
    found = found_with(**board(metric={"id": metric, "type": kind}))
    assert ("/leaderboards/top/metric/type", "NOT_ALLOWED_HERE") in found
