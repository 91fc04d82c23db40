"""engine.md §7."""

from __future__ import annotations

import contextlib
import copy
import decimal
import pickle
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.rules.arithmetic import as_score
from django_playlyfe.engine.rules.formulas import MAXIMUM_DEPTH, MAXIMUM_LENGTH, ExpressionSyntax, parse


class Shelf:
    """Scores of one player: xp 7, badges.bookworm 1."""

    def number(self, metric: str, item: str | None) -> Decimal:
        return {("xp", None): Decimal(7), ("badges", "bookworm"): Decimal(1)}.get((metric, item), Decimal("NaN"))


VARIABLES = {"pages": 600, "genre": "history", "digits": "12", "long name": 3, "list": [1], "flag": True}


def value(text: str | int | float) -> Decimal | str:
    return parse(text).evaluate(Shelf(), VARIABLES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40", "40"),
        ("1.50", "1.5"),
        ("007", "7"),
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("100 / 10 / 5", "2"),
        ("2 * 7 % 4", "2"),
        ("1 / 8", "0.125"),
        ("-3 + 5", "2"),
        ("5 - -3", "8"),
        ("+-+-4", "4"),
        ("-2 * -3", "6"),
        ("-7 % 3", "-1"),
        ("7 % -3", "1"),
        ("7.5 % 2", "1.5"),
        ("min(3)", "3"),
        ("min(3, 1, 2)", "1"),
        ("max(3, 1 + 9, 2)", "10"),
        ("max(min(5, 3), 1)", "3"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(2.4)", "2"),
        ("floor(-2.5)", "-3"),
        ("ceil(-2.5)", "-2"),
        ("ceil(2.1)", "3"),
        ("\t1\r\n+\n1 ", "2"),
        ("$scores.xp", "7"),
        ("$scores['xp']", "7"),
        ('$scores["xp"]', "7"),
        ("$scores.badges.bookworm", "1"),
        ('$scores.badges["bookworm"]', "1"),
        ("$scores['badges'].bookworm", "1"),
        ("$scores [ 'badges' ] [ 'bookworm' ]", "1"),
        ("$vars.pages", "600"),
        ("$vars['pages'] / 10", "60"),
        ("$vars['long name']", "3"),
        ("'12' + '3'", "15"),  # never concatenated
        ("$vars['digits'] * 2", "24"),
        ("'-1.5' + 0", "-1.5"),
        ("max('2', 1)", "2"),
        ("round('2.5')", "3"),
        ("-'4'", "-4"),
    ],
)
def test_an_expression_has_a_value(text, expected):
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"gold"', "gold"),
        ("'gold'", "gold"),
        ("('gold')", "gold"),
        ("''", ""),
        (r'"say \"x\" \\ \'"', r"""say "x" \ '"""),
        ('"two\nlines"', "two\nlines"),
        ("'40'", "40"),
        ("$vars.genre", "history"),
    ],
)
def test_text_stays_text_where_nothing_is_computed(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "0 / 0",
        "1 % 0",
        "'gold' + 1",
        "'gold' + 'gold'",
        "-'gold'",
        "round('')",
        "'1e3' + 0",
        "' 1' + 0",
        "$vars.missing",
        "$vars.list",
        "$vars.flag",
        "$scores.unknown",
        "min(1, 0 / 0)",
        "max(0 / 0, 1)",
        "floor(0 / 0)",
        "0 * (1 / 0)",
        "1 / (1 / 0)",
        "*".join(["9999999999"] * 180 + ["1"]) + " - 1 / 0",
    ],
)
def test_what_is_undefined_is_not_a_number(text):
    assert value(text).is_nan()


def test_overflow_is_not_a_number():
    huge = " * ".join([f"{'9' * 500}"] * 4)
    assert value(huge) > 0
    growing: Decimal | str = "9" * 2000
    for _ in range(12):
        growing = parse("$vars.x * $vars.x * $vars.x").evaluate(Shelf(), {"x": str(growing)})
        if growing.is_nan():
            return
        growing = f"{growing:f}"
    pytest.fail("Powers of powers never overflowed")


def test_arithmetic_has_28_digits():
    assert str(value("1 / 3")) == "0." + "3" * 28
    assert value("1 / 3 * 3") == Decimal("0." + "9" * 28)


def test_scores_beyond_a_float_are_exact():
    class Rich:
        def number(self, metric, item):
            return Decimal(2**63 - 2)

    assert as_score(parse("$scores.xp + 1").evaluate(Rich(), {})) == 2**63 - 1


def test_the_context_of_the_thread_plays_no_part():
    signals = [
        decimal.Inexact,
        decimal.Rounded,
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.FloatOperation,
    ]
    with decimal.localcontext(decimal.Context(prec=2, rounding=decimal.ROUND_UP, traps=signals)) as context:
        assert str(value("1 / 3")) == "0." + "3" * 28
        assert value("round(1234.5) + 0") == 1235
        assert value("min(0 / 0, 1)").is_nan()
        assert value("max(123456, 123457)") == 123457
        assert as_score(value("12345.5")) == 12346
        assert not any(context.flags.values())


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("   ", 3),
        ("1 +", 3),
        ("* 1", 0),
        ("1 2", 2),
        ("1e5", 1),
        ("1.", 1),
        (".5", 0),
        ("0x10", 1),
        ("1_000", 1),
        ("(1", 2),
        ("1)", 1),
        ("()", 1),
        ("1 < 2", 2),
        ("1 == 2", 2),
        ("1 ? 2 : 3", 2),
        ("x = 1", 0),
        ("!1", 0),
        ("1 ** 2", 3),
        ("1 // 2", 3),
        ("true", 0),
        ("Infinity", 0),
        ("NaN", 0),
        ("xp", 0),
        ("pow(1, 2)", 0),
        ("1 + foo(2) = 3", 4),
        ("MIN(1)", 0),
        ("__import__('os')", 0),
        ("min", 3),
        ("min()", 4),
        ("min(1,)", 6),
        ("round(1, 2)", 0),
        ("floor(1, 2)", 0),
        ("ceil(1, 2)", 0),
        ("$vars", 5),
        ("$scores", 7),
        ("$scoresx.xp", 0),
        ("$var.pages", 0),
        ("$vars.1", 6),
        ("$vars[1]", 6),
        ("$vars[pages]", 6),
        ("$vars['pages'", 13),
        ("$vars.a.b", 7),
        ("$scores.a.b.c", 11),
        ("$scores.größe", 10),
        ("'open", 0),
        ("'a\\n'", 0),
        ("'a' 'b'", 4),
        ("1\u00a0+ 1", 1),
        ("٣", 0),
        ("1; 2", 1),
        ("`1`", 0),
    ],
)
def test_a_syntax_error_names_its_position(text, position):
    with pytest.raises(ExpressionSyntax) as caught:
        parse(text)
    assert caught.value.position == position
    assert f"at position {position}" in str(caught.value)


@pytest.mark.parametrize(
    ("number", "text"), [(40, "40"), (-3, "-3"), (0.5, "0.5"), (1e-7, "0.0000001"), (1e22, "10000000000000000000000")]
)
def test_a_json_number_is_an_expression(number, text):
    assert parse(number).text == text
    assert value(number) == Decimal(text)


@pytest.mark.parametrize("thing", [True, None, [], {}, float("inf"), float("nan"), 1 << 20_000, b"1"], ids=type)
def test_anything_else_is_a_syntax_error(thing):
    with pytest.raises(ExpressionSyntax):
        parse(thing)


def test_the_text_is_kept_verbatim():
    assert parse("  1+ 1 ").text == "  1+ 1 "


def test_references_are_listed_once():
    expression = parse("$scores.xp + $scores['xp'] * $scores.badges.bookworm - min($vars.pages, $vars['genre'])")
    assert expression.references == {
        ("scores", "xp", None),
        ("scores", "badges", "bookworm"),
        ("vars", "pages"),
        ("vars", "genre"),
    }


def test_an_expression_can_be_compared_copied_and_pickled():
    expression = parse("$scores.xp + 1")
    assert expression == parse("$scores.xp + 1") != parse("$scores.xp+1")
    assert copy.deepcopy(expression).evaluate(Shelf(), {}) == 8
    assert pickle.loads(pickle.dumps(expression)).evaluate(Shelf(), {}) == 8


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("-", ""), ("min(", ")"), ("max(1, ", ")")])
def test_nesting_is_limited(opening, closing):
    assert parse(opening * MAXIMUM_DEPTH + "1" + closing * MAXIMUM_DEPTH)
    with pytest.raises(ExpressionSyntax, match="levels deep"):
        parse(opening * (MAXIMUM_DEPTH + 1) + "1" + closing * (MAXIMUM_DEPTH + 1))


def test_nesting_counts_what_is_inside_each_other_only():
    assert value(" + ".join(["(((1)))"] * 200)) == 200


def test_length_is_limited():
    assert parse("1" * MAXIMUM_LENGTH)
    with pytest.raises(ExpressionSyntax, match="2048 characters"):
        parse("1" * (MAXIMUM_LENGTH + 1))
    with pytest.raises(ExpressionSyntax, match="2048 characters"):
        parse(" " * 50_000_000)


@pytest.mark.parametrize(
    "text", ["1" + "+1" * 1023, "(" * 2048, "-" * 2048, "min(" * 512, "'" + "\\\\" * 1023, "9" * 2048]
)
def test_hostile_text_costs_nothing(text):
    started = time.process_time()
    with contextlib.suppress(ExpressionSyntax):
        parse(text).evaluate(Shelf(), {})
    assert time.process_time() - started < 1


@settings(deadline=None)
@given(st.text(alphabet="$varscoemin.[]()'\"\\+-*/%,0123456789 \n", max_size=60))
def test_any_text_is_an_expression_or_a_syntax_error(text):
    with contextlib.suppress(ExpressionSyntax):
        result = parse(text).evaluate(Shelf(), VARIABLES)
        assert isinstance(result, str) or result.is_finite() or result.is_nan()


whole = st.integers(min_value=-50, max_value=50)


@st.composite
def sums(draw, depth=3):
    """An expression of integers without division, as Python would write it too."""
    if depth == 0 or draw(st.booleans()):
        number = draw(whole)
        return str(number) if number >= 0 else f"({number})"
    left, right = draw(sums(depth=depth - 1)), draw(sums(depth=depth - 1))
    return draw(
        st.sampled_from(["{} + {}", "{} - {}", "{} * {}", "({} + {})", "({} - {})", "min({}, {})", "-max({}, {})"])
    ).format(left, right)


@settings(deadline=None)
@given(sums())
def test_integers_compute_as_in_python(text):
    assert value(text) == eval(text)
