"""Strict JSON from strangers (``reliability.md`` §2.7; §5 A16)."""

from __future__ import annotations

import contextlib
import functools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_playlyfe.client.bodies import NotJSON, parse_json


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Log in to the Wi-Fi</html>",
        b"NaN",
        b'{"a": NaN}',
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b"[" * 200_000,
        b"[" * 101 + b"]" * 101,
        b'{"a":' * 101 + b"1" + b"}" * 101,
        b"1" * 5_000,
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b'{"alias": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b"{",
        b'{"a": 1} x',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_json_is_said_to_be_so(body):
    with pytest.raises(NotJSON):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", None),
        (b"  \n", None),
        (b"null", None),
        (b"[]", []),
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"9007199254740993", 9007199254740993),
        (b'{"error": "\\u0065rror"}', {"error": "error"}),
        (b'{"a\\u0000": "b\\u0000\\\\\\u0000"}', {"a\ufffd": "b\ufffd\\\ufffd"}),
        (b'"\\\\u0000"', "\\u0000"),
        (b"[" * 100 + b"]" * 100, functools.reduce(lambda inner, _: [inner], range(99), [])),
        (b"[" + b"[]," * 1000 + b"{}]", [[]] * 1000 + [{}]),
    ],
)
def test_json_is_read(body, value):
    assert parse_json(body) == value


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_every_json_value_comes_back(value):
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(body):
    with contextlib.suppress(NotJSON):
        parse_json(body)
