"""How many calls a client may make a day, where a host sets ``CALL_LIMIT`` (``http-api.md`` §7.6)."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

from django.db.models import F

from django_playlyfe import instants
from django_playlyfe.engine import conf
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import ClientUsage
from django_playlyfe.wire import make_error


def count_call(client: int, environment: str) -> None:
    """Count one call. Nothing is written unless there is a limit.

    Args:
        client: primary key.
        environment: for the text.

    Raises:
        QuotaExceeded: the client has made all its calls of today (``plan_limit_exceeded``).
    """
    limit = conf.server_settings().call_limit
    if limit is None:
        return
    today = instants.now().astimezone(timezone.utc).date()
    rows = ClientUsage.objects.using(transactions.write_alias())
    row, _created = rows.get_or_create(client_id=client, day=today)
    if rows.filter(pk=row.pk, calls__lt=limit).update(calls=F("calls") + 1):
        return
    error = make_error(
        "plan_limit_exceeded",
        f"Your {environment} API usage has exceeded the limit of {limit} API calls. Please upgrade your plan.",
    )
    error.retry_at = datetime.combine(today + timedelta(days=1), time(), timezone.utc)
    raise error
