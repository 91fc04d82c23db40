import pytest

PATH = "/actions/write/rules/0/rewards/0"


def action(reward):
    return {
        "actions": [
            {
                "id": "write",
                "name": "Write",
                "variables": [{"name": "pages", "type": "int"}],
                "rules": [{"rewards": [reward]}],
            }
        ],
        "metrics": [{"id": "sum", "name": "Sum", "type": "compound", "constraints": {"formula": "$scores.xp"}}],
    }


def reward(metric, kind, verb, value, **more):
    return {"metric": {"id": metric, "type": kind}, "verb": verb, "value": value, **more}


@pytest.mark.parametrize(
    "right",
    [
        reward("xp", "point", "add", "5"),
        reward("xp", "point", "remove", -5),
        reward("xp", "point", "set", "$vars['pages'] / 10", probability=0),
        reward("badges", "set", "add", {"night_owl": "1", "Bookworm": "$vars['pages']"}, probability=1),
        reward("badges", "set", "remove", {"NIGHT OWL": 2}),
        reward("rank", "state", "set", "Reader", probability=0.5),
    ],
)
def test_right_rewards_are_accepted(found_with, right):
    assert found_with(**action(right)) == set()


@pytest.mark.parametrize(
    ("wrong", "key", "code"),
    [
        (reward("px", "point", "add", "5"), "/metric/id", "REFERENCE_NOT_FOUND"),
        (reward("rank", "point", "add", "5"), "/metric/id", "REFERENCE_TYPE_MISMATCH"),
        (reward("sum", "compound", "add", "5"), "/metric/type", "NOT_ALLOWED_HERE"),
        (reward("sum", "point", "add", "5"), "/metric/id", "REFERENCE_TYPE_MISMATCH"),
        (reward("xp", "points", "add", "5"), "/metric/type", "ENUM_MISMATCH"),
        (reward("xp", "point", "multiply", "5"), "/verb", "ENUM_MISMATCH"),
        (reward("rank", "state", "add", "reader"), "/verb", "NOT_ALLOWED_HERE"),
        (reward("rank", "state", "set", "king"), "/value", "REFERENCE_NOT_FOUND"),
        (reward("rank", "state", "set", {"reader": "1"}), "/value", "INVALID_TYPE"),
        (reward("badges", "set", "add", "bookworm"), "/value", "INVALID_TYPE"),
        (reward("badges", "set", "add", {}), "/value", "OBJECT_PROPERTIES_MINIMUM"),
        (reward("badges", "set", "add", {"trophy": "1"}), "/value/trophy", "REFERENCE_NOT_FOUND"),
        (reward("badges", "set", "add", {"bookworm": "one"}), "/value/bookworm", "EXPRESSION_SYNTAX"),
        (reward("badges", "set", "add", {"bookworm": None}), "/value/bookworm", "INVALID_TYPE"),
        (reward("badges", "set", "add", {"bookworm": "1", "Bookworm": "2"}), "/value/Bookworm", "ARRAY_UNIQUE"),
        (reward("xp", "point", "add", "$vars['page']"), "/value", "REFERENCE_NOT_FOUND"),
        (reward("xp", "point", "add", True), "/value", "INVALID_TYPE"),
        (reward("xp", "point", "add", "5", probability=1.5), "/probability", "MAXIMUM"),
        (reward("xp", "point", "add", "5", probability=-1), "/probability", "MINIMUM"),
        (reward("xp", "point", "add", "5", probability="1"), "/probability", "INVALID_TYPE"),
        (reward("xp", "point", "add", "5", chance=1), "/chance", "OBJECT_ADDITIONAL_PROPERTIES"),
        ({"verb": "add", "value": "5"}, "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"metric": {"id": "xp"}, "verb": "add", "value": "5"}, "/metric", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"metric": "xp", "verb": "add", "value": "5"}, "/metric", "INVALID_TYPE"),
        ("5 xp", "", "INVALID_TYPE"),
    ],
)
def test_wrong_rewards_are_refused(found_with, wrong, key, code):
    assert found_with(**action(wrong)) == {(f"{PATH}{key}", code)}


def test_rewards_of_a_custom_rule_are_certain(found_with):
    rule = {
        "id": "now",
        "name": "Now",
        "type": "custom",
        "rules": [{"rewards": [reward("xp", "point", "add", "5", probability=1)]}],
    }
    assert found_with(rules=[rule]) == {("/rules/now/rules/0/rewards/0/probability", "OBJECT_ADDITIONAL_PROPERTIES")}
