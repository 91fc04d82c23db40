"""How many queries things cost, on each database."""

from __future__ import annotations

from django.db import connection


def queries(one_by_one: int, together: int) -> int:
    """What is cost where each statement is a query; and on PostgreSQL, which takes several at once."""
    return together if connection.vendor == "postgresql" else one_by_one


def queries_of_a_play(one_by_one: int, together: int, *, locks_apart: bool | None = None) -> int:
    """:func:`queries`, and one more where the row of a player is locked apart from what is joined to it, as MariaDB has
    to."""
    if locks_apart is None:
        locks_apart = connection.features.has_select_for_update and not connection.features.has_select_for_update_of
    return queries(one_by_one, together) + locks_apart
