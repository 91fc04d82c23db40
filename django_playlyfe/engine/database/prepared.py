"""Statements of the hot path, which PostgreSQL plans once for each connection.

For a play, and for a rank on a large board, planning takes PostgreSQL longer than running. psycopg prepares statements
only where the server binds their values, and then takes one statement at a time. So ours are prepared in SQL
(``PREPARE``, ``EXECUTE``): several still cost one round trip, and a site's wrappers and logs see them as any others.

A prepared statement belongs to a process of the server. Behind a pooler that gives each transaction another one it
would not be found again. Such a pooler makes up the number of the process that it greets the driver with; where the
process that answers has another number nothing is prepared, nor where a site says ``DISABLE_SERVER_SIDE_CURSORS``,
Django's word for such poolers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Values]
"""A text with ``%s``, and a value for each; or with ``%(name)s``, and a value for each name."""

PREPARE_AT = 5
"""Which use of a statement prepares it: a connection that lasts for one page would not earn it back."""
_TABLE = re.compile(r'"django_playlyfe_engine_(\w+)"')
_PLACE = re.compile(r"%%|%(?:\((\w+)\))?s")
_GONE = ("26000", "0A000")
"""SQLSTATE of a prepared statement that is not there (``DISCARD ALL``), or whose columns are of other types by now."""
_WHO_ANSWERS: Statement = ("SELECT pg_backend_pid()", ())
_numbers = count(1)


@dataclass(slots=True)
class _Session:
    """What is known of one connection.

    Attributes:
        is_direct: whether the process of the server that answers is the one that greeted; None before it was asked.
        uses: text -> how often it was run before it was prepared.
        names: text -> name under which it is prepared; "" where that failed.
    """

    is_direct: bool | None = None
    uses: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


_sessions: WeakKeyDictionary[Any, _Session] = WeakKeyDictionary()


def run(connection: BaseDatabaseWrapper, *statements: Statement) -> list[list[Row]]:
    """Run statements in this order, each of which sees what is committed when it begins. One round trip where the
    database takes several statements at once.

    Returns:
        For each the rows that it gives.
    """
    with connection.cursor() as cursor:
        if not _takes_several(connection):
            return [_alone(cursor, statement) for statement in statements]
        if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return _together(cursor, statements)
        session = _sessions.get(connection.connection)
        if session is None:
            session = _sessions[connection.connection] = _Session()
        return _by_name(cursor, session, connection.connection.info.backend_pid, statements)


def _by_name(cursor: Any, session: _Session, greeted_by: int, statements: Sequence[Statement]) -> list[list[Row]]:
    """Run statements, by name those that the connection keeps; one that it keeps from now on is prepared before it."""
    sent: list[Statement] = []
    places: list[int] = []  # of the statements among what is sent
    new: dict[str, str] = {}
    for text, values in statements:
        name = session.names.get(text, new.get(text))
        if name is None and _is_often_used(session, text):
            if session.is_direct:
                name = new[text] = _new_name(text)
                sent.append((f"PREPARE {name} AS {_numbered(text)}", ()))
            elif _WHO_ANSWERS not in sent:
                sent.append(_WHO_ANSWERS)
        places.append(len(sent))
        sent.append(_execution(name, text, values) if name else (text, values))
    try:
        answers = _together(cursor, sent)
    except DatabaseError as error:
        session.names.update(dict.fromkeys(new, ""))  # it may be there, or not
        if getattr(error.__cause__, "sqlstate", "") in _GONE:
            session.names.clear()
            session.is_direct = False
        raise
    session.names.update(new)
    if _WHO_ANSWERS in sent:
        session.is_direct = answers[sent.index(_WHO_ANSWERS)] == [(greeted_by,)]
    return [answers[place] for place in places]


def _is_often_used(session: _Session, text: str) -> bool:
    if session.is_direct is False:
        return False
    uses = session.uses[text] = session.uses.get(text, 0) + 1
    return uses >= PREPARE_AT


# --- texts ------------------------------------------------------------------------------------------------------------


def _new_name(text: str) -> str:
    """A name that no other statement of this process has, and that tells a reader of logs which table it is about."""
    table = _TABLE.search(text)
    return f"playlyfe_{table[1] if table else 'statement'}_{next(_numbers)}"


@lru_cache(maxsize=512)
def _names(text: str) -> tuple[str, ...]:
    """The names of a text, as often as they stand there."""
    return tuple(place[1] for place in _PLACE.finditer(text) if place[1])


@lru_cache(maxsize=512)
def _without_names(text: str) -> str:
    """The text with ``%s`` for every name."""
    return _PLACE.sub(lambda place: "%s" if place[1] else place[0], text)


def _numbered(text: str) -> str:
    """The text with the server's placeholders: one for all places of a name. A doubled % stays doubled, as the driver
    reads it too."""
    number_of = {name: number for number, name in enumerate(dict.fromkeys(_names(text)), 1)}
    numbers = count(1)

    def placeholder(place: re.Match[str]) -> str:
        return place[0] if place[0] == "%%" else f"${number_of[place[1]] if place[1] else next(numbers)}"

    return _PLACE.sub(placeholder, text)


def _execution(name: str, text: str, values: Values) -> Statement:
    given = [values[each] for each in dict.fromkeys(_names(text))] if isinstance(values, Mapping) else values
    places = f"({', '.join(['%s'] * len(given))})" if given else ""  # empty brackets are a syntax error
    return f"EXECUTE {name}{places}", given


def _positional(text: str, values: Values) -> tuple[str, Sequence[Any]]:
    return (
        (_without_names(text), [values[name] for name in _names(text)])
        if isinstance(values, Mapping)
        else (text, values)
    )


# --- sending ----------------------------------------------------------------------------------------------------------


def _alone(cursor: Any, statement: Statement) -> list[Row]:
    cursor.execute(*statement)
    return list(cursor.fetchall()) if cursor.description else []


def _together(cursor: Any, statements: Sequence[Statement]) -> list[list[Row]]:
    """Run statements in one go, by psycopg. The rows of each."""
    texts: list[str] = []
    values: list[Any] = []
    for statement in statements:
        text, given = _positional(*statement)
        texts.append(text)
        values += given
    cursor.execute(";".join(texts), values)
    answers = [_rows(cursor)]
    while len(answers) < len(statements) and cursor.nextset():
        answers.append(_rows(cursor))
    return answers


def _rows(cursor: Any) -> list[Row]:
    # Only rows have numbers. The description would say it too, but psycopg makes objects of all columns for it.
    return [] if cursor.rownumber is None else cursor.fetchall()


def _takes_several(connection: BaseDatabaseWrapper) -> bool:
    """Whether several statements may be sent as one text: psycopg 3 can, unless the server binds their values."""
    options = connection.settings_dict["OPTIONS"]
    driver = getattr(connection, "Database", None)
    return getattr(driver, "__name__", "") == "psycopg" and not options.get("server_side_binding")
