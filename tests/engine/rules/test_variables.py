"""engine.md §6 and §15.4."""

from __future__ import annotations

import enum
import json
from decimal import Decimal

import pytest

from django_playlyfe.engine.rules import variables
from django_playlyfe.engine.rules.plan import Variable
from django_playlyfe.engine.rules.state import Refused

PAGES = Variable("pages", "int", required=True, default=0)
GENRE = Variable("genre", "string", default="fiction")
NOTE = Variable("note", "string")


class Genre(str, enum.Enum):
    HISTORY = "history"


class Size(enum.IntEnum):
    LONG = 600


def report_of(declared, given):
    with pytest.raises(Refused) as caught:
        variables.read(declared, given)
    assert caught.value.code == "validation_exception"
    assert caught.value.text == "Invalid request"
    json.dumps(caught.value.report)
    return caught.value.report


@pytest.mark.parametrize(
    ("given", "pages"),
    [
        (600, 600),
        ("600", 600),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        (600.0, 600),
        (-1, -1),
        (Size.LONG, 600),
        (10**30, 10**30),
    ],
)
def test_an_int_is_an_integer_or_text_that_reads_as_one(given, pages):
    read = variables.read([PAGES], {"pages": given})
    assert read == {"pages": pages}
    assert type(read["pages"]) is int


@pytest.mark.parametrize(
    "given",
    [
        "",
        "six",
        "6.5",
        "1e3",
        " 6",
        "6\n",
        "٦",
        "9" * 301,
        6.5,
        10**300,
        1e308,
        float("nan"),
        float("inf"),
        True,
        None,
        [6],
        {},
        Decimal(6),
    ],
    ids=lambda given: f"{type(given).__name__}-{str(given)[:8]!r}" if not isinstance(given, int) else "int",
)
def test_any_other_value_of_an_int_is_refused(given):
    report = report_of([PAGES], {"pages": given})
    assert [(error["code"], error["path"]) for error in report["errors"]] == [("INVALID_TYPE", "/variables/pages")]


@pytest.mark.parametrize("given", ["", "history", "12", "größe 📚", Genre.HISTORY])
def test_a_string_is_text(given):
    read = variables.read([GENRE], {"genre": given})
    assert read == {"genre": given}
    assert type(read["genre"]) is str


@pytest.mark.parametrize("given", [6, 6.5, True, None, ["a"], b"a", "a\0b", "\ud800"])
def test_any_other_value_of_a_string_is_refused(given):
    report = report_of([GENRE], {"genre": given})
    assert [(error["code"], error["path"]) for error in report["errors"]] == [("INVALID_TYPE", "/variables/genre")]


def test_defaults_fill_in_what_is_optional():
    assert variables.read([PAGES, GENRE, NOTE], {"pages": 1}) == {"pages": 1, "genre": "fiction"}


def test_a_default_does_not_replace_a_required_variable():
    report = report_of([PAGES, GENRE], {"genre": "history"})
    assert report == {
        "valid": False,
        "passed": 1,
        "data": {"variables": {"genre": "history"}},
        "errors": [
            {
                "code": "OBJECT_MISSING_REQUIRED_PROPERTY",
                "path": "/variables/pages",
                "instance": None,
                "message": "pages is required",
                "validator": "required",
                "validator_value": ["pages"],
                "schema": {"required": ["pages"]},
                "relative_schema_path": "/required",
                "absolute_schema_path": "#/variables/pages/required",
            }
        ],
    }


def test_every_problem_is_reported():
    report = report_of([PAGES, GENRE], {"genre": 1, "extra": object(), 5: 1})
    assert [(error["code"], error["path"]) for error in report["errors"]] == [
        ("OBJECT_MISSING_REQUIRED_PROPERTY", "/variables/pages"),
        ("INVALID_TYPE", "/variables/genre"),
        ("INVALID_TYPE", "/variables/extra"),
        ("INVALID_FORMAT", "/variables"),
    ]
    assert report["passed"] == 0
    assert report["data"] == {"variables": {"genre": 1, "extra": "object"}}


def test_an_undeclared_variable_is_echoed_as_it_came():
    given = {"where": {"shelf": [1, 2.5, None, True]}, "pages": "3"}
    assert variables.read([PAGES], given) == {"pages": 3, "where": {"shelf": [1, 2.5, None, True]}}


@pytest.mark.parametrize(
    "value",
    [{"a": {1: 2}}, {"a": ["\0"]}, {"a": float("nan")}, {"a": {1, 2}}, {"a": 10**400}, {"a": ("tuple",)}, {"a/~\0": 1}],
    ids=str,
)
def test_an_undeclared_variable_must_be_json(value):
    assert len(report_of([], value)["errors"]) == 1


def test_deep_nesting_is_refused_without_a_recursion_error():
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert report_of([], {"deep": deep})["errors"][0]["path"] == "/variables/deep"


def test_the_path_of_a_strange_name_is_a_json_pointer():
    assert report_of([], {"a/b~c": object()})["errors"][0]["path"] == "/variables/a~1b~0c"


def test_what_is_given_is_left_as_it_is():
    given = {"pages": "3"}
    variables.read([PAGES, GENRE], given)
    assert given == {"pages": "3"}
