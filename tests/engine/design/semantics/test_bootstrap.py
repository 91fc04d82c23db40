import pytest

from django_playlyfe.engine.design.validate import check


@pytest.mark.parametrize(
    ("bootstrap", "path", "code"),
    [
        ([], "", "INVALID_TYPE"),
        ({"scores": {}}, "/scores", "INVALID_TYPE"),
        (
            {"scores": [{"metric": {"id": "px", "type": "point"}, "verb": "set", "value": "0"}]},
            "/scores/0/metric/id",
            "REFERENCE_NOT_FOUND",
        ),
        (
            {"scores": [{"metric": {"id": "xp", "type": "point"}, "verb": "set", "value": "$vars.a"}]},
            "/scores/0/value",
            "REFERENCE_NOT_FOUND",
        ),
        ({"teams": [{"definition": "clubs", "name": "All"}]}, "/teams/0/definition", "REFERENCE_NOT_FOUND"),
        (
            {"teams": [{"definition": "club", "name": "All", "access": "PRIVATE"}]},
            "/teams/0/access",
            "ENUM_MISMATCH",
        ),
        (
            {"teams": [{"definition": "club", "name": "All", "roles": {"Owner": True}}]},
            "/teams/0/roles/Owner",
            "REFERENCE_NOT_FOUND",
        ),
        ({"processes": [{"definition": "course", "name": "Mine"}]}, "/processes/0/definition", "REFERENCE_NOT_FOUND"),
        ({"processes": [{"name": "Mine"}]}, "/processes/0", "OBJECT_MISSING_REQUIRED_PROPERTY"),
    ],
)
def test_a_wrong_bootstrap_is_refused(found_with, bootstrap, path, code):
    assert found_with(bootstrap=bootstrap) == {(f"/bootstrap{path}", code)}


def test_teams_of_the_bootstrap_are_accepted_with_a_notice(quest):
    quest["bootstrap"] = {
        "teams": [{"definition": "book_club", "id": "newcomers", "name": "Newcomers", "roles": {"Member": True}}],
        "processes": [{"definition": "book_review", "name": "Mine", "roles": {"writer": "player", "*": "observer"}}],
    }
    report = check(quest)
    assert report.valid
    assert [(warning.code, warning.path) for warning in report.warnings] == [
        ("INERT", "/bootstrap/teams/0"),
        ("INERT", "/bootstrap/processes/0"),
    ]


def test_shared_instances_have_ids_of_their_own(quest, found):
    team = {"definition": "book_club", "id": "newcomers", "name": "Newcomers"}
    quest["bootstrap"]["teams"] = [team, team]
    assert found(quest) == {("/bootstrap/teams/1/id", "ARRAY_UNIQUE")}
