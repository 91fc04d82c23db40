"""Who sits at the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from django_playlyfe.engine.models import Game
from django_playlyfe.engine.realm import Realm

PREFIX = "admin:django_playlyfe_engine_game_desk"


class Designer:
    """A person with a browser at the desk of the only game."""

    def __init__(self, client: Client, user: Any) -> None:
        self.client, self.user = client, user

    @property
    def game(self) -> Game:
        return Game.objects.get()

    def url(self, page: str = "", *arguments: object) -> str:
        name = f"{PREFIX}_{page}" if page else PREFIX
        return reverse(name, args=[self.game.pk, *arguments])

    def get(self, page: str = "", *arguments: object, **query: Any) -> Any:
        return self.client.get(self.url(page, *arguments), query)

    def post(self, page: str, *arguments: object, data: dict[str, Any], **options: Any) -> Any:
        return self.client.post(self.url(page, *arguments), data, **options)


@pytest.fixture
def person(make_user: Any) -> Callable[..., Designer]:
    """``person("view_game")`` is a member of staff with these permissions."""

    def make(*permissions: str) -> Designer:
        user = make_user(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return Designer(client, user)

    return make


@pytest.fixture
def designer(quest: Realm, person: Callable[..., Designer]) -> Designer:
    """Somebody who may change the library quest, and not publish it."""
    return person("view_game", "change_game")
