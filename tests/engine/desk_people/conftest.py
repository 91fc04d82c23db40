"""Somebody at the desk, and a player of the library quest with a history."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm
from tests.engine.conftest import always


def address(page: str, player: Player, *more: Any) -> str:
    """The address of a page about a player."""
    return reverse(f"admin:django_playlyfe_engine_player_{page}", args=[player.pk, *more])


def person(*permissions: str, name: str = "vera") -> Any:
    """Somebody who may look at players and calls, and has these permissions besides."""
    user = get_user_model().objects.create_user(name, f"{name}@example.org", is_staff=True)  # type: ignore[attr-defined]
    wanted = ("view_player", "view_call", *permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    return user


@pytest.fixture
def boss(db: None) -> Client:
    """The browser of a superuser named "boss"."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.org", None))  # type: ignore[attr-defined]
    return client


@pytest.fixture
def read_much(quest: Realm, ines: str) -> Player:
    """Ines, after three books: the last one of 600 pages."""
    for number, pages in enumerate((100, 100, 600)):
        services.play(quest, ines, "finish_book", {"pages": pages}, dice=always(0.5), idempotency_key=f"book-{number}")
    return Player.objects.select_related("game").get(player_id="ines")


def calls(player: Player, kind: Call.Kind) -> list[Call]:
    """The player's calls of a kind, oldest first."""
    return list(Call.objects.filter(player=player, kind=kind).order_by("pk"))
