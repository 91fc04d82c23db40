"""The database as drainers use it: for a long time, outside any request."""

from __future__ import annotations

from django.db import connections, router, transaction

from django_playlyfe.models import Delivery


def database() -> str:
    """Where deliveries are: the database of the users, for they share transactions."""
    return router.db_for_write(Delivery)


def in_transaction(using: str) -> bool:
    """Whether a transaction of the site is open, judged as ``atomic(durable=True)`` does: a test's does not count."""
    blocks = transaction.get_connection(using).atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase


def drop_broken_connections() -> None:
    """Between two rows of one run: close what failed or is older than ``CONN_MAX_AGE``; where that is 0, as by default,
    the connection of a run lives as long as the run."""
    for connection in connections.all(initialized_only=True):
        is_dropped_when_old = bool(connection.settings_dict["CONN_MAX_AGE"])
        if not connection.in_atomic_block and (connection.errors_occurred or is_dropped_when_old):
            connection.close_if_unusable_or_obsolete()


def drop_old_connections() -> None:
    """Close what is broken or older than ``CONN_MAX_AGE``, as Django does between two requests.

    Unlike ``close_old_connections`` it leaves a connection alone on which a transaction is open: a drainer may be
    called inside one.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
