"""Where the engine writes and how it locks: one place for the differences between databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from django_playlyfe.engine.models import Player

Row = TypeVar("Row", bound=Model)


def write_alias() -> str:
    """The alias in ``settings.DATABASES`` that the site's routers choose for the engine's writes."""
    return router.db_for_write(Player)


def write_connection() -> BaseDatabaseWrapper:
    """The connection behind :func:`write_alias`."""
    return connections[write_alias()]


def atomic() -> transaction.Atomic:
    """The caller's transaction if one is open, else an own one. Everything that writes runs in it."""
    return transaction.atomic(using=write_alias())


def after_commit(receiver: Callable[[], object]) -> None:
    """Call ``receiver`` once the caller's transaction is committed; its exceptions are logged, not raised."""
    transaction.on_commit(receiver, using=write_alias(), robust=True)


def locked(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same rows, locked until the transaction ends, and none of those they are joined with.

    On PostgreSQL with the weaker lock that lets others insert rows that point at these. SQLite locks the whole
    database in an IMMEDIATE transaction and needs no row locks.
    """
    features = write_connection().features
    return rows.using(write_alias()).select_for_update(
        of=("self",) if features.has_select_for_update_of else (),
        no_key=features.has_select_for_no_key_update,
    )


def can_lock_joined() -> bool:
    """Whether :func:`locked` may be used on joined rows without locking the joined table too (MariaDB cannot)."""
    features = write_connection().features
    return features.has_select_for_update_of or not features.has_select_for_update
