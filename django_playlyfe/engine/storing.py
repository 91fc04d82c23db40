"""Writes of the hot path: the texts are kept, and what is written together is sent together.

PostgreSQL gets the rows of a table as one JSON text, which it reads by the table's own types: one value to quote where
Django and the driver would convert each column of each row; and all tables of a call in one statement. Other databases
get a statement for each table, with the values that Django's fields give them.
"""

# ruff: noqa: S608 - the texts are made of the names of our own tables; every value is a parameter

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateField, Field, Model, UUIDField
from django.db.models.constants import OnConflict


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


def upsert(alias: str, what: Upsert) -> None:
    """Insert rows or bring them up to date. One statement, none without rows. They do not get their primary keys."""
    if not what.rows:
        return
    connection, model = connections[alias], type(what.rows[0])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_text(connection, model, what.key, what.values), [_as_json(what.rows)])
        else:
            cursor.executemany(
                _text(connection, model, what.key, what.values), [_values(row, connection) for row in what.rows]
            )


def add(alias: str, rows: Sequence[Model]) -> None:
    """Insert rows of one table, which do not get their primary keys. One statement, none without rows."""
    upsert(alias, Upsert(rows, (), ()))


def insert_many(alias: str, rows: Sequence[Any]) -> None:
    """Insert rows of one table, which get their primary keys, ascending in this order. One statement where the database
    tells the keys of many new rows."""
    connection = connections[alias]
    if not rows:
        return
    if connection.vendor == "postgresql":
        text = f"{_text(connection, type(rows[0]))} RETURNING {_key_of(connection, rows[0])}"
        with connection.cursor() as cursor:
            cursor.execute(text, [_as_json(rows)])
            for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
                _mark_stored(row, key, alias)
    elif connection.features.can_return_rows_from_bulk_insert:
        type(rows[0])._default_manager.using(alias).bulk_create(rows)
    else:
        for row in rows:
            row.save(force_insert=True, using=alias)


def insert(alias: str, row: Model, beside: Iterable[Upsert] = (), below: Below = _NONE_BELOW) -> None:
    """Insert a row, which gets its primary key, other rows beside it, and rows that point at it: one statement on
    PostgreSQL."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        _insert_at_once(connection, row, beside, below)
        return
    for rows in beside:
        upsert(alias, rows)
    with connection.cursor() as cursor:
        cursor.execute(_text(connection, type(row)), _values(row, connection))
        _mark_stored(row, cursor.lastrowid, alias)
    for child in below.rows:
        setattr(child, below.parent, row)
    add(alias, below.rows)


def _insert_at_once(connection: BaseDatabaseWrapper, row: Model, beside: Iterable[Upsert], below: Below) -> None:
    key, written = _key_of(connection, row), [rows for rows in beside if rows.rows]
    parts = [
        (f"beside{number}", _text(connection, type(rows.rows[0]), rows.key, rows.values))
        for number, rows in enumerate(written)
    ]
    given = [_as_json(rows.rows) for rows in written]
    parts.append(("inserted", f"{_text(connection, type(row))} RETURNING {key}"))
    given.append(_as_json([row]))
    if below.rows:
        parts.append(("below", _text(connection, type(below.rows[0]), parent=below.parent)))
        given.append(_as_json(below.rows))
    together = ", ".join(f"{name} AS ({text})" for name, text in parts)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {together} SELECT {key} FROM inserted", given)
        _mark_stored(row, cursor.fetchone()[0], connection.alias)


def _mark_stored(row: Model, key: object, alias: str) -> None:
    row.pk, row._state.adding, row._state.db = key, False, alias


def _as_json(rows: Iterable[Model]) -> str:
    written = []
    for row in rows:
        values = row.__dict__
        written.append(
            {
                column: str(value) if is_spelled and value is not None else value
                for name, column, is_spelled in _columns(type(row))
                for value in (values[name],)
            }
        )
    return json.dumps(written)


def _values(row: Model, connection: BaseDatabaseWrapper) -> list[Any]:
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for field in _fields(type(row))]


def _key_of(connection: BaseDatabaseWrapper, row: Model) -> str:
    return connection.ops.quote_name(_column(row._meta.pk))


@lru_cache(maxsize=64)
def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@lru_cache(maxsize=64)
def _columns(model: type[Model]) -> list[tuple[str, str, bool]]:
    """Attribute, column, and whether JSON has no such type and the value is written as text."""
    return [(field.attname, _column(field), isinstance(field, DateField | UUIDField)) for field in _fields(model)]


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
