"""A player's streak as it stands now, for a site (``engine.md`` §17.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine

from django_playlyfe import services as site
from django_playlyfe.backends import games
from django_playlyfe.backends.base import GameBackend
from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ActionNotFound, InvalidRequest, PlayerNotFound
from django_playlyfe.types import Streak
from tests.costs import queries

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)


@pytest.fixture
def clock(small: Realm) -> Iterator[time_machine.Coordinates]:
    """Noon of a Tuesday on which ada has read for the third day in a row."""
    with time_machine.travel(NOON, tick=False) as clock:
        services.create_player(small, "ada")
        for days in (2, 1, 0):
            services.play(small, "ada", "read", at=NOON - days * DAY)
        yield clock


def test_it_is_as_of_now_and_ends_without_a_write(clock: time_machine.Coordinates) -> None:
    assert "streaks" in site.abilities()
    assert site.streak("ada") == Streak(length=3, longest=3, is_kept=True)
    clock.shift(DAY)
    assert site.streak("ada", "read") == Streak(length=3, longest=3, is_kept=False, action="read")
    clock.shift(DAY)
    assert site.streak("ada") == Streak(length=0, longest=3, is_kept=False)
    assert site.streak("ada", unit="week") == Streak(length=1, longest=1, is_kept=True, unit="week")


def test_today_is_that_of_the_player(small: Realm, clock: time_machine.Coordinates) -> None:
    services.update_player(small, "ada", timezone="Pacific/Kiritimati")  # where the sixth has begun
    assert site.streak("ada") == Streak(length=3, longest=3, is_kept=False)
    services.update_player(small, "ada", timezone="")
    assert site.streak("ada") == Streak(length=3, longest=3, is_kept=True)


@pytest.mark.parametrize("zone", ["Atlantis/Poseidon", "../etc/passwd", "Europe", "x" * 65, 5])
def test_a_zone_that_there_is_not_is_refused(small: Realm, clock: time_machine.Coordinates, zone: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        services.update_player(small, "ada", timezone=zone)
    assert refused.value.data["errors"][0]["path"] == "/timezone"
    assert Player.objects.get().timezone == ""


def test_what_there_is_not_is_an_error(clock: time_machine.Coordinates) -> None:
    with pytest.raises(ActionNotFound):
        site.streak("ada", "write")
    with pytest.raises(InvalidRequest):
        site.streak("ada", unit="fortnight")
    with pytest.raises(PlayerNotFound):
        site.streak("nobody")


def test_it_costs_what_a_profile_does(small: Realm, clock: time_machine.Coordinates, count_queries: Any) -> None:
    with count_queries() as counted:
        selectors.streak(small, "ada")
    assert len(counted) == queries(3, together=2), counted  # player, scores, counts


def test_a_game_that_knows_no_streaks_says_so(clock: time_machine.Coordinates, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(games["default"]), "streak_of", GameBackend.streak_of)
    assert site.streak("ada") is None
