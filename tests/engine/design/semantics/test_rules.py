import pytest

from ..games import small_game


def level_rule(levels, **keys):
    return {
        "id": "climb",
        "name": "Climb",
        "type": "level",
        "base_metric": "xp",
        "level_metric": "rank",
        "levels": levels,
        **keys,
    }


def achievement(items, **keys):
    return {
        "id": "earn",
        "name": "Earn",
        "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": items},
        **keys,
    }


VISITOR = {"rank": "visitor", "threshold": "49"}
READER = {"rank": "reader"}


@pytest.mark.parametrize(
    "levels",
    [
        [VISITOR, READER],
        [{"rank": "Visitor", "threshold": 49}, {"rank": "Reader", "threshold": "Infinity"}],
        [VISITOR, {"rank": "reader", "threshold": "50"}],
        [READER],
    ],
)
def test_levels_in_increasing_order_are_accepted(found_with, levels):
    assert found_with(rules=[level_rule(levels)]) == set()


@pytest.mark.parametrize(
    ("levels", "key", "code"),
    [
        ([], "", "ARRAY_LENGTH_SHORT"),
        ([{"rank": "king"}], "/0/rank", "REFERENCE_NOT_FOUND"),
        ([VISITOR, {"rank": "visitor"}], "/1/rank", "ARRAY_UNIQUE"),
        ([VISITOR, {"rank": "reader", "threshold": "49"}], "/1/threshold", "MINIMUM_EXCLUSIVE"),
        ([{"rank": "visitor"}, READER], "/0", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ([{"rank": "visitor", "threshold": "Infinity"}, READER], "/0/threshold", "INVALID_FORMAT"),
        ([{"rank": "visitor", "threshold": "4.5"}, READER], "/0/threshold", "INVALID_FORMAT"),
        ([{"rank": "visitor", "threshold": "-1"}, READER], "/0/threshold", "MINIMUM"),
        ([{"threshold": "5"}], "/0", "OBJECT_MISSING_REQUIRED_PROPERTY"),
    ],
)
def test_levels_that_cannot_be_climbed_are_refused(found_with, levels, key, code):
    assert found_with(rules=[level_rule(levels)]) == {(f"/rules/climb/levels{key}", code)}


def test_a_threshold_above_the_maximum_of_the_base_metric_is_refused(found):
    game = small_game(rules=[level_rule([VISITOR, READER])])
    game["metrics"][0]["constraints"] = {"max": "48"}
    assert found(game) == {("/rules/climb/levels/0/threshold", "MAXIMUM")}


@pytest.mark.parametrize(
    ("key", "name", "code"),
    [
        ("base_metric", "px", "REFERENCE_NOT_FOUND"),
        ("base_metric", "rank", "REFERENCE_TYPE_MISMATCH"),
        ("level_metric", "ranks", "REFERENCE_NOT_FOUND"),
        ("level_metric", "xp", "REFERENCE_TYPE_MISMATCH"),
        ("base_metric", 5, "INVALID_TYPE"),
    ],
)
def test_a_level_rule_leads_from_points_to_a_state(found_with, key, name, code):
    assert found_with(rules=[level_rule([VISITOR, READER], **{key: name})]) == {(f"/rules/climb/{key}", code)}


def test_two_level_rules_cannot_drive_one_metric(found_with):
    rules = [level_rule([VISITOR, READER]), level_rule([VISITOR, READER], id="race")]
    assert found_with(rules=rules) == {("/rules/race/level_metric", "ARRAY_UNIQUE")}


@pytest.mark.parametrize("items", [[{"key": "night_owl", "value": "3"}], [{"key": "Night owl", "value": 1}]])
def test_an_achievement_of_items_that_can_be_held_is_accepted(found_with, items):
    assert found_with(rules=[achievement(items)]) == set()


@pytest.mark.parametrize(
    ("items", "key", "code"),
    [
        ([], "", "ARRAY_LENGTH_SHORT"),
        ([{"key": "trophy", "value": "1"}], "/0/key", "REFERENCE_NOT_FOUND"),
        ([{"key": "night_owl", "value": "4"}], "/0/value", "MAXIMUM"),
        ([{"key": "night_owl", "value": "0"}], "/0/value", "MINIMUM"),
        ([{"key": "night_owl", "value": "many"}], "/0/value", "INVALID_FORMAT"),
        ([{"key": "night_owl"}], "/0", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ([{"key": "bookworm", "value": "1"}, {"key": "Bookworm", "value": "1"}], "/1/key", "ARRAY_UNIQUE"),
    ],
)
def test_an_achievement_that_nobody_can_have_is_refused(found_with, items, key, code):
    assert found_with(rules=[achievement(items)]) == {(f"/rules/earn/achievement/items{key}", code)}


def test_an_achievement_belongs_to_a_set(found_with):
    rule = achievement([{"key": "reader", "value": "1"}])
    rule["achievement"]["metric"]["id"] = "rank"
    assert found_with(rules=[rule]) == {("/rules/earn/achievement/metric/id", "REFERENCE_TYPE_MISMATCH")}


def test_an_achievement_without_its_wrapper_is_accepted(found_with):
    rule = {
        "id": "earn",
        "name": "Earn",
        "type": "achievement",
        "metric": {"id": "badges"},
        "items": [{"key": "bookworm", "value": "1"}],
    }
    assert found_with(rules=[rule]) == set()


def test_an_achievement_needs_to_say_what_is_earned(found_with):
    rule = {"id": "earn", "name": "Earn", "type": "achievement"}
    assert found_with(rules=[rule]) == {("/rules/earn", "OBJECT_MISSING_REQUIRED_PROPERTY")}


def test_a_rule_of_no_known_type_is_refused(found_with):
    rule = {"id": "climb", "name": "Climb", "type": "levels"}
    assert found_with(rules=[rule]) == {("/rules/climb/type", "ENUM_MISMATCH")}
