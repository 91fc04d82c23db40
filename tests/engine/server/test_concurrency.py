"""Calls that arrive at the same moment."""

from __future__ import annotations

import pytest

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import Conflict

from ..conftest import design
from ..test_concurrency import REALM, at_once, on_postgresql


@pytest.fixture
def small(transactional_db: None) -> None:
    activate(REALM, design())


@on_postgresql
def test_two_creations_with_one_key_are_one_player(small: None) -> None:
    for number in range(10):
        first, second = at_once(
            2,
            lambda index, name=f"p{number}": services.create_player_once(REALM, name, idempotency_key=f"k-{name}"),
        )
        assert isinstance(first, services.Created)
        assert isinstance(second, services.Created)
        assert {first.replayed, second.replayed} == {True, False}
        assert first.body == second.body
    assert Player.objects.count() == 10
    assert Call.objects.filter(kind=Call.Kind.CREATE).count() == 10


@on_postgresql
def test_two_players_under_one_key_are_one_player_and_a_conflict(small: None) -> None:
    answers = at_once(2, lambda index: services.create_player_once(REALM, f"p{index}", idempotency_key="k"))
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Created"]
    assert any(isinstance(answer, Conflict) for answer in answers)
    assert Player.objects.count() == 1
