"""Instants as clients send them (``http-api.md`` §4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from django_playlyfe.engine.calls.instants import read_instant
from django_playlyfe.exceptions import InvalidRequest
from django_playlyfe.wire import write_instant


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        ("0", "1970-01-01T00:00:00.000Z"),
        (1709640000, "2024-03-05T12:00:00.000Z"),
        (1709640000.25, "2024-03-05T12:00:00.250Z"),
        ("1709640000.25", "2024-03-05T12:00:00.250Z"),
        (1709640000123, "2024-03-05T12:00:00.123Z"),
        (100_000_000_000, "5138-11-16T09:46:40.000Z"),
        (100_000_000_001, "1973-03-03T09:46:40.001Z"),
        ("2024-03-05", "2024-03-05T00:00:00.000Z"),
        ("2024-03-05T12:00:00Z", "2024-03-05T12:00:00.000Z"),
        ("2024-03-05T12:00:00.5Z", "2024-03-05T12:00:00.500Z"),
        ("2024-03-05T12:00:00.123456Z", "2024-03-05T12:00:00.123Z"),
        ("2024-03-05T12:00:00", "2024-03-05T12:00:00.000Z"),
        ("2024-03-05 12:00:00", "2024-03-05T12:00:00.000Z"),
        ("2024-03-05T12:00Z", "2024-03-05T12:00:00.000Z"),
        ("2024-03-05T12:00:00+01:00", "2024-03-05T11:00:00.000Z"),
        ("2024-03-05T12:00:00-0530", "2024-03-05T17:30:00.000Z"),
    ],
)
def test_numbers_timestamps_and_dates_are_instants(given: Any, instant: str) -> None:
    assert write_instant(read_instant(given, "/start")) == instant


@pytest.mark.parametrize(
    "given",
    [
        None, True, [], {}, "", " ", "now", "-1", -1, "1e9", float("nan"), float("inf"), 10**18, 10**40, "٣",
        "2024-02-30", "2024-13-01", "2024-3-5", "2024-W10", "2024-03-05T", "2024-03-05T25:00:00Z", "2024-03-05x",
        "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "20240305T120000Z",
    ],
)  # fmt: skip
def test_anything_else_is_wrong_input(given: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_instant(given, "/start")
    assert caught.value.data is not None
    assert caught.value.data["errors"][0]["path"] == "/start"
