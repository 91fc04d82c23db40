"""What a cache can do, and what the client does without it (``reliability.md`` §1.7; §5 C1-C8)."""

from __future__ import annotations

import pickle
import time
import uuid
import zlib
from pathlib import Path

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.core.management import call_command
from django.db import connection, transaction

from django_playlyfe.client import SignedSeal
from django_playlyfe.client.sharing import CacheDown, Sharing
from django_playlyfe.client.tokens import TokenSource, TokenStore

from .clocks import FakeClock, MemoryCache, Middle
from .tokens.test_source import Endpoint


class OurRedisCache(RedisCache):
    """As a site may have it."""


@pytest.mark.parametrize(
    ("make", "kind", "usable"),
    [
        (lambda path: LocMemCache("x", {}), "process", False),
        (lambda path: DummyCache("x", {}), "process", False),
        (lambda path: FileBasedCache(path, {}), "file", True),
        (lambda path: OurRedisCache("redis://127.0.0.1:1", {}), "shared", True),
        (lambda path: 1 / 0, "process", False),
    ],
)
def test_each_kind_of_cache_is_known(tmp_path, make, kind, usable):
    sharing = Sharing(lambda: make(str(tmp_path)))
    assert (sharing.kind, sharing.is_usable()) == (kind, usable)


def test_the_proxy_of_the_default_cache_is_as_good_as_the_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert Sharing(lambda: cache).kind == "process"


def test_without_a_cache_nothing_is_shared():
    sharing = Sharing(None)
    assert not sharing.is_usable()
    with pytest.raises(CacheDown):
        sharing.read(["K"])


def test_a_redis_that_is_down_raises_nothing_but_cache_down():
    sharing = Sharing(lambda: RedisCache("redis://127.0.0.1:1/5", {}))
    with pytest.raises(CacheDown) as caught:
        sharing.read(["K"])
    assert caught.value.__cause__ is None
    assert not sharing.is_usable()


@pytest.mark.parametrize("damage", [b"junk", b"", zlib.compress(b"junk"), zlib.compress(b"cnowhere\nThing\n.")])
def test_a_damaged_file_is_a_miss_and_the_others_are_read(tmp_path, damage):
    files = FileBasedCache(str(tmp_path), {})
    files.set("good", "value", 60)
    files.set("bad", "value", 60)
    Path(files._key_to_file("bad")).write_bytes(pickle.dumps(9e12, pickle.HIGHEST_PROTOCOL) + damage)
    sharing = Sharing(lambda: files)
    assert sharing.read(["good", "bad"]) == {"good": "value"}
    assert sharing.is_usable()


def test_what_is_missing_three_times_running_shows_that_the_cache_does_not_store():
    clock = FakeClock()
    sharing = Sharing(lambda: MemoryCache(clock), clock)
    sharing.note_missing()
    sharing.note_missing()
    sharing.note_stored()
    sharing.note_missing()
    sharing.note_missing()
    with pytest.raises(CacheDown):
        sharing.note_missing()
    assert not sharing.is_usable()
    clock.move(30)
    assert sharing.is_usable()


@pytest.fixture
def database_cache(settings):
    """A DatabaseCache whose table is not there yet."""
    table = f"cache_{uuid.uuid4().hex[:8]}"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": table}}
    return lambda: caches["default"]


def source_on(cache):
    clock = FakeClock(time.time())  # expiry in the database goes by the real one
    store = TokenStore("K", Sharing(cache, clock), SignedSeal("hmac"), clock)
    return TokenSource(Endpoint(clock), store, other_token_in="query", clock=clock, chance=Middle()), store


@pytest.mark.django_db
def test_inside_a_transaction_the_database_cache_is_read_but_not_written(database_cache):
    call_command("createcachetable", verbosity=0)
    source, store = source_on(database_cache)
    with transaction.atomic():
        assert not store.sharing.is_writable()
        assert source.get(1e9).secret.reveal() == "t1"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {database_cache()._table}")
            assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_a_missing_cache_table_does_not_spoil_the_sites_transaction(database_cache):
    source, store = source_on(database_cache)
    with transaction.atomic():
        assert source.get(1e9).secret.reveal() == "t1"
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
    assert not store.sharing.is_usable()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_the_database_cache_is_shared(database_cache):
    call_command("createcachetable", verbosity=0)
    source, _ = source_on(database_cache)
    other, _ = source_on(database_cache)
    assert source.get(1e9).secret.reveal() == other.get(1e9).secret.reveal() == "t1"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {database_cache()._table}")
