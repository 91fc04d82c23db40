"""How the site under test writes instants in models of its own."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone


def own_datetime(moment: datetime) -> datetime:
    """An instant as a ``DateTimeField`` of the site takes it: naive in a project with ``USE_TZ = False``."""
    return moment if settings.USE_TZ else timezone.make_naive(moment)
