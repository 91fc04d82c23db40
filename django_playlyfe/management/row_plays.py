"""Which fields of a model make up a play, for ``playlyfe_backfill``; checked before anything is played."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone

from django_playlyfe.services import Play


class WrongFields(ValueError):
    """What was typed does not fit the model; the text says why."""


class Unplayable(ValueError):
    """A row lacks what its play needs; the text says what."""


@dataclass(frozen=True)
class RowPlays:
    """How a row becomes a play. A path is a field, or one of a related row: ``edition__pages``.

    Attributes:
        model: whose rows are played.
        action: id of the action.
        time: path of the date, or date and time, of the play.
        key: template of the idempotency key, ``book:{pk}``.
        variables: names of variables, and the paths of their values.
        user: path of who plays; "" if the row itself is the user.
    """

    model: type[models.Model]
    action: str
    time: str
    key: str
    variables: Mapping[str, str]
    user: str

    @classmethod
    def read(cls, label: str, *, action: str, time: str, key: str, variables: str, user: str | None) -> RowPlays:
        """Understand the arguments of the command. Raises WrongFields."""
        try:
            model = apps.get_model(label)
        except (LookupError, ValueError):
            raise WrongFields(f"There is no model {label!r}; name one as app.Model.") from None
        if not isinstance(_field(model, time), models.DateField):
            raise WrongFields(f"{time!r} is no field of dates or times.")
        user = _only_user(model) if user is None else user
        if user and not _leads_to_user(model, user):
            raise WrongFields(f"{user!r} does not lead to a user of this site.")
        paths = _read_variables(variables)
        for path in [*paths.values(), *_fields_of_key(key)]:
            _field(model, path)
        return cls(model, action, time, key, paths, user)

    def rows(self, after: Any) -> models.QuerySet[Any]:
        """The rows by primary key, those up to ``after`` left out, with all that a play needs."""
        paths = [self.time, *self.variables.values(), *_fields_of_key(self.key)]
        related = {path.rpartition("__")[0] for path in paths} | {self.user}
        rows = self.model._default_manager.order_by("pk").select_related(*sorted(related - {""}))
        return rows if after is None else rows.filter(pk__gt=after)

    def play_of(self, row: models.Model) -> Play:
        """The play of a row. Raises Unplayable."""
        user = _reach(row, self.user) if self.user else row
        if user is None:
            raise Unplayable(f"{self.user} is empty, so nobody plays")
        moment = _reach(row, self.time)
        if moment is None:
            raise Unplayable(f"{self.time} is empty, so the play has no time")
        values = {name: _plain(_reach(row, path)) for name, path in self.variables.items()}
        return Play(
            user,
            self.action,
            {name: value for name, value in values.items() if value is not None},
            idempotency_key=self._key_of(row),
            at=_instant(moment),
        )

    def _key_of(self, row: models.Model) -> str:
        parts = string.Formatter().parse(self.key)
        return "".join(text + ("" if path is None else str(_plain(_reach(row, path)))) for text, path, _, _ in parts)


def _read_variables(text: str) -> dict[str, str]:
    """``pages=pages,genre=genre``."""
    paths = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        name, separator, path = (part.strip() for part in pair.partition("="))
        if not (name and separator and path):
            raise WrongFields(f"{pair!r} should look like variable=field.")
        paths[name] = path
    return paths


def _fields_of_key(key: str) -> list[str]:
    """The paths that a template of keys names."""
    try:
        parts = [part for part in string.Formatter().parse(key) if part[1] is not None]
    except ValueError as error:
        raise WrongFields(f"The key {key!r} cannot be read: {error}.") from None
    if not parts:
        raise WrongFields(f'The key {key!r} would be the same for all rows; name a field, as in "book:{{pk}}".')
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise WrongFields(f"The key {key!r} may name fields, but no format.")
    return [str(path) for _, path, _, _ in parts]


def _fields(model: type[models.Model], path: str) -> Iterator[tuple[str, models.Field[Any, Any]]]:
    """Each name of a path with its field. Raises WrongFields."""
    for name in path.split("__"):
        if model is None:
            raise WrongFields(f"{path!r} goes on after a field that leads nowhere.")
        field = model._meta.pk if name == "pk" else _own_field(model, name)
        yield name, field
        model = field.related_model if field is not None and name == field.name else None  # type: ignore[assignment]


def _own_field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        field = None
    if not isinstance(field, models.Field) or field.many_to_many:
        names = [field.name for field in model._meta.concrete_fields]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names)}."
        raise WrongFields(f"{model._meta.label} has no field {name!r}; {hint}")
    return field


def _field(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    """The field at the end of a path. Raises WrongFields."""
    return [field for _, field in _fields(model, path)][-1]


def _leads_to_user(model: type[models.Model], path: str) -> bool:
    name, field = list(_fields(model, path))[-1]
    return name == field.name and _is_user(field.related_model)


def _is_user(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, get_user_model())


def _only_user(model: type[models.Model]) -> str:
    """The one field that leads to a user; "" for the model of the users itself. Raises WrongFields."""
    if _is_user(model):
        return ""
    names = [field.name for field in model._meta.concrete_fields if _is_user(field.related_model)]
    if len(names) != 1:
        found = f"several lead to a user: {', '.join(names)}" if names else "none of its own leads to a user"
        raise WrongFields(f"Name who plays with --user-field; of the fields of {model._meta.label}, {found}.")
    return names[0]


def _reach(row: Any, path: str) -> Any:
    for name in path.split("__"):
        if row is None:
            return None
        row = getattr(row, name)
    return row


def _plain(value: Any) -> Any:
    """A value that a variable can have: a number, a text, None for nothing."""
    if isinstance(value, models.Model):
        value = value.pk
    if value is None or (isinstance(value, (int, str)) and not isinstance(value, bool)):
        return value
    return str(value)


def _instant(moment: date) -> datetime:
    """A day is its first instant; what has no time zone is in the site's."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.min)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
