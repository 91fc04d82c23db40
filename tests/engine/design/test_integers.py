import pytest

from django_playlyfe.engine.design.integers import LARGEST, canonical_expression, canonical_integer


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("5", "5"),
        (5, "5"),
        (5.0, "5"),
        ("+5", "5"),
        ("007", "7"),
        ("-0", "0"),
        (-0.0, "0"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        (1e16, "10000000000000000"),
        ("5.00", "5"),
        (str(LARGEST), str(LARGEST)),
        (-LARGEST, str(-LARGEST)),
    ],
)
def test_an_integer_has_one_form(value, canonical):
    assert canonical_integer(value) == canonical


@pytest.mark.parametrize(
    "value",
    ["0.5", 0.5, "", " 5", "5 ", "1_0", "٣", "0x10", "Infinity", "NaN", "1e-3", str(LARGEST + 1), "1e40", True, None],
)
def test_anything_else_is_no_integer(value):
    assert canonical_integer(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (-5, "-5"), (5.0, "5"), (0.5, "0.5"), (1e-7, "0.0000001"), (" 007 + 1 ", " 007 + 1 "), (True, True)],
)
def test_a_json_number_becomes_an_expression_without_exponent(value, text):
    assert canonical_expression(value) == text
