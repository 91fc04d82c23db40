"""Instants, whatever ``USE_TZ`` is: aware here, also on a site whose own datetimes are naive.

For the client side and the engine alike; imports nothing of ours. Reads ``django.conf.settings`` itself, because the
engine may not import ``conf.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone as site_time

if TYPE_CHECKING:
    _DateTimeField = models.DateTimeField[Any, Any]
else:  # generic for the type checker only
    _DateTimeField = models.DateTimeField


def now() -> datetime:
    """The present instant, in UTC. Django's own gives a naive one where ``USE_TZ`` is False."""
    return datetime.now(timezone.utc)


def are_naive_on_site() -> bool:
    """Whether ``USE_TZ`` is False: the site's own datetimes are naive, in ``TIME_ZONE``."""
    return not settings.USE_TZ


def today() -> date:
    """The day it is in the reader's time zone."""
    return site_time.localdate(now())


def from_site(moment: datetime | None) -> datetime | None:
    """What the site's code calls an instant: where its datetimes are naive, they are in ``TIME_ZONE``."""
    if moment is None or not are_naive_on_site() or site_time.is_aware(moment):
        return moment
    return site_time.make_aware(moment, site_time.get_default_timezone())


class InstantField(_DateTimeField):
    """A ``DateTimeField`` whose instants are aware also where ``USE_TZ`` is False.

    There, naive values that are assigned or looked for are in ``TIME_ZONE``. PostgreSQL stores instants anyway; SQLite
    and MariaDB are given UTC, so that ``USE_TZ`` may be changed later on. To migrations this is a plain
    ``DateTimeField``, and where ``USE_TZ`` is True it is one.
    """

    def deconstruct(self) -> Any:
        """As the field that it is to the database."""
        name, _, args, kwargs = super().deconstruct()
        if kwargs.get("default") is now:
            kwargs["default"] = site_time.now
        return name, "django.db.models.DateTimeField", args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The value to store; ``auto_now`` and ``auto_now_add`` set it."""
        if self.auto_now or (self.auto_now_add and add):
            value = now()
            setattr(model_instance, self.attname, value)
            return value
        return super().pre_save(model_instance, add)

    def to_python(self, value: Any) -> Any:
        """An aware datetime, of a text too."""
        return from_site(super().to_python(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """What the database driver is given."""
        if not prepared:
            value = self.get_prep_value(value)
        if value is not None and are_naive_on_site() and not connection.features.supports_timezones:
            value = site_time.make_naive(value, timezone.utc)
        return super().get_db_prep_value(value, connection, prepared=True)

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        """None where Django makes the values aware: no call for each value of each row."""
        return [self._read] if are_naive_on_site() else []

    def value_from_object(self, obj: models.Model) -> Any:
        """What a form shows and a fixture says: the same instant, on the site's clock where forms expect it."""
        value = super().value_from_object(obj)
        if are_naive_on_site() and isinstance(value, datetime):
            return site_time.localtime(from_site(value))
        return value

    @staticmethod
    def _read(value: datetime | None, _expression: Any, connection: Any) -> datetime | None:
        if value is None or site_time.is_aware(value):
            return value
        # The connections of PostgreSQL are in TIME_ZONE then; of an hour that comes twice, psycopg says which (fold).
        zone = ZoneInfo(connection.timezone_name) if connection.features.supports_timezones else timezone.utc
        return value.replace(tzinfo=zone).astimezone(timezone.utc)


class DatabaseNow(Now):
    """The present instant by the clock of the database. Django's own is in the time zone of the session on MariaDB,
    where all that is stored is UTC."""

    output_field = InstantField()

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """With microseconds, as the columns have them."""
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra_context)
