"""What nobody can use any more goes: expired tokens, grants without life, counts of past days (``http-api.md`` §2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Model, Q, QuerySet

from django_playlyfe import instants
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import ClientUsage, Grant, Token

BATCH = 1000
"""Rows of one statement: no long locks, whatever has piled up."""
USAGE_KEPT = timedelta(days=90)


def purge() -> Iterator[tuple[str, int]]:
    """Delete batch by batch. Gives what was deleted: a word for it, and how many; interrupted, the rest stays."""
    now = instants.now()
    gone: dict[str, QuerySet[Model]] = {
        "tokens": Token.objects.filter(Q(expires_at__lte=now) | Q(revoked_at__lte=now)),
        "grants": Grant.objects.filter(Q(expires_at__lte=now) | Q(revoked_at__lte=now)),
        "usage": ClientUsage.objects.filter(day__lt=(now - USAGE_KEPT).date()),
    }
    for name, rows in gone.items():
        while deleted := _batch(rows.using(transactions.write_alias())):
            yield name, deleted


def _batch(rows: QuerySet[Model]) -> int:
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    if keys:
        rows.filter(pk__in=keys).delete()
    return len(keys)
