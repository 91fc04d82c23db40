"""Where the engine writes and how it locks: one place for the differences between databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import DatabaseError, connections, router, transaction
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


@contextmanager
def joined() -> Iterator[None]:
    """As :func:`atomic`, without a savepoint of its own in the caller's transaction: two round trips less.

    Only for work that leaves nothing half done when it is refused: what it writes, it writes in :func:`writing`.
    """
    connection = write_connection()
    if not connection.in_atomic_block:
        with atomic():
            yield
        return
    try:
        yield
    except DatabaseError:  # the transaction may be of no use any more, as after any query that fails
        transaction.set_rollback(True, using=connection.alias)
        raise


def writing() -> transaction.Atomic:
    """Writes of :func:`joined` work, which come after all that can be refused: if one of them fails, the caller's whole
    transaction is rolled back, as if a ``save()`` had failed in it."""
    return transaction.atomic(using=write_alias(), savepoint=False)


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
