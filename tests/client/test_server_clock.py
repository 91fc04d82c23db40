"""How far the server's clock is from ours."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from django_playlyfe.client.server_clock import ServerClock

from .clocks import FakeClock


@pytest.mark.parametrize("ahead", [0, 1, -1, 90, -90, 3600])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_it_is_right_to_a_second(ahead, part):
    clock = FakeClock(1_709_640_000.0 + part)
    server = ServerClock(clock)
    server.note(formatdate(clock.now() - 0.1 + ahead, usegmt=True), took=0.2)
    assert abs(server.offset() - ahead) <= 1


def test_the_latest_answer_counts_and_one_without_a_date_says_nothing():
    clock = FakeClock()
    server = ServerClock(clock)
    assert server.offset() is None
    server.note("tomorrow, perhaps", took=0.1)
    assert server.offset() is None
    server.note(formatdate(clock.now() + 100, usegmt=True), took=0.0)
    server.note(None, took=0.0)
    assert server.offset() in {100, 101}
    server.note(formatdate(clock.now() - 50, usegmt=True), took=0.0)
    assert server.offset() in {-50, -49}
