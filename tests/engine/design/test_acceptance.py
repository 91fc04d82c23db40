"""What is told to be right without jsonschema is right for jsonschema too, and of the rest it says the same."""

import copy
import cProfile
import json

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.design.acceptance import Acceptance
from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.plain import is_plain
from django_playlyfe.engine.design.report import Findings
from django_playlyfe.engine.design.schema import DESIGN
from django_playlyfe.engine.design.shapes import validator
from django_playlyfe.engine.design.validate import check

from .games import small_game
from .test_broken_designs import CORPUS
from .test_fuzz import damaged_designs, nested, scalars

ALONE = jsonschema.Draft202012Validator(DESIGN, format_checker=validator().format_checker)


def said(by, document):
    return [
        (error.validator, list(error.absolute_path), list(error.absolute_schema_path), error.message, error.instance)
        for error in by.iter_errors(document)
    ]


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.json")), ids=lambda path: path.stem)
def test_of_each_broken_design_the_same_is_said(path):
    document = json.loads(path.read_bytes()) if path.stem != "not_json" else None
    if is_plain(document, Findings()):
        for form in (document, normalise(document)):
            assert said(validator(), form) == said(ALONE, form)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged_designs())
def test_of_damaged_designs_the_same_is_said(document):
    if is_plain(document, Findings()):
        assert said(validator(), document) == said(ALONE, document)
        canonical = normalise(document)
        assert said(validator(), canonical) == said(ALONE, canonical)


SCHEMAS = (
    {"type": ["string", "number"]},
    {"type": "integer", "minimum": -2, "maximum": 2},
    {"type": "boolean"},
    {"enum": ["a", 1, False, None]},
    {"const": 1},
    {"const": "a"},
    {"minLength": 1, "maxLength": 2, "pattern": "^a"},
    {"minItems": 1, "maxItems": 2, "uniqueItems": True},
    {"minProperties": 1, "required": ["a"]},
    {"properties": {"a": {"type": "string"}}, "additionalProperties": False},
    {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "number"}},
    {"prefixItems": [{"type": "string"}], "items": {"type": "number"}},
    {"if": {"type": "string"}, "then": {"minLength": 1}},
    {"allOf": [{"type": "array"}, {"items": {"$ref": "#/$defs/inner"}}], "$defs": {"inner": {"type": "array"}}},
    {"format": "short"},
    {"format": "unheard-of"},
    {},
)
FORMATS = {"short": lambda value: not isinstance(value, str) or len(value) < 3}
texts = st.sampled_from(["", "a", "ab", "abc", "b"])
small = nested(scalars | texts | st.sampled_from([0, 1, 1.0, 2.5, True, False]))


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
@settings(deadline=None, max_examples=60)
@given(small | st.lists(small, max_size=3) | st.dictionaries(texts, small, max_size=3))
@example([1, 1.0])
@example([True, 1])
@example(["a", "a"])
@example(1.0)
@example(True)
def test_what_a_schema_accepts_is_valid(schema, value):
    checker = jsonschema.FormatChecker(formats=())
    for name, holds in FORMATS.items():
        checker.checks(name)(holds)
    if Acceptance(schema, FORMATS).of(schema)(value):
        assert jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(value)


@pytest.mark.parametrize("path", ["starter", *sorted(CORPUS.parent.glob("*.json"))], ids=str)
def test_a_design_that_is_right_is_accepted_without_asking(path):
    document = normalise(read(path))
    assert Acceptance(DESIGN, {}).of(DESIGN)(document) == ALONE.is_valid(document)


def test_a_keyword_without_a_meaning_is_an_error():
    with pytest.raises(KeyError, match="oneOf"):
        Acceptance({"oneOf": []}, {}).of({"oneOf": []})


def rules(number):
    badges = [{"id": f"b{n}", "name": f"Badge {n}"} for n in range(number)]
    achievements = [
        {
            "id": f"a{n}",
            "name": "Award",
            "type": "achievement",
            "achievement": {"metric": {"id": "shelf"}, "items": [{"key": f"Badge {n}", "value": "1"}]},
            "requires": {"type": "action", "context": {"id": "read", "operator": "ge", "value": "5"}},
        }
        for n in range(number)
    ]
    shelf = {"id": "shelf", "name": "Shelf", "type": "set", "constraints": {"items": badges}}
    return small_game(metrics=[shelf], rules=achievements)


def calls_of_functions(document):
    profile = cProfile.Profile()
    profile.enable()
    report = check(document)
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats()), report


def test_a_design_four_times_as_large_takes_four_times_as_long():
    check(rules(1))  # what is made once is made now
    small_one, report = calls_of_functions(rules(50))
    large, _ = calls_of_functions(rules(200))
    assert report.valid, report.lines()
    assert large < 4.2 * small_one


def test_one_wrong_rule_among_many_is_looked_at_alone():
    document = rules(200)
    right, _ = calls_of_functions(document)
    document = copy.deepcopy(document)
    del document["rules"][7]["requires"]["context"]["operator"]
    wrong, report = calls_of_functions(document)
    assert [problem.path for problem in report.problems] == ["/rules/a7/requires/context"]
    assert wrong < 1.2 * right
