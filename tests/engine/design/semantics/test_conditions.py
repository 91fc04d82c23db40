import pytest

METRIC = {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "ge", "value": "5"}}
ACTION = {"type": "action", "context": {"id": "read", "operator": "ge", "value": "5"}}
STREAK = {"type": "streak", "context": {"action": "read", "unit": "week", "operator": "ge", "value": "5"}}
TEAM = {"type": "team", "context": {"definition_id": "club"}}
TIME = {"type": "time", "context": {"func": "hour_of_day", "operator": "ge", "value": "22"}}
VAR = {"type": "var", "context": {"lhs": "1", "operator": "ge", "rhs": "2"}}
ALL = [METRIC, ACTION, STREAK, TEAM, TIME, VAR]

VISIBILITY = "/actions/write/requires"
RULE_OF_ACTION = "/actions/write/rules/0/requires"
ACHIEVEMENT = "/rules/earn/requires"
CUSTOM = "/rules/now/rules/0/requires"
BOARD = "/leaderboards/top/requires"
TEAM_CREATION = "/teams/guild/settings/requires"
PROCESS_CREATION = "/processes/course/settings/requires"
ACTIVITY = "/processes/course/activities/0/requires"
PLACES = [
    VISIBILITY,
    RULE_OF_ACTION,
    ACHIEVEMENT,
    CUSTOM,
    BOARD,
    TEAM_CREATION,
    PROCESS_CREATION,
    ACTIVITY,
]
NOT_EVERYWHERE = {VISIBILITY: {"time", "var"}, ACHIEVEMENT: {"team", "time", "var"}}


def components(place, condition):
    """A component with a condition at ``place``, and {} at all other places."""
    at = {name: condition if name == place else {} for name in PLACES}
    variables = [{"name": "pages", "type": "int"}]
    return {
        "actions": [
            {
                "id": "write",
                "name": "Write",
                "variables": variables,
                "requires": at[VISIBILITY],
                "rules": [{"requires": at[RULE_OF_ACTION]}],
            }
        ],
        "rules": [
            {
                "id": "earn",
                "name": "Earn",
                "type": "achievement",
                "achievement": {"metric": {"id": "badges"}, "items": [{"key": "bookworm", "value": "1"}]},
                "requires": at[ACHIEVEMENT],
            },
            {
                "id": "now",
                "name": "Now",
                "type": "custom",
                "variables": variables,
                "rules": [{"requires": at[CUSTOM], "rewards": []}],
            },
        ],
        "leaderboards": [
            {
                "id": "top",
                "name": "Top",
                "entity_type": "players",
                "metric": {"id": "xp", "type": "point"},
                "scope": {"type": "game"},
                "requires": at[BOARD],
            }
        ],
        "teams": [
            {
                "id": "guild",
                "name": "Guild",
                "permissions": [["Member", {}]],
                "settings": {"access": ["PUBLIC"], "requires": at[TEAM_CREATION]},
            }
        ],
        "processes": [
            {
                "id": "course",
                "name": "Course",
                "lanes": [{"name": "main"}],
                "activities": [
                    {"id": "go", "name": "Go", "type": "task", "lane": "main", "requires": at[ACTIVITY]},
                ],
                "settings": {"access": ["PUBLIC"], "requires": at[PROCESS_CREATION]},
            }
        ],
    }


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("condition", ALL, ids=lambda condition: condition["type"])
def test_each_type_is_allowed_where_the_specification_says(found_with, place, condition):
    expected = set()
    if condition["type"] in NOT_EVERYWHERE.get(place, ()):
        expected = {(f"{place}/type", "NOT_ALLOWED_HERE")}
    assert found_with(**components(place, condition)) == expected


@pytest.mark.parametrize("place", PLACES)
def test_a_forbidden_type_is_found_inside_and_and_or(found_with, place):
    condition = {"type": "or", "expression": [METRIC, {"type": "and", "not": True, "expression": [TIME]}]}
    expected = set()
    if place in NOT_EVERYWHERE:
        expected = {(f"{place}/expression/1/expression/0/type", "NOT_ALLOWED_HERE")}
    assert found_with(**components(place, condition)) == expected


@pytest.mark.parametrize("place", PLACES)
def test_variables_are_known_only_where_they_are_declared(found_with, place):
    condition = {"type": "metric", "context": {**METRIC["context"], "value": "$vars['pages']"}}
    declared = place in (RULE_OF_ACTION, CUSTOM)
    expected = set() if declared else {(f"{place}/context/value", "REFERENCE_NOT_FOUND")}
    assert found_with(**components(place, condition)) == expected


def test_an_undeclared_variable_suggests_the_declared_one(found_with):
    condition = {"type": "var", "context": {"lhs": "$vars['page']", "operator": "eq", "rhs": "$vars.pages"}}
    assert found_with(**components(RULE_OF_ACTION, condition)) == {
        (f"{RULE_OF_ACTION}/context/lhs", "REFERENCE_NOT_FOUND")
    }


@pytest.mark.parametrize(
    ("condition", "path", "code"),
    [
        ([], "", "INVALID_TYPE"),
        (None, "", "INVALID_TYPE"),
        ("always", "", "INVALID_TYPE"),
        ({"not": True}, "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"type": "weather"}, "/type", "ENUM_MISMATCH"),
        ({"type": "metric"}, "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({**METRIC, "expression": []}, "/expression", "OBJECT_ADDITIONAL_PROPERTIES"),
        ({**METRIC, "not": "true"}, "/not", "INVALID_TYPE"),
        ({"type": "and"}, "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"type": "and", "expression": {}}, "/expression", "INVALID_TYPE"),
        ({"type": "and", "expression": [{}]}, "/expression/0", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"type": "and", "expression": [], "context": {}}, "/context", "OBJECT_ADDITIONAL_PROPERTIES"),
    ],
)
def test_a_condition_of_a_wrong_shape_is_refused(found_with, condition, path, code):
    assert found_with(**components(RULE_OF_ACTION, condition)) == {(f"{RULE_OF_ACTION}{path}", code)}


def context(kind, **changes):
    original = next(condition for condition in ALL if condition["type"] == kind)
    merged = {**original["context"], **changes}
    return {"type": kind, "context": {key: value for key, value in merged.items() if value is not None}}


@pytest.mark.parametrize(
    ("condition", "key", "code"),
    [
        (context("metric", id="px"), "/id", "REFERENCE_NOT_FOUND"),
        (context("metric", id="rank"), "/id", "REFERENCE_TYPE_MISMATCH"),
        (context("metric", type="poimt"), "/type", "ENUM_MISMATCH"),
        (context("metric", operator="=="), "/operator", "ENUM_MISMATCH"),
        (context("metric", value="5 +"), "/value", "EXPRESSION_SYNTAX"),
        (context("metric", value=None), "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        (context("metric", item="bookworm"), "/item", "OBJECT_ADDITIONAL_PROPERTIES"),
        (context("metric", id="badges", type="set"), "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        (context("metric", id="badges", type="set", item="trophy"), "/item", "REFERENCE_NOT_FOUND"),
        (context("metric", id="rank", type="state", value="reader"), "/operator", "ENUM_MISMATCH"),
        (context("metric", id="rank", type="state", operator="eq", value="king"), "/value", "REFERENCE_NOT_FOUND"),
        (context("metric", id="rank", type="state", operator="eq", value=5), "/value", "INVALID_TYPE"),
        (context("action", id="reed"), "/id", "REFERENCE_NOT_FOUND"),
        (context("action", value="often"), "/value", "INVALID_FORMAT"),
        (context("action", value="0.5"), "/value", "INVALID_FORMAT"),
        (context("streak", action="reed"), "/action", "REFERENCE_NOT_FOUND"),
        (context("streak", unit="fortnight"), "/unit", "ENUM_MISMATCH"),
        (context("streak", value="0.5"), "/value", "INVALID_FORMAT"),
        (context("streak", operator=None), "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        (context("team", definition_id="clubs"), "/definition_id", "REFERENCE_NOT_FOUND"),
        (context("team", role="host"), "/role", "REFERENCE_NOT_FOUND"),
        (context("time", func="minute_of_hour"), "/func", "ENUM_MISMATCH"),
        (context("time", value="noon"), "/value", "INVALID_FORMAT"),
        (context("var", lhs="$vars"), "/lhs", "EXPRESSION_SYNTAX"),
        (context("var", rhs="$scores['rank']"), "/rhs", "REFERENCE_TYPE_MISMATCH"),
        (context("var", rhs=None), "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
    ],
)
def test_a_context_that_makes_no_sense_is_refused(found_with, condition, key, code):
    assert found_with(**components(RULE_OF_ACTION, condition)) == {(f"{RULE_OF_ACTION}/context{key}", code)}


@pytest.mark.parametrize(
    "condition",
    [
        context("metric", operator="neq"),
        context("metric", value=5),
        context("metric", id="badges", type="set", item="Night owl"),
        context("metric", id="badges", type="set", item="night OWL"),
        context("metric", id="rank", type="state", operator="neq", value="Reader"),
        context("action", value=5),
        context("streak", action=None, unit=None, value=5),
        context("team", definition_id=None, definition="club"),
        context("team", role="Host"),
        {"type": "and", "expression": []},
    ],
)
def test_other_spellings_are_accepted(found_with, condition):
    assert found_with(**components(RULE_OF_ACTION, condition)) == set()


def nested(levels):
    condition = METRIC
    for _ in range(levels - 1):
        condition = {"type": "and", "expression": [condition]}
    return condition


def test_a_condition_of_sixteen_levels_is_fine(found_with):
    assert found_with(**components(RULE_OF_ACTION, nested(16))) == set()


def test_a_condition_of_seventeen_levels_is_refused(found_with):
    path = RULE_OF_ACTION + "/expression/0" * 16
    assert found_with(**components(RULE_OF_ACTION, nested(17))) == {(path, "MAXIMUM")}


def test_a_condition_that_fills_the_deepest_document_is_refused_without_a_traceback(found_with):
    ((_, code),) = found_with(**components(RULE_OF_ACTION, nested(29)))
    assert code == "MAXIMUM"


def test_a_condition_of_two_hundred_nodes_is_fine(found_with):
    condition = {"type": "or", "expression": [METRIC] * 199}
    assert found_with(**components(RULE_OF_ACTION, condition)) == set()


def test_a_condition_of_more_nodes_is_refused(found_with):
    condition = {"type": "or", "expression": [METRIC] * 200}
    assert found_with(**components(RULE_OF_ACTION, condition)) == {(RULE_OF_ACTION, "ARRAY_LENGTH_LONG")}
