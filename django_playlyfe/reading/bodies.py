"""What was read, as JSON and back: the form in which the cache and :class:`~django_playlyfe.models.Snapshot` keep it.

Freshness (``as_of``, ``is_stale``, ``source``) is kept beside a body, and site users are not kept at all: they are
looked up when a page is built.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_LEFT_OUT = frozenset({"as_of", "is_stale", "source", "user"})


def write_body(value: Any) -> Any:
    """A value of ``types`` as JSON-able data."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = (field.name for field in fields(value) if field.name not in _LEFT_OUT)
        return {name: write_body(getattr(value, name)) for name in kept}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): write_body(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [write_body(inner) for inner in value]
    return value


def read_body(shape: Any, body: Any) -> Any:
    """The value again.

    Args:
        shape: a type of ``types``, such as ``Player`` or ``Listing[Action]``.
        body: what :func:`write_body` made of it.

    Raises:
        KeyError, TypeError, ValueError: it is something else, as written by another version.
    """
    origin = get_origin(shape)
    if origin in (Union, types.UnionType):
        return _read_choice(shape, body)
    if origin is tuple:
        inner = get_args(shape)[0]
        return tuple(read_body(inner, item) for item in body)
    if shape is datetime:
        return datetime.fromisoformat(body)
    if is_dataclass(origin or shape):
        hints = _hints(shape)
        return (origin or shape)(**{name: read_body(hints[name], inner) for name, inner in body.items()})
    return body


def _read_choice(shape: Any, body: Any) -> Any:
    """One of several types: of those that are here only one ever has an inner form."""
    if body is None:
        return None
    choices = [choice for choice in get_args(shape) if choice is not type(None)]
    return read_body(choices[0], body) if len(choices) == 1 else body


@lru_cache(maxsize=64)
def _hints(shape: Any) -> dict[str, Any]:
    """The types of a dataclass's fields; ``T`` of ``Listing[T]`` is what the brackets say."""
    origin = get_origin(shape)
    hints = get_type_hints(origin or shape)
    if origin is None:
        return hints
    inner = dict(zip(getattr(origin, "__parameters__", ()), get_args(shape), strict=True))
    return {name: _filled(hint, inner) for name, hint in hints.items()}


def _filled(hint: Any, inner: Mapping[TypeVar, Any]) -> Any:
    if isinstance(hint, TypeVar):
        return inner[hint]
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(inner[parameter] for parameter in parameters)] if parameters else hint
