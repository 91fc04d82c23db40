import json
import math

import pytest

from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignInvalid


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "INVALID_TYPE"),
        (math.inf, "INVALID_TYPE"),
        (10**400, "MAXIMUM"),
        (10**5000, "MAXIMUM"),
        (-(10**5000), "MINIMUM"),
        (1e300, "MAXIMUM"),
        (b"bytes", "INVALID_TYPE"),
        ((1, 2), "INVALID_TYPE"),
        ({1, 2}, "INVALID_TYPE"),
        (object(), "INVALID_TYPE"),
        ("\x00", "INVALID_FORMAT"),
        ("\x1b[2J", "INVALID_FORMAT"),
        ("\x9b", "INVALID_FORMAT"),
        ("\ud800", "INVALID_FORMAT"),
        (nested(100_000), "MAXIMUM"),
        ({1: "x"}, "INVALID_TYPE"),
        ({"\x00": "x"}, "INVALID_FORMAT"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else type(value).__name__,
)
def test_what_is_no_plain_json_is_reported_at_its_place(value, code):
    report = check({"game": {"id": "game", "title": value}})
    assert report.problems[0].code == code
    assert report.problems[0].path.startswith("/game/title")
    assert report.data is None
    json.dumps(report.as_data())
    "\n".join(report.lines()).encode()


@pytest.mark.parametrize("document", [None, 5, "text", [], nested(100_000), math.nan, object()])
def test_anything_at_all_gives_a_report(document):
    assert not check(document).valid


def test_a_document_of_too_many_values_is_refused():
    report = check({"metrics": [0] * 200_001})
    assert "is too large" in report.problems[-1].message


def test_normalising_what_is_no_json_is_refused():
    with pytest.raises(DesignInvalid):
        normalise({"game": nested(100_000)})


def test_tabs_and_line_ends_are_fine_in_descriptions():
    assert check({"game": {"id": "game", "description": "one\n\ttwo"}}).valid
