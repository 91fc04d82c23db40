"""How bodies are written (``http-api.md`` §4.5, §4.8)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from django_playlyfe import instants
from django_playlyfe.engine.server.kit.answers import dump, failure
from django_playlyfe.wire import ERRORS, make_error

from .conftest import Api

TEXT = st.text() | st.lists(
    st.sampled_from(
        ['"', "\\", "error", "rror", "error_description", "rror_description", "\x1e", "\x0e", "\\u001e", "é", "😀"]
    )
).map("".join)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(BODIES)
def test_no_success_looks_like_a_failure_and_every_one_reads_back(body: Any) -> None:
    text = dump(body).decode()
    assert json.loads(text) == body
    assert '"error"' not in text
    assert "error_description" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("error", '"\\u0065rror"'),
        ("error_description", '"\\u0065rror_description"'),
        ("an error_description!", '"an \\u0065rror_description!"'),
        ("errors", '"errors"'),
        ("an error", '"an error"'),
        ('say "error"', '"say \\"error\\""'),
        ("\x1error_description", '"\\u001e\\u0072ror_description"'),
        ("Inês 😀", '"Inês 😀"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_words_that_libraries_take_for_a_failure_are_escaped(value: str, text: str) -> None:
    assert dump(value).decode() == text


def test_a_player_may_be_called_error(ines: Api) -> None:
    ines.patch("/runtime/player", {"alias": "error"})
    response = ines.get("/runtime/player")
    assert '"\\u0065rror"' in response.content.decode()
    assert '"error"' not in response.content.decode()
    assert response.json()["alias"] == "error"


def test_a_variable_may_be_called_error(ines: Api) -> None:
    variables = {"pages": 1, "genre": "error_description", "error": "error"}
    response = ines.post("/runtime/actions/finish_book/play", {"variables": variables})
    assert '"error"' not in response.content.decode()
    assert "error_description" not in response.content.decode()
    event = response.json()["events"]["local"][0]
    assert event["action"]["vars"]["genre"] == "error_description"


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_error_has_its_status_and_both_texts(name: str) -> None:
    response = failure(make_error(name))
    assert response.status_code == ERRORS[name].status >= 400
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(response.content)
    assert body["error"] == name
    assert body["error_description"]
    assert ("data" in body) == (name == "validation_exception")


def test_the_report_of_a_validation_error_is_always_whole() -> None:
    body = json.loads(failure(make_error("validation_exception", "Invalid request: reasons"), {"a": 1}).content)
    assert body == {
        "error": "validation_exception",
        "error_description": "Invalid request",
        "data": {"valid": False, "passed": 0, "data": {"a": 1}, "errors": []},
    }


def test_a_wait_is_told_in_whole_seconds_rounded_up() -> None:
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=False):
        soon = instants.now() + timedelta(seconds=1, milliseconds=1)
        assert failure(make_error("rate_limit_exceeded", retry_at=soon)).headers["Retry-After"] == "2"
        past = instants.now() - timedelta(seconds=9)
        assert failure(make_error("rate_limit_exceeded", retry_at=past)).headers["Retry-After"] == "1"
        assert failure(make_error("plan_limit_exceeded", retry_after=0.2)).headers["Retry-After"] == "1"
        assert "Retry-After" not in failure(make_error("rate_limit_exceeded")).headers
