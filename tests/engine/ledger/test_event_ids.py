"""Ids of events tell the instant and the order."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from django_playlyfe.engine.ledger import event_ids

EXAMPLE = uuid.UUID("e4716000-dae7-11ee-923a-5bd1e20c47f9")
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
GREGORIAN = datetime(1582, 10, 15, tzinfo=timezone.utc)
instants = st.integers(0, 7_000_000_000_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
)


def test_the_id_of_the_example() -> None:
    bits = iter([0x123A, 0x5BD1E20C47F9])
    assert event_ids.first_id(NOON, lambda number: next(bits)) == EXAMPLE


def test_following_events_count_up_by_one_tick() -> None:
    ids = [event_ids.nth_id(EXAMPLE, tick) for tick in range(3)]
    assert [str(identifier)[:8] for identifier in ids] == ["e4716000", "e4716001", "e4716002"]
    assert {str(identifier)[8:] for identifier in ids} == {str(EXAMPLE)[8:]}


@given(instants, st.integers(0, 9_999))
def test_an_id_holds_its_instant_to_the_millisecond(at: datetime, tick: int) -> None:
    identifier = event_ids.nth_id(event_ids.first_id(at), tick)
    assert identifier.version == 1
    assert identifier.variant == uuid.RFC_4122
    assert GREGORIAN + timedelta(microseconds=identifier.time // 10_000 * 1_000) == at
    assert identifier.time % 10_000 == tick


@given(instants)
def test_a_random_node_is_marked_as_such(at: datetime) -> None:
    assert event_ids.first_id(at, lambda bits: 0).node == 0x01_00_00_00_00_00
    assert event_ids.first_id(at).node >> 40 & 1


def test_two_calls_of_one_millisecond_have_different_ids() -> None:
    assert len({event_ids.first_id(NOON) for _ in range(100)}) == 100


def test_a_tick_carries_over_into_the_higher_fields() -> None:
    last = uuid.UUID("ffffffff-dae7-11ee-923a-5bd1e20c47f9")
    assert str(event_ids.nth_id(last, 1)) == "00000000-dae8-11ee-923a-5bd1e20c47f9"
