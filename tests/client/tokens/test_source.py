"""The token algorithm, several processes played by several sources (``reliability.md`` §1.3, §1.4, §1.6)."""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

import pytest

from django_playlyfe import client as client_package
from django_playlyfe import exceptions as errors
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.sharing import Sharing
from django_playlyfe.client.tokens import SignedSeal, TokenSource, TokenStore, token_key
from django_playlyfe.client.tokens.windows import issue

from ..clocks import FakeClock, MemoryCache, Middle

DAY = 86400
KEY = token_key("https://g/auth/token", "https://api.g/v2", "id", Secret("secret-1"), "hmac")
LOST = errors.ResponseLost("No answer", reason="read_timeout")
REJECTED = errors.AuthenticationError("Client authentication failed", reason="client_rejected")


class Endpoint:
    """Issues ``t1``, ``t2``, …; ``script`` holds errors to raise, ``during`` runs while a request is under way."""

    def __init__(self, clock):
        self.clock = clock
        self.life = DAY
        self.requests = 0
        self.script = []
        self.during = None

    def fetch(self):
        self.requests += 1
        token, before = f"t{self.requests}", self.clock.now()
        if (during := self.during) is not None:
            self.during = None
            during()
        if self.script:
            raise self.script.pop(0)
        return issue(token, self.life, before)


class World:
    """A clock, a cache, an endpoint, and processes that share them."""

    def __init__(self):
        self.clock = FakeClock()
        self.cache = MemoryCache(self.clock)
        self.endpoint = Endpoint(self.clock)

    def process(self, *, key=KEY, cache=True):
        sharing = Sharing((lambda: self.cache) if cache else None, self.clock)
        store = TokenStore(key, sharing, SignedSeal("hmac"), self.clock)
        return TokenSource(self.endpoint, store, other_token_in="query", clock=self.clock, chance=Middle())

    def get(self, source, **options):
        """The token's text, for a caller with 15 seconds."""
        return source.get(self.clock.monotonic() + 15, **options).secret.reveal()

    def lease(self, previous):
        return f"{KEY}:lease:{previous}"


@pytest.fixture
def world():
    return World()


# keys and records -----------------------------------------------------------------------------------------------------


def test_the_key_names_client_and_server_and_changes_with_the_secret():
    parts = ("https://g/auth/token", "https://api.g/v2", "id")
    assert re.fullmatch(r"playlyfe:tok:1:[0-9a-f]{20}:[0-9a-f]{12}", KEY)
    assert len(KEY) < 80
    others = [
        token_key(*parts, Secret("secret-2"), "hmac"),
        token_key(*parts, Secret("secret-1"), "other"),
        token_key("https://h/auth/token", *parts[1:], Secret("secret-1"), "hmac"),
        token_key(parts[0], "https://api.g/v1", "id", Secret("secret-1"), "hmac"),
        token_key(*parts[:2], "other", Secret("secret-1"), "hmac"),
    ]
    assert len({KEY, *others}) == 6
    assert token_key(*parts, Secret("secret-1"), "hmac") == KEY


def test_a_cold_process_fetches_and_the_next_ones_adopt(world):
    first, second = world.process(), world.process()
    assert world.get(first) == world.get(second) == world.get(world.process()) == "t1"
    assert world.endpoint.requests == 1
    stored, until = world.cache.entries[KEY]
    assert "t1" not in stored
    assert until == world.clock.now() + DAY


def test_a_warm_process_asks_neither_cache_nor_server(world):
    source = world.process()
    world.get(source)
    calls = world.cache.calls
    assert world.get(source) == "t1"
    assert world.cache.calls == calls


def test_the_lease_of_a_success_is_left_to_expire(world):
    world.get(world.process())
    assert world.lease("none") in world.cache.entries
    assert world.cache.deleted == []


@pytest.mark.parametrize("value", [b"junk", "junk", {"token": "t9"}, 7, ["x"]])
def test_a_damaged_or_foreign_record_is_a_miss_and_overwritten(world, value):
    world.cache.set(KEY, value, 900)
    assert world.get(world.process()) == "t1"
    assert world.get(world.process()) == "t1"


def test_a_record_signed_with_another_key_is_a_miss(world):
    theirs = TokenStore(KEY, Sharing(lambda: world.cache, world.clock), SignedSeal("stolen"), world.clock)
    theirs.put(issue("forged", DAY, world.clock.now()))
    assert world.get(world.process()) == "t1"


def test_a_record_from_the_future_is_a_miss(world):
    store = TokenStore(KEY, Sharing(lambda: world.cache, world.clock), SignedSeal("hmac"), world.clock)
    store.put(issue("tomorrow", DAY, world.clock.now() + 301))
    assert world.get(world.process()) == "t1"


def test_a_corrected_secret_works_at_once(world):
    world.endpoint.script = [REJECTED]
    with pytest.raises(errors.AuthenticationError):
        world.get(world.process())
    corrected = token_key("https://g/auth/token", "https://api.g/v2", "id", Secret("secret-2"), "hmac")
    assert world.get(world.process(key=corrected)) == "t2"


# renewal --------------------------------------------------------------------------------------------------------------


def test_one_caller_renews_early_and_the_lease_names_the_token_replaced(world):
    first, second = world.process(), world.process()
    world.get(first)
    old = world.process().known()
    world.get(second)
    world.clock.move(DAY - 899)
    assert world.get(first) == "t2"
    assert world.lease(old.fingerprint) in world.cache.entries
    assert world.get(second) == "t2"
    assert world.endpoint.requests == 2


def test_while_one_renews_early_all_others_go_on_with_the_token_they_have(world):
    first, second = world.process(), world.process()
    world.get(first)
    world.get(second)
    world.clock.move(DAY - 899)
    seen = []
    world.endpoint.during = lambda: seen.append(world.get(second))
    assert world.get(first) == "t2"
    assert seen == ["t1"]
    assert world.clock.slept == []


def test_threads_of_the_renewing_process_go_on_too(world):
    source = world.process()
    world.get(source)
    world.clock.move(DAY - 899)
    seen = []

    def other_thread():
        thread = threading.Thread(target=lambda: seen.append(world.get(source)))
        thread.start()
        thread.join()

    world.endpoint.during = other_thread
    assert world.get(source) == "t2"
    assert seen == ["t1"]


def test_an_early_renewal_that_fails_fails_nobody(world):
    source = world.process()
    world.get(source)
    world.clock.move(DAY - 899)
    world.endpoint.script = [LOST]
    assert world.get(source) == "t1"
    assert world.get(source) == "t1"  # the window holds: no second request
    assert world.endpoint.requests == 2
    world.clock.move(1.1)
    assert world.get(source) == "t3"


def test_a_token_is_used_to_its_last_second_if_there_is_no_other_and_never_after(world):
    source = world.process()
    world.get(source)
    world.endpoint.script = [LOST] * 10
    world.clock.move(DAY - 5)
    assert world.get(source) == "t1"
    world.clock.move(5)
    with pytest.raises(errors.ResponseLost):
        world.get(source)


def test_a_clock_set_back_does_not_make_a_token_live_longer(world):
    source = world.process()
    world.get(source)
    world.clock.move(DAY - 10)
    world.clock.wall -= 3600
    assert world.get(source) == "t2"


def test_a_clock_set_forward_costs_one_renewal(world):
    source = world.process()
    world.get(source)
    world.clock.wall += 2 * DAY
    assert [world.get(source) for _ in range(3)] == ["t2"] * 3


# leases and interleavings ---------------------------------------------------------------------------------------------


class Interrupting(MemoryCache):
    """Runs ``before_add`` once, just before an ``add``: somebody acts between a look and what follows from it."""

    before_add = None

    def add(self, key, value, timeout):
        if (interrupt := self.before_add) is not None:
            self.before_add = None
            interrupt()
        return super().add(key, value, timeout)


@pytest.mark.parametrize("late", [0, 16, 3600])
def test_a_contender_that_looked_before_a_renewal_makes_no_request_however_late_it_acts(world, late):
    world.cache = Interrupting(world.clock)
    winner, contender = world.process(), world.process()

    def renewed_by_somebody_else():
        world.get(winner)
        world.clock.move(late)

    world.cache.before_add = renewed_by_somebody_else
    assert world.get(contender) == "t1"
    assert world.endpoint.requests == 1


def test_a_holder_that_was_stopped_does_not_replace_a_later_token(world):
    stopped, other = world.process(), world.process()

    def overtaken():
        world.clock.move(20)
        assert world.get(other) == "t2"

    world.endpoint.during = overtaken
    assert world.get(stopped) == "t2"
    assert world.get(world.process()) == "t2"
    assert world.endpoint.requests == 2


def test_a_holder_that_fails_late_does_not_take_a_lease_away_that_is_no_longer_its_own(world):
    world.endpoint.script = [LOST]
    world.endpoint.during = lambda: world.clock.move(11)
    with pytest.raises(errors.ResponseLost):
        world.get(world.process())
    assert world.cache.deleted == []


def test_a_holder_that_fails_gives_its_lease_up(world):
    world.endpoint.script = [LOST]
    with pytest.raises(errors.ResponseLost):
        world.get(world.process())
    assert world.cache.deleted == [world.lease("none")]


def test_nobody_fetches_while_a_dead_holder_has_the_lease(world):
    world.cache.add(world.lease("none"), "of a process that was killed", 15)
    source = world.process()
    started = world.clock.monotonic()
    with pytest.raises(errors.Suppressed) as caught:
        world.get(source)
    assert (caught.value.reason, caught.value.outcome) == ("no_token", "NOT_SENT")
    assert world.clock.monotonic() - started == pytest.approx(6)
    assert all(pause <= 0.3 for pause in world.clock.slept)
    assert world.endpoint.requests == 0
    recovered_after = None
    while recovered_after is None:
        try:
            assert world.get(source) == "t1"
            recovered_after = world.clock.monotonic() - started
        except errors.Suppressed:
            pass
    assert recovered_after <= 15.25
    assert world.endpoint.requests == 1


def test_a_caller_waits_no_longer_than_its_deadline(world):
    world.cache.add(world.lease("none"), "held", 15)
    started = world.clock.monotonic()
    with pytest.raises(errors.Suppressed):
        world.process().get(started + 0.8)
    assert world.clock.monotonic() - started == pytest.approx(0.8)


def test_a_waiting_caller_takes_what_the_holder_brings(world):
    holder, waiting = world.process(), world.process()
    results = []

    def poll_meanwhile():
        sleep = world.clock.sleep
        world.clock.sleep = lambda seconds: (sleep(seconds), finish())

        def finish():
            world.clock.sleep = sleep
            store = TokenStore(KEY, Sharing(lambda: world.cache, world.clock), SignedSeal("hmac"), world.clock)
            store.put(issue("from-the-holder", DAY, world.clock.now()))

        results.append(world.get(waiting))

    world.endpoint.during = poll_meanwhile
    assert world.get(holder) == "from-the-holder"  # it finds another token there and drops its own
    assert results == ["from-the-holder"]


# failures -------------------------------------------------------------------------------------------------------------


def test_a_failing_endpoint_is_asked_once_a_window_by_all_processes(world):
    sources = [world.process() for _ in range(4)]
    world.endpoint.script = [LOST] * 20
    asked = []
    for window in (1, 2, 4, 8, 16, 30, 30):
        for source in sources * 3:
            with pytest.raises(errors.ResponseLost) as caught:
                world.get(source)
            assert caught.value.outcome == "NOT_SENT"
        asked.append(world.endpoint.requests)
        world.clock.move(window + 0.01)
    assert asked == [1, 2, 3, 4, 5, 6, 7]


def test_once_a_token_comes_the_failures_are_forgotten(world):
    source = world.process()
    world.endpoint.script = [LOST, LOST]
    for wait in (1.1, 2.1):
        with pytest.raises(errors.ResponseLost):
            world.get(source)
        world.clock.move(wait)
    assert world.get(source) == "t3"
    assert f"{KEY}:neg" not in world.cache.entries


def test_a_person_can_have_an_unchanged_secret_tried_at_once(world):
    source = world.process()
    world.endpoint.script = [REJECTED]
    with pytest.raises(errors.AuthenticationError):
        world.get(source)
    source.forget_failure()
    assert world.get(source) == "t2"


def test_no_server_of_tokens_is_a_configuration_error_and_remembered(world):
    world.endpoint.script = [errors.ConfigurationError("The token endpoint gives tokens of a type other than Bearer")]
    for source in (world.process(), world.process()):
        with pytest.raises(errors.ConfigurationError, match="Bearer"):
            world.get(source)
    assert world.endpoint.requests == 1


# refused tokens -------------------------------------------------------------------------------------------------------


def test_a_refused_token_is_renewed_once_for_all(world):
    first, second = world.process(), world.process()
    old = first.get(world.clock.monotonic() + 15)
    world.get(second)
    assert world.get(first, rejected=old) == "t2"
    assert world.get(second, rejected=old) == "t2"
    assert world.get(first, rejected=old) == "t2"  # a thread that comes late
    assert world.endpoint.requests == 2


def test_a_refused_token_is_never_sent_again_though_the_cache_still_holds_it(world):
    source = world.process()
    old = source.get(world.clock.monotonic() + 15)
    world.endpoint.script = [LOST, LOST]
    for _ in range(2):
        with pytest.raises(errors.ResponseLost):
            world.get(source, rejected=old)
    assert source.known() is None
    assert world.process().known().fingerprint == old.fingerprint  # to others it was not refused


def test_a_fresh_token_refused_too_stops_renewals_everywhere_for_thirty_seconds(world):
    first, second = world.process(), world.process()
    deadline = world.clock.monotonic() + 1000
    old = first.get(deadline)
    fresh = first.get(deadline, rejected=old)
    error = first.refused_again(fresh)
    assert (error.reason, error.code) == ("token_refused", "invalid_access_token")
    assert "TOKEN_IN to 'query'" in str(error)
    second.get(deadline)
    with pytest.raises(errors.AuthenticationError):
        second.get(deadline, rejected=fresh)
    assert world.endpoint.requests == 2
    world.clock.move(31)
    probation = second.get(deadline, rejected=fresh)
    with pytest.raises(errors.AuthenticationError):
        second.get(deadline, rejected=probation)
    assert world.endpoint.requests == 3


def test_three_young_tokens_refused_in_a_row_are_worth_a_warning(world, caplog):
    source = world.process(cache=False)
    with caplog.at_level(logging.WARNING, logger="django_playlyfe.client"):
        token = source.get(world.clock.monotonic() + 15)
        for number in range(3):
            assert len(caplog.records) == 0, number
            token = source.get(world.clock.monotonic() + 15, rejected=token)
    (record,) = caplog.records
    assert record.getMessage().startswith("token.refused 3 tokens in a row")


# tokens too short-lived to keep ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False])
def test_a_token_of_two_seconds_serves_one_call_and_is_asked_for_every_five_seconds_at_most(world, shared):
    world.endpoint.life = 2
    source = world.process(cache=shared)
    assert world.get(source) == "t1"
    assert KEY not in world.cache.entries
    with pytest.raises(errors.Suppressed) as caught:
        world.get(source)
    assert caught.value.reason == "no_token"
    world.clock.move(5)
    assert world.get(source) == "t2"


# without a cache ------------------------------------------------------------------------------------------------------


def test_each_process_on_its_own_makes_one_request_and_remembers_its_failures(world):
    first, second = world.process(cache=False), world.process(cache=False)
    assert [world.get(first), world.get(first), world.get(second)] == ["t1", "t1", "t2"]
    third = world.process(cache=False)
    world.endpoint.script = [LOST] * 9
    for _ in range(3):
        with pytest.raises(errors.ResponseLost):
            world.get(third)
    assert world.endpoint.requests == 3


def test_a_cache_that_is_down_is_left_alone_for_thirty_seconds_and_logged_once(world, caplog):
    caplog.set_level(logging.INFO, logger="django_playlyfe.client")
    world.cache.is_down = True
    source = world.process()
    assert world.get(source) == "t1"
    assert world.cache.calls == 1
    old = source.known()
    assert world.get(source, rejected=old) == "t2"
    assert world.cache.calls == 1
    world.clock.move(31)
    world.cache.is_down = False
    assert world.get(source, rejected=source.known()) == "t3"
    assert world.get(world.process()) == "t3"
    lines = [record.getMessage() for record in caplog.records if record.event.startswith("cache.")]
    assert lines == ["cache.down why=ConnectionError alone_for=30s", "cache.up"]


def test_a_cache_that_goes_down_while_a_token_is_fetched_costs_nothing(world):
    source = world.process()
    world.endpoint.during = lambda: setattr(world.cache, "is_down", True)
    assert world.get(source) == world.get(source) == "t1"
    assert world.endpoint.requests == 1


def test_a_cache_that_does_not_store_is_found_out(world):
    world.cache.stores = False
    source = world.process()
    assert world.get(source) == "t1"
    assert len(world.clock.slept) == 3
    calls = world.cache.calls
    assert world.get(source, rejected=source.known()) == "t2"
    assert world.cache.calls == calls


def test_a_flushed_cache_costs_a_warm_process_nothing_and_a_cold_one_a_request(world):
    warm = world.process()
    world.get(warm)
    world.cache.entries.clear()
    assert world.get(warm) == "t1"
    assert world.get(world.process()) == "t2"


# the rule -------------------------------------------------------------------------------------------------------------


def test_no_code_path_deletes_the_token_and_one_sets_it():
    folder = Path(client_package.__file__).parent
    sources = {path.name: path.read_text() for path in folder.rglob("*.py")}
    calls = {name: re.findall(r"sharing\.(set|delete)\((.*?)[,)]", text) for name, text in sources.items()}
    found = {(name, *call) for name, entries in calls.items() for call in entries}
    assert found == {
        ("store.py", "set", "self.key"),
        ("store.py", "set", "self._failure_key"),
        ("store.py", "delete", "self._failure_key"),
        ("leases.py", "delete", "self._key"),
        ("throttle.py", "set", "self._key"),
        ("throttle.py", "set", "key"),
        ("features.py", "set", "self._key"),
    }
    assert sum(text.count("store.put(") for text in sources.values()) == 1
