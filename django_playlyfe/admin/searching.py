"""Looking for links by what a person may type, by indexes only: the table of links is as large as the site."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from django_playlyfe import conf
from django_playlyfe.models import PlayerLink

MOST_FOUND = 100
"""Links that each way of looking finds."""


def links_of(term: str) -> dict[int, str]:
    """The links of a user with this primary key or login name, or of the player with this id: key -> player id.

    One query each: of conditions on two tables joined by OR, databases make a scan of both.
    """
    model = get_user_model()
    found: dict[int, str] = {}
    ways: list[dict[str, Any]] = [
        {"game__in": list(conf.games()), "player_id": term},
        {f"user__{model.USERNAME_FIELD}": term},
    ]
    with suppress(ValidationError, ValueError, OverflowError):
        ways.append({"user_id": model._meta.pk.to_python(term)})
    for way in ways:
        found.update(PlayerLink.objects.filter(**way).values_list("pk", "player_id")[:MOST_FOUND])
    return found
