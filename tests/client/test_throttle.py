"""One record per host, several processes played by several throttles (``reliability.md`` §2.5)."""

from __future__ import annotations

import pytest
from django.core.cache.backends.filebased import FileBasedCache

from django_playlyfe.client.sharing import Sharing
from django_playlyfe.client.throttle import Admission, Throttle
from django_playlyfe.exceptions import Suppressed

from .clocks import Middle

HOST = "api.game.example"


@pytest.fixture
def process(clock, cache):
    """Makes a throttle as another process has it; ``shares=False``: one without a cache."""

    def make(*, shares=True):
        return Throttle(HOST, Sharing((lambda: cache) if shares else None, clock), clock, Middle())

    return make


def is_open(throttle):
    try:
        throttle.admit(may_probe=False)
    except Suppressed:
        return False
    return True


def test_what_one_process_learns_all_know_within_a_second(process, clock, cache):
    first, second = process(), process()
    assert is_open(second)
    first.trip("rate", 7)
    assert not is_open(first)
    assert is_open(second)  # it has looked less than a second ago
    clock.move(1)
    assert not is_open(second)
    assert set(cache.entries[f"playlyfe:thr:1:{HOST}"][0]) == {"until", "why", "n", "successes"}


def test_the_cache_is_read_once_a_second(process, cache):
    throttle = process()
    for _ in range(100):
        is_open(throttle)
    assert cache.calls == 1


@pytest.mark.parametrize(
    ("why", "retry_after", "wait"),
    [
        ("rate", 7, 7.35),
        ("rate", 86400, 315),
        ("rate", None, 30),
        ("rate", 0, 30),
        ("unavailable", None, 30),
        ("quota", None, 3600),
        ("quota", 600, 630),
    ],
)
def test_the_wait_is_the_servers_else_ours(process, clock, why, retry_after, wait):
    throttle = process()
    throttle.strained(Admission(), why, retry_after)
    assert throttle.record().until - clock.now() == pytest.approx(wait)


def test_a_shorter_wish_never_shortens_a_wait_and_stragglers_do_not_double_it(process, clock):
    throttle = process()
    throttle.trip("rate", 100)
    until = throttle.record().until
    throttle.trip("rate", 7)
    throttle.strained(Admission(), "unavailable")
    assert (throttle.record().until, throttle.record().n) == (until, 1)
    throttle.trip("rate", 200)
    assert (throttle.record().until > until, throttle.record().n) == (True, 1)


def test_five_failures_in_a_row_count_in_the_process_alone(process):
    first, second = process(), process()
    for _ in range(4):
        first.strained(Admission(), "failure")
        second.strained(Admission(), "failure")
    assert is_open(first)
    first.succeeded(Admission())
    first.strained(Admission(), "failure")
    assert is_open(first)
    second.strained(Admission(), "failure")
    assert not is_open(second)


def test_a_redirect_is_no_failure_of_the_host(process):
    throttle = process()
    for _ in range(10):
        throttle.strained(Admission(), "misrouted")
    assert is_open(throttle)


@pytest.mark.parametrize("shares", [True, False])
def test_one_of_all_callers_is_elected_and_pages_are_not(process, clock, shares):
    throttles = [process(shares=shares) for _ in range(4)] if shares else [process(shares=False)] * 4
    throttles[0].trip("rate", 10)
    clock.move(11)
    for throttle in throttles:
        with pytest.raises(Suppressed):
            throttle.admit(may_probe=False)
    elected, held = [], []
    for throttle in throttles * 3:
        try:
            elected.append(throttle.admit(may_probe=True))
        except Suppressed as error:
            held.append(error)
    assert [admission.probing.why for admission in elected] == ["rate"]
    assert {(error.reason, error.retry_at is None) for error in held} == {("throttled", False)}


def test_two_successes_clear_the_record_by_overwriting_it(process, clock, cache):
    throttle, other = process(), process()
    throttle.trip("rate", 10)
    clock.move(11)
    admission = throttle.succeeded(throttle.admit(may_probe=True))
    assert not is_open(throttle)
    assert throttle.succeeded(admission) == Admission()
    assert is_open(throttle)
    assert is_open(other)
    assert cache.deleted == []


def test_a_probe_that_fails_waits_twice_as_long(process, clock):
    throttle = process()
    throttle.trip("unavailable")
    waits = []
    for _ in range(6):
        waits.append(throttle.record().until - clock.now())
        clock.move(waits[-1] + 0.1)
        throttle.strained(throttle.admit(may_probe=True), "failure")
    assert waits == pytest.approx([30, 60, 120, 240, 300, 300])


def test_trouble_soon_after_goes_on_doubling_and_later_it_starts_anew(process, clock):
    throttle = process()

    def trip_and_clear():
        throttle.trip("unavailable")
        wait = throttle.record().until - clock.now()
        clock.move(wait + 0.1)
        throttle.succeeded(throttle.succeeded(throttle.admit(may_probe=True)))
        return wait

    assert [trip_and_clear(), trip_and_clear()] == pytest.approx([30, 60])
    clock.move(700)
    assert trip_and_clear() == pytest.approx(30)


@pytest.mark.parametrize("shares", [True, False])
def test_a_probe_that_died_is_replaced_after_a_minute(process, clock, shares):
    first = process(shares=shares)
    second = process() if shares else first
    first.trip("rate", 10)
    clock.move(11)
    assert first.admit(may_probe=True).probing
    with pytest.raises(Suppressed):
        second.admit(may_probe=True)
    clock.move(61)
    assert second.admit(may_probe=True).probing
    with pytest.raises(Suppressed):
        first.admit(may_probe=True)


def test_with_the_cache_down_each_process_keeps_its_own_record(process, clock, cache):
    first, second = process(), process()
    cache.is_down = True
    first.trip("rate", 10)
    assert not is_open(first)
    assert is_open(second)
    clock.move(11)
    assert first.admit(may_probe=True).probing


def test_a_lost_or_damaged_record_means_open(process, clock, cache):
    throttle = process()
    throttle.trip("rate", 100)
    for damage in ("junk", {"until": "soon", "why": "rate", "n": 1}, None):
        cache.entries[f"playlyfe:thr:1:{HOST}"] = (damage, clock.now() + 100)
        clock.move(1)
        assert is_open(throttle)


def test_on_files_a_lock_elects(clock, tmp_path):
    throttles = [
        Throttle(HOST, Sharing(lambda: FileBasedCache(str(tmp_path), {}), clock), clock, Middle()) for _ in range(3)
    ]
    throttles[0].trip("rate", 10)
    clock.move(11)
    elected = 0
    for throttle in throttles * 2:
        try:
            throttle.admit(may_probe=True)
            elected += 1
        except Suppressed:
            pass
    assert elected == 1
