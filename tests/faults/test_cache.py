"""C1 to C10: the cache in trouble (``reliability.md`` §5). The client never depends on it."""

from __future__ import annotations

import pickle
import socket
import time
import uuid
from contextlib import suppress

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.client import PlaylyfeClient
from django_playlyfe.delivery import drain

from .conftest import CLIENT_ID, CLIENT_SECRET, rows

KEY = "key of the site"


class SharedMemory(LocMemCache):
    """LocMem, taken for a cache that processes share: what the client does with one that keeps little, or nothing."""


@pytest.fixture
def shared_memory(monkeypatch):
    monkeypatch.setattr("django_playlyfe.client.sharing.kind_of", lambda cache: "shared")


@pytest.fixture
def with_cache(remote, clock):
    """``with_cache(cache)``: a client whose token is kept there."""
    made = []

    def make(cache):
        made.append(
            PlaylyfeClient(
                auth_url=remote.auth_url,
                api_url=remote.api_url,
                client_id=CLIENT_ID,
                client_secret=CLIENT_SECRET,
                cache=lambda: cache,
                hmac_key=KEY,
                timeout=(20, 20),
                hard_limit=30,
                clock=clock,
            )
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


def redis_at(port, **options):
    pytest.importorskip("redis", reason="the package redis is not installed")
    from django.core.cache.backends.redis import RedisCache

    return RedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": options})


@pytest.mark.django_db
def test_C1_a_cache_that_is_down_costs_each_process_one_token(remote, with_cache, clock, caplog, site, player, page):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        cache = redis_at(held.getsockname()[1])
        first, second = with_cache(cache), with_cache(cache)
        for client in (first, second, first, second):
            assert client.player("ada").id == "ada"
        assert remote.token_requests == 2
        assert caplog.text.count("cache.down") == 2, "once in each process"
        backend = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": cache._servers}
        site(remote.url)
        user = player()
        with override_settings(CACHES={"default": backend}):
            site(remote.url)
            assert f"<bdi>{user.pk}</bdi>" in page(user), "the game's answer, without any cache"
            services.play(user, "wave")
            drain()
    assert rows() == [("play", "delivered")]
    assert remote.token_requests == 3


def test_C2_a_cache_that_hangs_costs_one_slow_call(remote, with_cache, caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cache = redis_at(silent.getsockname()[1], socket_timeout=0.2, socket_connect_timeout=0.2)
        client = with_cache(cache)
        for _ in range(5):
            assert client.player("ada").id == "ada"
        assert not client._sharing.is_usable(), "on its own for thirty seconds"
        silent.setblocking(False)
        tried = []
        with suppress(BlockingIOError):
            while True:
                tried.append(silent.accept()[0])
        for connection in tried:
            connection.close()
    assert len(tried) == 1, "one slow call"
    assert remote.token_requests == 1
    assert caplog.text.count("cache.down") == 1


class Forgetful(SharedMemory):
    """django-redis with IGNORE_EXCEPTIONS, pymemcache with ignore_exc: it says nothing and keeps nothing."""

    def __init__(self, said):
        super().__init__(uuid.uuid4().hex, {})
        self.said = said
        self.asked = 0

    def add(self, *_args, **_options):
        self.asked += 1
        return self.said

    def set(self, *_args, **_options):
        return None

    def get_many(self, *_args, **_options):
        self.asked += 1
        return {}


@pytest.mark.parametrize("said", [None, False], ids=["django-redis", "pymemcache"])
def test_C3_a_cache_that_fails_in_silence_is_found_out(said, remote, with_cache, clock, shared_memory):
    cache = Forgetful(said)
    client = with_cache(cache)
    for _ in range(10):
        assert client.player("ada").id == "ada"
    assert remote.token_requests == 1
    asked = cache.asked
    client.throttle.record()
    clock.move(5)
    client.throttle.record()
    assert cache.asked == asked, "left alone for thirty seconds"


def test_C4_a_cleared_cache_costs_one_token_at_most(remote, with_cache, shared_memory):
    cache = SharedMemory(uuid.uuid4().hex, {})
    warm = with_cache(cache)
    warm.player("ada")
    cache.clear()
    warm.player("ada")
    assert remote.token_requests == 1
    assert with_cache(cache).player("ada").id == "ada"
    assert remote.token_requests == 2


def test_C5_eviction_costs_a_warm_process_nothing(remote, with_cache, shared_memory):
    cache = SharedMemory(uuid.uuid4().hex, {"MAX_ENTRIES": 300})
    warm = with_cache(cache)
    for number in range(400):
        cache.set(f"of-the-site-{number}", number, timeout=60)
        if number % 50 == 0:
            assert warm.player("ada").id == "ada"
    assert len(cache._cache) < 400
    assert remote.token_requests == 1


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("not one of ours", id="foreign"),
        pytest.param({"v": 1, "token": "x"}, id="unsealed"),
        pytest.param(b"\x80\x04damaged", id="damaged"),
        pytest.param(None, id="old format"),
        pytest.param(False, id="another SECRET_KEY"),
    ],
)
def test_C6_what_is_no_record_of_ours_is_a_miss_and_overwritten(value, remote, with_cache, shared_memory):
    from django_playlyfe.client.tokens import SignedSeal

    cache = SharedMemory(uuid.uuid4().hex, {})
    client = with_cache(cache)
    key = client.tokens._store.key
    if value is None:
        value = SignedSeal(KEY).close({"v": 0, "token": "t" * 20}, key)
    elif value is False:
        value = SignedSeal("another key").close({"v": 1, "token": "t" * 20}, key)
    cache.set(key, value, timeout=60)
    assert client.player("ada").id == "ada"
    assert with_cache(cache).player("ada").id == "ada", "the record is good now"
    assert remote.token_requests == 1


def test_C6_an_entry_that_cannot_be_unpickled_is_a_miss(remote, with_cache, shared_memory):
    cache = SharedMemory(uuid.uuid4().hex, {})
    client = with_cache(cache)
    made = cache.make_key(client.tokens._store.key)
    cache._cache[made] = pickle.dumps("x")[:-1]
    cache._expire_info[made] = time.time() + 60
    assert client.player("ada").id == "ada"
    assert remote.token_requests == 1


@pytest.fixture
def database_cache(settings, db):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "fault_cache",
            "KEY_PREFIX": uuid.uuid4().hex,
        }
    }
    return caches["default"]


@pytest.mark.django_db(transaction=True)
def test_C7_inside_a_transaction_the_database_cache_is_only_read(remote, site, make_user, database_cache):
    call_command("createcachetable", verbosity=0)
    try:
        backend = site(remote.url)
        with transaction.atomic():
            make_user()
            services.status()
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM fault_cache")
                assert cursor.fetchone() == (0,), "nobody waits for our commit"
        assert remote.token_requests == 1
        drain()
        assert rows() == [("create", "delivered")]
        assert backend.client._sharing.is_writable()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE fault_cache")


@pytest.mark.django_db
def test_C8_a_database_cache_without_its_table_spoils_nothing(remote, site, make_user, database_cache):
    site(remote.url)
    with transaction.atomic():
        make_user()
        assert services.status()["ok"]
    drain()
    assert rows() == [("create", "delivered")]
    assert remote.token_requests == 1


def test_C9_two_hosts_whose_clocks_differ_make_one_request(remote, processes, clock):
    class FiveSecondsAhead:
        monotonic, sleep = clock.monotonic, clock.sleep

        def now(self):
            return clock.now() + 5

    (first,) = processes(1)
    (second,) = processes(1, clock=FiveSecondsAhead())
    for client in (second, first, second, first):
        assert client.player("ada").id == "ada"
    assert remote.token_requests == 1
    clock.move(85_540)
    for client in (first, second):
        client.player("ada")
    assert remote.token_requests == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "backend", ["django.core.cache.backends.locmem.LocMemCache", "django.core.cache.backends.dummy.DummyCache"]
)
def test_C10_a_cache_that_processes_do_not_share_is_warned_about(backend, remote, site, settings):
    settings.CACHES = {"default": {"BACKEND": backend}}
    settings.DEBUG = False
    site(remote.url)
    assert "django_playlyfe.W001" in [message.id for message in games["default"].check()]
    services.status()
    assert remote.token_requests == 1
