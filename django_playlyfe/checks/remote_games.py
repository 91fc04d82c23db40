"""System checks of the caches and threads that a remote game relies on (``reliability.md`` §1.7, §2.2, §3.9, §3.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connections, router

from django_playlyfe import conf
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.client.watchdog import threads_can_run
from django_playlyfe.delivery import depth
from django_playlyfe.delivery.database import database
from django_playlyfe.exceptions import ConfigurationError

_REDIS = ("redis", "Redis")
_PYMEMCACHE = ("PyMemcacheCache",)


def check_caches(**_kwargs: Any) -> list[CheckMessage]:
    """A cache that hangs must not hang the site."""
    messages: list[CheckMessage] = []
    for alias in dict.fromkeys(backend.settings.cache for backend in _remote_games()):
        given = settings.CACHES[alias]
        path, options = str(given.get("BACKEND", "")), given.get("OPTIONS") or {}
        if path.rpartition(".")[2].startswith(_REDIS) and not _names(options, "socket_timeout"):
            messages.append(
                CheckWarning(
                    f"CACHES[{alias!r}] sets no socket_timeout: a Redis server that hangs holds up the site.",
                    hint='Add "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1}.',
                    id="django_playlyfe.W003",
                )
            )
        if path.endswith(_PYMEMCACHE) and not (_names(options, "timeout") and _names(options, "connect_timeout")):
            messages.append(
                CheckWarning(
                    f"CACHES[{alias!r}] sets no timeout and connect_timeout: a Memcached server that hangs holds up "
                    "the site for ever.",
                    hint='Add "OPTIONS": {"timeout": 1, "connect_timeout": 1}.',
                    id="django_playlyfe.W004",
                )
            )
    return messages


def check_threads(**_kwargs: Any) -> list[CheckMessage]:
    """Where threads do not run, pages wait in line, and nothing is delivered by mode "thread"."""
    if threads_can_run() or not any(backend.delivery.mode == "thread" for backend in _remote_games()):
        return []
    return [
        CheckWarning(
            "uWSGI runs without threads: nothing is delivered by this process, and pages wait for the game in line.",
            hint='Start uWSGI with --enable-threads, or set OPTIONS["DELIVERY"] = "worker" and run playlyfe_deliver.',
            id="django_playlyfe.W002",
        )
    ]


def check_sqlite(**_kwargs: Any) -> list[CheckMessage]:
    """Deliveries and the site's own writes get into each other's way on SQLite."""
    given = settings.DATABASES.get(database(), {})
    if not any(_remote_games()) or not str(given.get("ENGINE", "")).endswith("sqlite3"):
        return []
    if str((given.get("OPTIONS") or {}).get("transaction_mode", "")).upper() == "IMMEDIATE":
        return []
    return [
        CheckWarning(
            "Deliveries to a game on a server share an SQLite database with the site, whose transactions then fail "
            'with "database is locked".',
            hint='Add "OPTIONS": {"transaction_mode": "IMMEDIATE"} to the database.',
            id="django_playlyfe.W007",
        )
    ]


def check_stored(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Asks the database: is the cache's table there, and is anybody delivering?"""
    messages: list[CheckMessage] = []
    for backend in _remote_games():
        try:
            messages += [*_missing_table(backend, databases or ()), *_overdue(backend, databases or ())]
        except DatabaseError:  # not migrated yet, or down: Django's own checks say so
            continue
    return messages


def _missing_table(backend: GameBackend, databases: Sequence[str]) -> Iterator[CheckMessage]:
    cache: Any = caches[backend.settings.cache]
    table = getattr(cache, "_table", None)
    if table is None:
        return
    using = router.db_for_read(cache.cache_model_class)
    if using in databases and table not in connections[using].introspection.table_names():
        yield CheckWarning(
            f"CACHES[{backend.settings.cache!r}] keeps its entries in the table {table!r}, which is not there.",
            hint="Run: python manage.py createcachetable",
            id="django_playlyfe.W005",
        )


def _overdue(backend: GameBackend, databases: Sequence[str]) -> Iterator[CheckMessage]:
    if database() not in databases:
        return
    seconds = depth.overdue(backend.alias)
    if seconds > depth.STUCK_AFTER.total_seconds():
        yield CheckWarning(
            f"A row that is owed to the game {backend.alias!r} has been due for {seconds} seconds: nobody delivers.",
            hint="Run playlyfe_deliver, or look at: python manage.py playlyfe_status",
            id="django_playlyfe.W006",
        )


def _remote_games() -> Iterator[GameBackend]:
    """Games on a server, as far as their settings are right; what is wrong is another check's."""
    if conf.problems():
        return
    for alias in games:
        try:
            backend = games[alias]
            if not backend.transactional and backend.delivery is not None:
                yield backend
        except ConfigurationError:
            continue


def _names(options: Mapping[str, Any], name: str) -> bool:
    """Whether an option is set, however deep: drivers put it in different places."""
    for key, value in options.items():
        if str(key).lower() == name and value is not None:
            return True
        if isinstance(value, Mapping) and _names(value, name):
            return True
    return False
