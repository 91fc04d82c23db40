"""Ids and keys are compared as they are written, on every database."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.models import PlayerLink

from .conftest import action, design, point, reward

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.mark.parametrize("other", ["Ada", "aDa", "ADA"])
def test_players_whose_ids_are_alike_are_two(small: Realm, other: str) -> None:
    services.create_player(small, "ada")
    with pytest.raises(PlayerNotFound):
        services.play(small, other, "read")
    services.create_player(small, other)
    services.play(small, other, "read")
    assert Player.objects.filter(player_id="ada").count() == 1
    assert [call.player.player_id for call in Call.objects.filter(kind=Call.Kind.PLAY)] == [other]


@pytest.mark.parametrize(("first", "second"), [("book:a", "book:A"), ("book:e", "book:é"), ("book:ss", "book:ß")])
def test_keys_that_are_alike_are_two_plays(small: Realm, first: str, second: str) -> None:
    services.create_player(small, "ada")
    for key in (first, second, first):
        services.play(small, "ada", "read", idempotency_key=key)
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == 2


def test_metrics_and_actions_whose_ids_are_alike_are_counted_apart(db: None) -> None:
    realm = Realm("small")
    parts = [action("read", reward("xp", "10")), action("Read", reward("XP", "3"))]
    activate(realm, design(metrics=[point("xp"), point("XP")], actions=parts))
    services.create_player(realm, "ada")
    for name in ("read", "Read", "Read"):
        services.play(realm, "ada", name)
    profile = selectors.profile(realm, "ada")
    assert {score["metric"]["id"]: score["value"] for score in profile["scores"]} == {"xp": "10", "XP": "6"}


def test_links_to_players_whose_ids_are_alike_are_two() -> None:
    users = [get_user_model().objects.create(username=name) for name in ("first", "second")]
    PlayerLink.objects.all().delete()
    for user, player_id in zip(users, ("ada", "Ada"), strict=True):
        PlayerLink.objects.create(user=user, player_id=player_id)
    assert PlayerLink.objects.get(player_id="Ada").user == users[1]
