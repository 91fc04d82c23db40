import pytest

DAY = 86_400_000


def action(**keys):
    return {"actions": [{"id": "write", "name": "Write", **keys}]}


@pytest.mark.parametrize(
    "rate",
    [
        [50, 1],
        [50, 90_000, "ROLLING"],
        [1000, 90_000, "LEAKY"],
        *([9999, timeframe, "FIXED"] for timeframe in (60_000, 3_600_000, DAY, 7 * DAY, 28 * DAY, 31 * DAY)),
        [1, 365 * DAY, "FIXED"],
        [1, 366 * DAY, "FIXED"],
        ["Infinity", 5, "FIXED"],
    ],
)
def test_these_rates_are_accepted(found_with, rate):
    assert found_with(**action(rate=rate)) == set()


@pytest.mark.parametrize(
    ("rate", "key", "code"),
    [
        ("often", "", "INVALID_TYPE"),
        ([], "", "ARRAY_LENGTH_SHORT"),
        ([1], "", "ARRAY_LENGTH_SHORT"),
        ([1, DAY, "FIXED", 4], "", "ARRAY_LENGTH_LONG"),
        ([51, DAY], "/0", "MAXIMUM"),
        ([0, DAY, "FIXED"], "/0", "MINIMUM"),
        ([1.5, DAY, "FIXED"], "/0", "INVALID_TYPE"),
        (["5", DAY, "FIXED"], "/0", "INVALID_FORMAT"),
        ([5, "day", "FIXED"], "/1", "INVALID_TYPE"),
        ([5, 0, "LEAKY"], "/1", "MINIMUM"),
        ([5, 2**62, "LEAKY"], "/1", "MAXIMUM"),
        ([5, 2 * DAY, "FIXED"], "/1", "ENUM_MISMATCH"),
        ([5, 27 * DAY, "FIXED"], "/1", "ENUM_MISMATCH"),
        ([5, DAY, "DAILY"], "/2", "ENUM_MISMATCH"),
    ],
)
def test_these_rates_are_refused(found_with, rate, key, code):
    assert found_with(**action(rate=rate)) == {(f"/actions/write/rate{key}", code)}


@pytest.mark.parametrize(
    ("variable", "key", "code"),
    [
        ({"name": "pages", "type": "float"}, "/type", "ENUM_MISMATCH"),
        ({"name": "pages"}, "", "OBJECT_MISSING_REQUIRED_PROPERTY"),
        ({"name": "", "type": "int"}, "/name", "MIN_LENGTH"),
        ({"name": "pages", "type": "int", "default": "5"}, "/default", "INVALID_TYPE"),
        ({"name": "pages", "type": "int", "default": 0.5}, "/default", "INVALID_TYPE"),
        ({"name": "pages", "type": "string", "default": 5}, "/default", "INVALID_TYPE"),
        ({"name": "pages", "type": "int", "required": "yes"}, "/required", "INVALID_TYPE"),
    ],
)
def test_a_wrong_variable_is_refused(found_with, variable, key, code):
    assert found_with(**action(variables=[variable])) == {(f"/actions/write/variables/0{key}", code)}


def test_two_variables_cannot_share_a_name(found_with):
    variables = [{"name": "pages", "type": "int"}, {"name": "pages", "type": "string"}]
    assert found_with(**action(variables=variables)) == {("/actions/write/variables/1/name", "ARRAY_UNIQUE")}


@pytest.mark.parametrize("key", ["rules", "variables"])
def test_arrays_must_be_arrays(found_with, key):
    assert found_with(**action(**{key: {}})) == {(f"/actions/write/{key}", "INVALID_TYPE")}
