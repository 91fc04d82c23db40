"""Statements of the hot path: composed once for each database, run many times (``engine-internals.md`` §3).

Django composes a query each time anew, and takes several times as long for it as the database takes to answer. Here
the text is kept; values and columns still go through Django's fields, so they mean the same on every database. Where
PostgreSQL takes several statements at once, they cost one round trip.
"""

# ruff: noqa: S608 - the texts are made of the names of our own tables; every value is a parameter

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, QuerySet
from django.db.models.constants import OnConflict

from django_playlyfe import instants

Row = tuple[Any, ...]


class _Composed(NamedTuple):
    """The text of a query, what its placeholders stand for, and how its columns are read.

    ``places`` has for each placeholder the number of a value, or -1 and a constant.
    """

    text: str
    places: list[tuple[int, Any]]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]


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
    texts = [composed.text for composed, _ in found]
    given = [[values[n] if n >= 0 else constant for n, constant in composed.places] for composed, values in found]
    rows: list[list[Row]] = []
    with connection.cursor() as cursor:
        if len(found) > 1 and _takes_several(connection):
            cursor.execute(";".join(texts), [value for values in given for value in values])
            rows.append(cursor.fetchall())
            while cursor.nextset():
                rows.append(cursor.fetchall())
        else:
            for text, values in zip(texts, given, strict=True):
                cursor.execute(text, values)
                rows.append(cursor.fetchall())
    return [
        _converted(each, composed.converters, connection) if composed.converters else each
        for each, (composed, _) in zip(rows, found, strict=True)
    ]


class Upsert(NamedTuple):
    """Rows of one table to insert, or where there is one with the same ``key``, to give these ``values``; both name
    fields. No two of the rows have the same key."""

    rows: Sequence[Model]
    key: tuple[str, ...]
    values: tuple[str, ...]


class Below(NamedTuple):
    """Rows of one table to insert that point at another new row with the field ``parent``."""

    rows: Sequence[Model]
    parent: str


_NONE_BELOW = Below((), "")


def insert(alias: str, row: Model, beside: Sequence[Upsert] = (), below: Below = _NONE_BELOW) -> None:
    """Insert a row, which gets its primary key, other rows beside it, and rows that point at it: one statement on
    PostgreSQL."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        _insert_at_once(connection, row, beside, below)
    else:
        _insert_one_by_one(connection, row, beside, below)
    row._state.adding, row._state.db = False, alias


def _insert_at_once(connection: BaseDatabaseWrapper, row: Model, beside: Sequence[Upsert], below: Below) -> None:
    key = connection.ops.quote_name(_column(row._meta.pk))
    parts = [_upsert(connection, upsert) for upsert in beside if upsert.rows]
    parts.append((f"{_text(connection, type(row), 1)} RETURNING {key}", _values([row], connection)))
    if below.rows:
        parent = _column(below.rows[0]._meta.get_field(below.parent))
        text = _text(
            connection, type(below.rows[0]), len(below.rows), instead={parent: f"(SELECT {key} FROM inserted)"}
        )
        parts.append((text, _values(below.rows, connection, without=parent)))
    names = [f"part{number}" for number in range(len(parts))]
    names[-2 if below.rows else -1] = "inserted"
    texts = ", ".join(f"{name} AS ({text})" for name, (text, _) in zip(names, parts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {texts} SELECT {key} FROM inserted", [value for _, given in parts for value in given])
        row.pk = cursor.fetchone()[0]


def _insert_one_by_one(connection: BaseDatabaseWrapper, row: Model, beside: Sequence[Upsert], below: Below) -> None:
    with connection.cursor() as cursor:
        for upsert in beside:
            if upsert.rows:
                cursor.execute(*_upsert(connection, upsert))
        cursor.execute(_text(connection, type(row), 1), _values([row], connection))
        row.pk = cursor.lastrowid
        for child in below.rows:
            setattr(child, below.parent, row)
        if below.rows:
            cursor.execute(_text(connection, type(below.rows[0]), len(below.rows)), _values(below.rows, connection))


def _upsert(connection: BaseDatabaseWrapper, upsert: Upsert) -> tuple[str, list[Any]]:
    text = _text(connection, type(upsert.rows[0]), len(upsert.rows), upsert.key, upsert.values)
    return text, _values(upsert.rows, connection)


def _marker(number: int, kind: type) -> int | str:
    """A value that stands for another one, and that no query has by itself."""
    return -(2**62) - number if kind is int else f"\ue000{number}"


def _takes_several(connection: BaseDatabaseWrapper) -> bool:
    """Whether several statements may be sent as one text: psycopg 3 can, unless the server binds their values."""
    options = connection.settings_dict["OPTIONS"]
    driver = getattr(connection, "Database", None)
    return getattr(driver, "__name__", "") == "psycopg" and not options.get("server_side_binding")


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


def _column(field: Any) -> str:
    return str(field.column)


@lru_cache(maxsize=64)
def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def _text(
    connection: BaseDatabaseWrapper,
    model: type[Model],
    rows: int,
    key: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
    instead: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The text that inserts so many rows; with a key, or brings those with the same key up to date. ``instead`` has
    SQL for columns that have no placeholder."""
    return _kept_text((connection.alias, connection.vendor), model, rows, key, values, tuple(instead.items()))


@lru_cache(maxsize=512)
def _kept_text(
    place: tuple[str, str],
    model: type[Model],
    rows: int,
    key: tuple[str, ...],
    values: tuple[str, ...],
    instead: tuple[tuple[str, str], ...],
) -> str:
    operations, fields = connections[place[0]].ops, _fields(model)
    columns = [_column(field) for field in fields]
    row = ", ".join(dict(instead).get(column, "%s") for column in columns)
    text = (
        f"INSERT INTO {operations.quote_name(model._meta.db_table)} ({', '.join(map(operations.quote_name, columns))})"
        f" VALUES {', '.join([f'({row})'] * rows)}"
    )
    if not key:
        return text
    named, updated = ([_column(model._meta.get_field(name)) for name in names] for names in (key, values))
    return f"{text} {operations.on_conflict_suffix_sql(fields, OnConflict.UPDATE, updated, named)}"


def _values(rows: Sequence[Model], connection: BaseDatabaseWrapper, without: str = "") -> list[Any]:
    fields = [field for field in _fields(type(rows[0])) if field.column != without]
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
