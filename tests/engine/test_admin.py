"""The admin shows and changes nothing, at a fixed cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Call, DesignVersion, Game, Player
from django_playlyfe.engine.realm import Realm

pytestmark = pytest.mark.django_db
MODELS = ["game", "designversion", "player", "call"]


@pytest.fixture
def staff(client: Client) -> Client:
    user_model = get_user_model()
    client.force_login(user_model.objects.create_superuser("admin", "admin@example.org", None))  # type: ignore[attr-defined] # the default user's manager
    return client


@pytest.fixture
def played(small: Realm) -> Callable[[int], None]:
    def play(players: int) -> None:
        for number in range(players):
            services.create_player(small, f"p{number}", alias="<script>alert(1)</script>")
            services.play(small, f"p{number}", "read")

    return play


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_details_are_shown(staff: Client, played: Callable[[int], None], model: str) -> None:
    played(2)
    listing = staff.get(reverse(f"admin:django_playlyfe_engine_{model}_changelist"))
    assert listing.status_code == 200
    assert b"<script>alert(1)" not in listing.content
    row = {"game": Game, "designversion": DesignVersion, "player": Player, "call": Call}[model].objects.first()
    assert row is not None
    detail = staff.get(reverse(f"admin:django_playlyfe_engine_{model}_change", args=[row.pk]))
    assert detail.status_code == 200
    assert Game.objects.get().secret.encode() not in listing.content + detail.content


@pytest.mark.parametrize("model", MODELS)
def test_nothing_can_be_added_changed_or_deleted(staff: Client, played: Callable[[int], None], model: str) -> None:
    played(1)
    if model != "game":  # a game is begun at the desk
        assert staff.get(reverse(f"admin:django_playlyfe_engine_{model}_add")).status_code == 403
    row = {"game": Game, "designversion": DesignVersion, "player": Player, "call": Call}[model].objects.first()
    assert row is not None
    for page in ("change", "delete"):
        address = reverse(f"admin:django_playlyfe_engine_{model}_{page}", args=[row.pk])
        assert staff.post(address, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["player", "call"])
def test_a_list_costs_the_same_whatever_its_length(
    staff: Client, played: Callable[[int], None], count_queries: Any, model: str
) -> None:
    address = reverse(f"admin:django_playlyfe_engine_{model}_changelist")
    costs = []
    for players in (1, 20):
        Call.objects.all().delete()
        Player.objects.all().delete()
        played(players)
        with count_queries() as counted:
            staff.get(address)
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_players_and_calls_are_found_by_player_id(staff: Client, played: Callable[[int], None]) -> None:
    played(12)
    for model, key in (("player", "player_id"), ("call", "player__player_id")):
        address = reverse(f"admin:django_playlyfe_engine_{model}_changelist")
        found = staff.get(address, {"q": "p11"}).context["cl"].queryset
        assert set(found.values_list(key, flat=True)) == {"p11"}
