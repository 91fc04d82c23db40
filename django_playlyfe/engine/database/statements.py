"""Queries of the hot path: composed once for each database, run many times (``engine-internals.md`` §3).

Django composes a query each time anew, and takes several times as long for it as the database takes to answer. Here
the text is kept; columns still go through Django's fields, so they mean the same on every database. Where the database
takes several statements at once, they cost one round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from django_playlyfe import instants
from django_playlyfe.engine.database import prepared

Row = prepared.Row


class _Composed(NamedTuple):
    """The text of a query, what its placeholders stand for, and how its columns are read.

    ``places`` has for each placeholder the number of a value, or -1 and a constant.
    """

    text: str
    places: list[tuple[int, Any]]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]

    def filled(self, values: Sequence[Any]) -> prepared.Statement:
        """The statement with these values."""
        return self.text, [values[number] if number >= 0 else constant for number, constant in self.places]


class Reading:
    """A query set of tuples (``values_list``) that is composed once, and run with other values each time.

    Args:
        compose: values -> query set. The values that it is called with only mark the places; it may compare columns
            with them and nothing else.
        kinds: ``int`` or ``str`` for each value.
        locking: the model whose rows are locked until the transaction ends, on databases with row locks.
    """

    def __init__(
        self, compose: Callable[..., QuerySet[Any, Row]], *kinds: type, locking: type[Model] | None = None
    ) -> None:
        self._compose = compose
        self._markers = [_marker(number, kind) for number, kind in enumerate(kinds)]
        self._locking = locking
        self._composed: dict[tuple[str, str, bool], _Composed] = {}

    def composed(self, connection: BaseDatabaseWrapper) -> _Composed:
        """The query as this database reads it."""
        place = (connection.alias, connection.vendor, instants.are_naive_on_site())  # which says how instants are read
        found = self._composed.get(place)
        if found is None:
            found = self._composed[place] = self._composed_for(connection)
        return found

    def _composed_for(self, connection: BaseDatabaseWrapper) -> _Composed:
        compiler = self._compose(*self._markers).query.get_compiler(using=connection.alias)
        text, given = compiler.as_sql()
        if self._locking is not None and connection.features.has_select_for_update:
            of = (connection.ops.quote_name(self._locking._meta.db_table),)
            no_key = connection.features.has_select_for_no_key_update
            text = f"{text} {connection.ops.for_update_sql(of=of, no_key=no_key)}"
        places = [(self._markers.index(one), None) if one in self._markers else (-1, one) for one in given]
        if set(range(len(self._markers))) - {number for number, _ in places}:
            raise ValueError(f"The query does not use every value: {text}")
        read_by = compiler.get_converters([column for column, *_ in compiler.select])
        return _Composed(text, places, [(column, each, of) for column, (each, of) in read_by.items()])


Asked = tuple[Reading, tuple[Any, ...]]
"""A reading and its values."""


def read(alias: str, *asked: Asked) -> list[list[Row]]:
    """Run queries, in this order, each of which sees what is committed when it begins. One round trip where the
    database takes several statements at once."""
    connection = connections[alias]
    found = [(reading.composed(connection), values) for reading, values in asked]
    rows = prepared.run(connection, *(composed.filled(values) for composed, values in found))
    return [
        _converted(each, composed.converters, connection) if composed.converters else each
        for each, (composed, _) in zip(rows, found, strict=True)
    ]


def _marker(number: int, kind: type) -> int | str:
    """A value that stands for another one, and that no query has by itself."""
    return -(2**62) - number if kind is int else f"\ue000{number}"


def _converted(rows: list[Row], converters: list[Any], connection: BaseDatabaseWrapper) -> list[Row]:
    found = []
    for row in map(list, rows):
        for column, functions, of in converters:
            value = row[column]
            for convert in functions:
                value = convert(value, of, connection)
            row[column] = value
        found.append(tuple(row))
    return found
