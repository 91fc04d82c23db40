import pytest


def team(settings=None, **keys):
    return {
        "teams": [
            {
                "id": "guild",
                "name": "Guild",
                "permissions": [["Member", {"peer": True}], ["Host", {}]],
                "creator_roles": ["Host"],
                "settings": {"access": ["PUBLIC"], **(settings or {})},
                **keys,
            }
        ]
    }


def test_a_team_of_known_roles_is_accepted(found_with):
    assert found_with(**team(settings={"max_players": "20", "max_player_instances": 1})) == set()


@pytest.mark.parametrize(
    ("keys", "path", "code"),
    [
        ({"creator_roles": ["host"]}, "/creator_roles/0", "REFERENCE_NOT_FOUND"),
        ({"permissions": [], "creator_roles": []}, "/permissions", "ARRAY_LENGTH_SHORT"),
        ({"permissions": [["Host", {}], ["Host", {}]]}, "/permissions/1/0", "ARRAY_UNIQUE"),
        ({"permissions": [["Host", {}], ["Member"]]}, "/permissions/1", "ARRAY_LENGTH_SHORT"),
        ({"permissions": [["Host", {"fly": True}]]}, "/permissions/0/1/fly", "OBJECT_ADDITIONAL_PROPERTIES"),
        ({"settings": {"access": []}}, "/settings/access", "ARRAY_LENGTH_SHORT"),
        ({"settings": {}}, "/settings", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"settings": {"access": ["SECRET"]}}, "/settings/access/0", "ENUM_MISMATCH"),
        ({"settings": {"access": ["PUBLIC"], "max_players": "-1"}}, "/settings/max_players", "MINIMUM"),
        ({"settings": {"access": ["PUBLIC"], "max_players": "few"}}, "/settings/max_players", "INVALID_FORMAT"),
    ],
)
def test_a_wrong_team_is_refused(found_with, keys, path, code):
    assert found_with(**team() | {"teams": [{**team()["teams"][0], **keys}]}) == {(f"/teams/guild{path}", code)}
