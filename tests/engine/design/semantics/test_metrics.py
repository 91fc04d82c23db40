import pytest

from ..games import small_game


def point(**constraints):
    return {"id": "coins", "name": "Coins", "type": "point", "constraints": constraints}


def compound(identifier, formula):
    return {"id": identifier, "name": identifier, "type": "compound", "constraints": {"formula": formula}}


@pytest.mark.parametrize(
    "constraints",
    [
        {},
        {"min": "-Infinity", "max": "Infinity", "default": "-5"},
        {"min": "-10", "max": "10"},
        {"min": 0, "max": 0, "default": 0},
        {"max": str(2**63 - 1), "min": str(1 - 2**63)},
    ],
)
def test_bounds_that_hold_the_default_are_fine(found_with, constraints):
    assert found_with(metrics=[point(**constraints)]) == set()


@pytest.mark.parametrize(
    ("constraints", "key", "code"),
    [
        ({"min": "5"}, "default", "MINIMUM"),
        ({"max": "5", "default": "6"}, "default", "MAXIMUM"),
        ({"min": "5", "max": "4", "default": "5"}, "min", "MAXIMUM"),
        ({"min": "Infinity"}, "min", "INVALID_FORMAT"),
        ({"max": "-Infinity"}, "max", "INVALID_FORMAT"),
        ({"default": "Infinity"}, "default", "INVALID_FORMAT"),
        ({"default": "0.5"}, "default", "INVALID_FORMAT"),
        ({"default": 0.5}, "default", "INVALID_FORMAT"),
        ({"default": "$scores.xp"}, "default", "INVALID_FORMAT"),
        ({"default": True}, "default", "INVALID_TYPE"),
        ({"default": None}, "default", "INVALID_TYPE"),
        ({"max": str(2**63)}, "max", "INVALID_FORMAT"),
        ({"max": "1e99"}, "max", "INVALID_FORMAT"),
        ({"max": "1_000"}, "max", "INVALID_FORMAT"),
        ({"max": " 5"}, "max", "INVALID_FORMAT"),
        ({"max": "٥"}, "max", "INVALID_FORMAT"),
    ],
)
def test_wrong_bounds_are_refused(found_with, constraints, key, code):
    assert found_with(metrics=[point(**constraints)]) == {(f"/metrics/coins/constraints/{key}", code)}


def test_two_items_cannot_have_one_id_even_if_it_is_derived(found_with):
    items = [{"name": "Night owl"}, {"name": "night-owl"}, {"id": "night_owl", "name": "Other"}]
    metric = {"id": "cups", "name": "Cups", "type": "set", "constraints": {"items": items}}
    assert found_with(metrics=[metric]) == {
        ("/metrics/cups/constraints/items/1/id", "ARRAY_UNIQUE"),
        ("/metrics/cups/constraints/items/2/id", "ARRAY_UNIQUE"),
    }


def test_two_states_cannot_have_one_name(found_with):
    states = [{"name": "Reader"}, {"id": "reader_2", "name": "Reader"}]
    metric = {"id": "stage", "name": "Stage", "type": "state", "constraints": {"states": states}}
    assert found_with(metrics=[metric]) == {("/metrics/stage/constraints/states/1/name", "ARRAY_UNIQUE")}


def test_limits_of_a_set_are_not_negative(found_with):
    constraints = {"max_items": "-1", "items": [{"name": "Cup", "max": "-1"}, {"name": "Bowl", "max": "0"}]}
    metric = {"id": "cups", "name": "Cups", "type": "set", "constraints": constraints}
    assert found_with(metrics=[metric]) == {
        ("/metrics/cups/constraints/max_items", "MINIMUM"),
        ("/metrics/cups/constraints/items/0/max", "MINIMUM"),
    }


def test_a_state_metric_has_at_least_one_state(found_with):
    metric = {"id": "stage", "name": "Stage", "type": "state", "constraints": {"states": []}}
    assert found_with(metrics=[metric]) == {("/metrics/stage/constraints/states", "ARRAY_LENGTH_SHORT")}


@pytest.mark.parametrize("kind", ["set", "state", "compound"])
def test_only_a_point_metric_needs_no_constraints(found_with, kind):
    metric = {"id": "other", "name": "Other", "type": kind}
    assert found_with(metrics=[metric]) == {("/metrics/other", "OBJECT_MISSING_REQUIRED_PROPERTY")}


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("$scores['nothing']", "REFERENCE_NOT_FOUND"),
        ("$scores['badges']['trophy']", "REFERENCE_NOT_FOUND"),
        ("$scores['badges']['Night owl']", "REFERENCE_NOT_FOUND"),
        ("$scores['badges']", "REFERENCE_TYPE_MISMATCH"),
        ("$scores['rank']", "REFERENCE_TYPE_MISMATCH"),
        ("$scores['xp']['item']", "REFERENCE_TYPE_MISMATCH"),
        ("$vars['pages']", "REFERENCE_NOT_FOUND"),
        ("$scores['xp'] >= 5", "EXPRESSION_SYNTAX"),
        ("__import__('os')", "EXPRESSION_SYNTAX"),
        ("", "EXPRESSION_SYNTAX"),
        ("(" * 51 + "1" + ")" * 51, "EXPRESSION_SYNTAX"),
        ("1" * 2049, "EXPRESSION_SYNTAX"),
        ("$scores['impact']", "REFERENCE_CYCLE"),
        (None, "INVALID_TYPE"),
    ],
)
def test_a_wrong_formula_is_refused(found_with, formula, code):
    assert found_with(metrics=[compound("impact", formula)]) == {("/metrics/impact/constraints/formula", code)}


@pytest.mark.parametrize(
    "formula",
    [
        "$scores.xp",
        " $scores['badges']['night_owl'] * 5 ",
        "$scores.badges.bookworm",
        "min(1, $scores.xp)",
        5,
        0.5,
        "-1",
    ],
)
def test_a_formula_of_what_exists_is_fine(found_with, formula):
    assert found_with(metrics=[compound("impact", formula)]) == set()


def test_every_compound_of_a_circle_is_named_but_not_those_that_wait_for_it(found_with):
    metrics = [compound("a", "$scores.b"), compound("b", "$scores.c + $scores.xp"), compound("c", "$scores.a")]
    metrics.append(compound("outside", "$scores.a"))
    assert found_with(metrics=metrics) == {
        (f"/metrics/{name}/constraints/formula", "REFERENCE_CYCLE") for name in ("a", "b", "c")
    }


def test_compounds_refer_to_compounds_at_most_sixteen_deep(found_with):
    chain = [compound("c1", "$scores.xp")]
    chain += [compound(f"c{level}", f"$scores.c{level - 1}") for level in range(2, 18)]
    assert found_with(metrics=chain[:16]) == set()
    assert found_with(metrics=chain) == {("/metrics/c17/constraints/formula", "MAXIMUM")}


def test_a_compound_defined_after_its_user_is_fine(found):
    game = small_game()
    game["metrics"] = [compound("second", "$scores.first"), compound("first", "$scores.xp"), *game["metrics"]]
    assert found(game) == set()
