"""A process of a site: threads that call the game at the same moment. Driven over its pipes by ``processes.py``.

Each line of input, ``<threads> <calls>``, is one round; its answer is a line of JSON: how each call ended. ``<threads>
<calls> stop`` stops the process when it has asked for a token, before it keeps it; whoever sends SIGCONT lets it go on.
With pairs
of file descriptors after the other arguments (``7,10 8,12``) it forks a worker for each; starting each takes longer.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import threading
from collections import Counter
from typing import TextIO

import requests

from django_playlyfe.client import PlaylyfeClient
from django_playlyfe.exceptions import PlaylyfeError


def make_cache(kind: str, place: str):
    """A function that returns the cache of the calling thread; most kinds need no settings at all."""
    if kind == "redis":
        from django.core.cache.backends.redis import RedisCache

        url, _, prefix = place.partition(" ")
        cache = RedisCache(url, {"KEY_PREFIX": prefix})
    elif kind == "memcached":
        from django.core.cache.backends.memcached import PyMemcacheCache

        server, _, prefix = place.partition(" ")
        cache = PyMemcacheCache(server, {"KEY_PREFIX": prefix, "OPTIONS": {"use_pooling": True, "timeout": 5}})
    elif kind == "file":
        from django.core.cache.backends.filebased import FileBasedCache

        cache = FileBasedCache(place, {})
    elif kind == "locmem":
        from django.core.cache.backends.locmem import LocMemCache

        cache = LocMemCache("worker", {})
    elif kind == "database":
        return make_database_cache(**json.loads(place))
    else:
        return None
    return lambda: cache


def make_database_cache(database, table):
    import django
    from django.conf import settings

    if database["ENGINE"].endswith("mysql"):  # as testproject/settings.py does
        import pymysql

        pymysql.version_info = (2, 2, 4, "final", 0)
        pymysql.install_as_MySQLdb()
    settings.configure(
        DATABASES={"default": database},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": table}},
        USE_TZ=True,
    )
    django.setup()
    from django.core.cache import caches
    from django.core.management import CommandError, call_command

    with contextlib.suppress(CommandError):  # another worker was faster
        call_command("createcachetable", verbosity=0)
    return lambda: caches["default"]


class Naive:
    """What sites write first: read the cache, fetch if it is empty, delete on 401. For ``benchmarks/tokens.py``."""

    def __init__(self, auth_url, api_url, cache) -> None:
        self._auth_url, self._api_url, self._cache = auth_url, api_url, cache
        self._session = requests.Session()

    def _token(self):
        if (token := self._cache().get("naive")) is None:
            body = {"client_id": "id", "client_secret": "secret-of-the-site", "grant_type": "client_credentials"}
            token = self._session.post(self._auth_url, json=body, timeout=30).json()["access_token"]
            self._cache().set("naive", token, timeout=3600)
        return token

    def profile(self, player_id) -> None:
        for _ in range(3):
            headers = {"Authorization": f"Bearer {self._token()}"}
            url = f"{self._api_url}/runtime/player"
            answer = self._session.get(url, params={"player_id": player_id}, headers=headers, timeout=30)
            if answer.status_code != 401:
                return
            self._cache().delete("naive")
        raise PlaylyfeError("three refusals")


def make_client(auth_url, api_url, kind, place):
    if kind.startswith("naive "):
        return Naive(auth_url, api_url, make_cache(kind.removeprefix("naive "), place))
    return PlaylyfeClient(
        auth_url=auth_url,
        api_url=api_url,
        client_id="id",
        client_secret="secret-of-the-site",
        cache=make_cache(kind, place),
        hmac_key="key-of-the-site",
        pool_size=16,
    )


def main() -> None:
    if not sys.argv[5:]:
        work(sys.stdin, sys.stdout)
        return
    if driver := {"redis": "redis", "memcached": "pymemcache"}.get(sys.argv[3]):
        importlib.import_module(driver)
    for pair in sys.argv[5:]:
        reads, writes = (int(number) for number in pair.split(","))
        if not os.fork():
            for other in {number for text in sys.argv[5:] for number in map(int, text.split(","))} - {reads, writes}:
                os.close(other)
            work(os.fdopen(reads), os.fdopen(writes, "w"))
            return
    for pair in sys.argv[5:]:
        for number in pair.split(","):
            os.close(int(number))
        os.wait()


def stop_with_the_next_token(client: PlaylyfeClient) -> None:
    endpoint = client.tokens._endpoint
    fetch = endpoint.fetch

    def fetch_and_stop():
        issued = fetch()
        endpoint.fetch = fetch
        os.kill(os.getpid(), signal.SIGSTOP)
        return issued

    endpoint.fetch = fetch_and_stop


def work(orders: TextIO, answers: TextIO) -> None:
    auth_url, api_url, kind, place = sys.argv[1:5]
    client = make_client(auth_url, api_url, kind, place)
    if isinstance(client, PlaylyfeClient):
        client.throttle.record()  # whatever a first look into the cache imports and connects
    print("ready", file=answers, flush=True)
    for line in orders:
        numbers, stop = line.split()[:2], line.split()[2:]
        threads, calls = (int(number) for number in numbers)
        if stop:
            stop_with_the_next_token(client)
        outcomes: Counter[str] = Counter()
        barrier, lock = threading.Barrier(threads), threading.Lock()

        def call(barrier=barrier, calls=calls, outcomes=outcomes, lock=lock) -> None:
            barrier.wait()
            for _ in range(calls):
                outcome = "ok"
                try:
                    client.profile("ada")
                except PlaylyfeError as error:
                    outcome = f"{type(error).__name__}({error.reason})"
                with lock:  # adding to a Counter is a reading and a writing
                    outcomes[outcome] += 1

        workers = [threading.Thread(target=call) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(json.dumps(outcomes), file=answers, flush=True)


if __name__ == "__main__":
    main()
