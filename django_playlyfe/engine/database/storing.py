"""Writes of the hot path: the texts are kept, and what is written together is sent together.

A row is a tuple of the values of all columns but the primary key (:func:`row_type`): a model instance takes longer to
make than its row takes to be stored. PostgreSQL gets the rows of a table as one JSON text, which it reads by the
table's own types: one value to quote where Django and the driver would convert each column of each row; and all tables
of a call in one statement. Other databases get a statement for each table, with the values that Django's fields give.
"""

# ruff: noqa: S608 - the texts are made of the names of our own tables; every value is a parameter

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import DateField, Field, Model, UUIDField
from django.db.models.constants import OnConflict

from django_playlyfe.engine.database import prepared
from django_playlyfe.instants import InstantField

Row = tuple[Any, ...]
"""Values of all columns but the primary key, in the order of the model's fields."""


class Upsert(NamedTuple):
    """Rows of one table to insert, or where there is one with the same ``key``, to give these ``values``; both name
    fields. No two of the rows have the same key."""

    model: type[Model]
    rows: Sequence[Row]
    key: tuple[str, ...]
    values: tuple[str, ...]


class Below(NamedTuple):
    """Rows of one table to insert that point at another new row with the field ``parent``, whatever they say there."""

    model: type[Model]
    rows: Sequence[Row]
    parent: str


def row_type(model: type[Model]) -> Callable[..., Any]:
    """A named tuple for the rows of a table: its arguments are named like the attributes of the model."""
    return namedtuple(f"{model.__name__}Values", [field.attname for field in _fields(model)])


def row_of(instance: Model) -> Row:
    """The row of a model instance. A single column is no row: our tables have more."""
    return _read_values(type(instance))(instance.__dict__)


def upsert(alias: str, what: Upsert) -> None:
    """Insert rows or bring them up to date. One statement, none without rows. They do not get their primary keys."""
    if not what.rows:
        return
    connection = connections[alias]
    text = _text(connection, what.model, what.key, what.values)
    if connection.vendor == "postgresql":
        prepared.run(connection, (text, [_as_json(what.model, what.rows)]))
        return
    with connection.cursor() as cursor:
        _run_for_each(cursor, text, _ForDriver(connection).rows(what.model, what.rows))


def add(alias: str, model: type[Model], rows: Sequence[Row]) -> None:
    """Insert rows of one table, which do not get their primary keys. One statement, none without rows."""
    upsert(alias, Upsert(model, rows, (), ()))


def insert_many(alias: str, instances: Sequence[Model]) -> None:
    """Insert rows of one table, which get their primary keys, ascending in this order. One statement where the database
    tells the keys of many new rows."""
    connection = connections[alias]
    if not instances:
        return
    if connection.vendor == "postgresql":
        model = type(instances[0])
        text = f"{_text(connection, model)} RETURNING {_key_of(connection, model)}"
        (keys,) = prepared.run(connection, (text, [_as_json(model, [row_of(instance) for instance in instances])]))
        for instance, (key,) in zip(instances, keys, strict=True):
            _mark_stored(instance, key, alias)
    elif connection.features.can_return_rows_from_bulk_insert:
        _insert_in_batches(connection, instances)
    else:
        for instance in instances:
            instance.save(force_insert=True, using=alias)


def insert(alias: str, instance: Model, beside: Iterable[Upsert] = (), below: Below | None = None) -> None:
    """Insert a row, which gets its primary key, other rows beside it, and rows that point at it: one statement on
    PostgreSQL."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        _insert_at_once(connection, instance, beside, below)
        return
    for_driver = _ForDriver(connection)
    with connection.cursor() as cursor:
        for what in beside:
            if what.rows:
                text = _text(connection, what.model, what.key, what.values)
                _run_for_each(cursor, text, for_driver.rows(what.model, what.rows))
        (values,) = for_driver.rows(type(instance), [row_of(instance)])
        cursor.execute(_text(connection, type(instance)), values)
        _mark_stored(instance, cursor.lastrowid, alias)
        if below is not None and below.rows:
            at = [field.name for field in _fields(below.model)].index(below.parent)
            children = [(*row[:at], instance.pk, *row[at + 1 :]) for row in below.rows]
            _run_for_each(cursor, _text(connection, below.model), for_driver.rows(below.model, children))


def _run_for_each(cursor: CursorWrapper, text: str, rows: list[list[Any]]) -> None:
    cursor.execute(text, rows[0]) if len(rows) == 1 else cursor.executemany(text, rows)


def _insert_in_batches(connection: BaseDatabaseWrapper, instances: Sequence[Model]) -> None:
    """As many rows in a statement as the database takes values."""
    model = type(instances[0])
    fields, returning = _fields(model), f" RETURNING {_key_of(connection, model)}"
    text = _text(connection, model)
    one = text[text.rindex("(") :]
    size, for_driver = connection.ops.bulk_batch_size(fields, instances), _ForDriver(connection)
    with connection.cursor() as cursor:
        for start in range(0, len(instances), size):
            batch = instances[start : start + size]
            rows = for_driver.rows(model, [row_of(instance) for instance in batch])
            many = text + f", {one}" * (len(batch) - 1) + returning
            cursor.execute(many, [value for row in rows for value in row])
            for instance, (key,) in zip(batch, cursor.fetchall(), strict=True):
                _mark_stored(instance, key, connection.alias)


def _insert_at_once(
    connection: BaseDatabaseWrapper, instance: Model, beside: Iterable[Upsert], below: Below | None
) -> None:
    model = type(instance)
    key, written = _key_of(connection, model), [rows for rows in beside if rows.rows]
    parts = [
        (f"beside{number}", _text(connection, rows.model, rows.key, rows.values)) for number, rows in enumerate(written)
    ]
    given = [_as_json(rows.model, rows.rows) for rows in written]
    parts.append(("inserted", f"{_text(connection, model)} RETURNING {key}"))
    given.append(_as_json(model, [row_of(instance)]))
    if below is not None and below.rows:
        parts.append(("below", _text(connection, below.model, parent=below.parent)))
        given.append(_as_json(below.model, below.rows))
    together = ", ".join(f"{name} AS ({text})" for name, text in parts)
    (((new,),),) = prepared.run(connection, (f"WITH {together} SELECT {key} FROM inserted", given))
    _mark_stored(instance, new, connection.alias)


def _mark_stored(row: Model, key: object, alias: str) -> None:
    row.pk, row._state.adding, row._state.db = key, False, alias


def _as_json(model: type[Model], rows: Iterable[Row]) -> str:
    columns, spelled = _columns(model)
    written = [dict(zip(columns, row, strict=True)) for row in rows]
    for row in written:
        for column in spelled:
            if row[column] is not None:
                row[column] = str(row[column])
    return json.dumps(written)


_AS_THEY_ARE = frozenset({int, str, bool, NoneType})
"""Values that the plain columns below hand to the driver unchanged."""
_PLAIN = (models.CharField, models.IntegerField, models.BooleanField, models.ForeignKey)


class _ForDriver:
    """What Django's fields make of the values. It takes them long, so they are asked only where it matters, and once
    for an instant that comes again and again."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._instants: dict[datetime, Any] = {}

    def rows(self, model: type[Model], rows: Iterable[Row]) -> list[list[Any]]:
        """The rows of a table, each as the driver gets it."""
        fields = _kinds(model)
        return [
            [
                value if is_plain and type(value) in _AS_THEY_ARE else self._prepared(field, value)
                for (field, is_plain), value in zip(fields, row, strict=True)
            ]
            for row in rows
        ]

    def _prepared(self, field: Field[Any, Any], value: Any) -> Any:
        if type(value) is not datetime or not isinstance(field, InstantField):
            return field.get_db_prep_save(value, self._connection)
        if value not in self._instants:
            self._instants[value] = field.get_db_prep_save(value, self._connection)
        return self._instants[value]


@lru_cache(maxsize=64)
def _kinds(model: type[Model]) -> list[tuple[Field[Any, Any], bool]]:
    """The fields but the key, and whether each is plain."""
    return [(field, isinstance(field, _PLAIN)) for field in _fields(model)]


def _key_of(connection: BaseDatabaseWrapper, model: type[Model]) -> str:
    return connection.ops.quote_name(_column(model._meta.pk))


@lru_cache(maxsize=64)
def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@lru_cache(maxsize=64)
def _read_values(model: type[Model]) -> Callable[[dict[str, Any]], Row]:
    return itemgetter(*(field.attname for field in _fields(model)))


@lru_cache(maxsize=64)
def _columns(model: type[Model]) -> tuple[list[str], list[str]]:
    """All columns but the key; and those for which JSON has no type, so that their values are written as text."""
    fields = _fields(model)
    return [_column(f) for f in fields], [_column(f) for f in fields if isinstance(f, DateField | UUIDField)]


def _column(field: Any) -> str:
    return str(field.column)


def _text(
    connection: BaseDatabaseWrapper,
    model: type[Model],
    key: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
    parent: str = "",
) -> str:
    """The text that inserts rows, from JSON on PostgreSQL, else one; with a key, or brings those with the same key up
    to date. ``parent`` names the field that points at the row ``inserted`` by the same statement."""
    return _kept_text((connection.alias, connection.vendor), model, key, values, parent)


@lru_cache(maxsize=256)
def _kept_text(
    place: tuple[str, str], model: type[Model], key: tuple[str, ...], values: tuple[str, ...], parent: str
) -> str:
    operations, fields = connections[place[0]].ops, _fields(model)
    table, columns = operations.quote_name(model._meta.db_table), [operations.quote_name(_column(f)) for f in fields]
    text = f"INSERT INTO {table} ({', '.join(columns)}) "
    if place[1] == "postgresql":
        instead = {parent: "(SELECT * FROM inserted)"}
        read = [instead.get(field.name, column) for field, column in zip(fields, columns, strict=True)]
        text += f"SELECT {', '.join(read)} FROM json_populate_recordset(NULL::{table}, %s::json)"
    else:
        text += f"VALUES ({', '.join(['%s'] * len(columns))})"
    if not key:
        return text
    named, updated = ([_column(model._meta.get_field(name)) for name in names] for names in (key, values))
    return f"{text} {operations.on_conflict_suffix_sql(fields, OnConflict.UPDATE, updated, named)}"
