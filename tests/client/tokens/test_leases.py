"""Who may fetch (``reliability.md`` §1.1, §1.3 steps 5 and 6, §1.7)."""

from __future__ import annotations

import os

import pytest
from django.core.cache.backends.filebased import FileBasedCache

from django_playlyfe.client import file_lock
from django_playlyfe.client.sharing import Sharing
from django_playlyfe.client.tokens.leases import CacheLeases, FileLeases, leases_for

pytestmark = pytest.mark.skipif(not file_lock.is_available, reason="this system has no flock")
NAME = "playlyfe:tok:1:of-the-test"


@pytest.fixture
def by_cache(cache, clock):
    return CacheLeases("K", Sharing(lambda: cache, clock), clock)


def test_the_kind_of_lease_follows_the_cache(cache, clock, tmp_path):
    assert isinstance(leases_for("K", Sharing(lambda: cache), clock), CacheLeases)
    assert isinstance(leases_for("K", Sharing(lambda: FileBasedCache(str(tmp_path), {})), clock), FileLeases)


def test_a_lease_has_one_holder_and_its_key_names_the_token_replaced(by_cache, cache):
    with by_cache.take("fp-1") as lease:
        assert set(cache.entries) == {"K:lease:fp-1"}
        assert by_cache.take("fp-1") is None
        assert by_cache.take("fp-2") is not None
        lease.keep()
    assert by_cache.take("fp-1") is None


def test_a_lease_not_kept_is_given_up_unless_it_is_ten_seconds_old(by_cache, clock):
    with by_cache.take("fp-1"):
        pass
    with by_cache.take("fp-1"):
        clock.move(10)
    assert by_cache.take("fp-1") is None
    clock.move(5)
    assert by_cache.take("fp-1") is not None


def test_a_lock_on_a_file_has_one_holder_until_it_is_released(by_cache):
    leases = FileLeases(NAME, by_cache)
    with leases.take("none"):
        assert leases.take("none") is None
        assert file_lock.path_of(NAME).stat().st_mode & 0o777 == 0o600
    with leases.take("fp-1") as lease:
        lease.keep()
    with leases.take("fp-2"):
        pass


def test_a_child_forked_meanwhile_does_not_keep_the_lock():
    lock = file_lock.take(NAME)
    copy = os.dup(lock._descriptor)  # what a fork leaves in the child
    lock.release()
    again = file_lock.take(NAME)
    os.close(copy)
    assert again is not None
    again.release()


def test_where_the_file_is_somebody_elses_add_decides(by_cache, cache):
    file_lock.path_of(NAME).mkdir()  # cannot be opened for writing, by root neither
    leases = FileLeases(NAME, by_cache)
    with leases.take("none"):
        assert "K:lease:none" in cache.entries
        assert leases.take("none") is None


def test_a_link_that_somebody_laid_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_text("precious")
    file_lock.path_of(NAME).symlink_to(target)
    with pytest.raises(OSError, match="symbolic link"):
        file_lock.take(NAME)
    assert target.read_text() == "precious"
