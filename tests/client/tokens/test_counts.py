"""Tokens asked for and refused, counted by all processes together."""

from __future__ import annotations

import pytest
from django.core.cache.backends.filebased import FileBasedCache

from django_playlyfe.client import PlaylyfeClient

from ..clocks import MemoryCache
from ..servers import Game
from .test_source import DAY, World


def test_all_processes_count_together():
    world = World()
    first, second = world.process(), world.process()
    token = first.get(1e9)
    second.get(1e9)
    second.get(1e9, rejected=token)
    first.get(1e9, rejected=token)
    first.refused_again(token)
    told = {"today": {"requests": 2, "refused": 3}, "yesterday": {"requests": 0, "refused": 0}}
    assert first.counts_of_all() == second.counts_of_all() == told
    assert first.counts() == {"requests": 1, "refused": 1}, "what one process knows by itself"


def test_a_new_day_begins_at_nought():
    world = World()
    process = world.process()
    process.get(1e9)
    world.clock.move(DAY)
    assert process.counts_of_all() == {
        "today": {"requests": 0, "refused": 0},
        "yesterday": {"requests": 1, "refused": 0},
    }
    world.clock.move(DAY)
    process.get(1e9)
    assert process.counts_of_all()["today"]["requests"] == 1


@pytest.mark.parametrize("trouble", ["none", "down"])
def test_without_a_cache_there_is_no_such_number_and_no_harm(trouble):
    world = World()
    world.cache.is_down = True
    process = world.process(cache=trouble != "none")
    process.get(1e9)
    assert process.counts_of_all() is None


def test_a_cache_that_cannot_add_atomically_counts_too_and_keeps_the_number_for_days(tmp_path, monkeypatch):
    kept = []
    cache = FileBasedCache(str(tmp_path), {})
    store = cache.set

    def note(key, value, timeout=None, **options):
        kept.append((key, timeout))
        store(key, value, timeout=timeout, **options)

    monkeypatch.setattr(cache, "set", note)
    game = Game()
    try:
        options = {"auth_url": game.auth_url, "api_url": game.api_url, "client_id": "id", "client_secret": "s"}
        clients = [PlaylyfeClient(**options, cache=lambda: cache, hmac_key="key") for _ in range(2)]
        for client in clients:
            client.status()
        game.revoke()
        for client in clients:
            client.status()
        (asked, refused) = (clients[0].tokens.counts_of_all()["today"][name] for name in ("requests", "refused"))
        assert (asked, refused) == (2, 2)
        assert {timeout for key, timeout in kept if ":requests:" in key} == {3 * DAY}
    finally:
        for client in clients:
            client.close()
        game.close()


def test_its_keys_are_short_enough_for_memcached():
    world = World()
    world.process().get(1e9)
    assert isinstance(world.cache, MemoryCache)
    assert any(":requests:" in key for key in world.cache.entries)
    assert all(len(key) < 80 for key in world.cache.entries)
