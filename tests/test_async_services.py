"""``aplay`` and its like: the same answers as the services, while the event loop goes on."""

from __future__ import annotations

import asyncio
import inspect
import threading

import pytest
from asgiref.sync import async_to_sync

from django_playlyfe import services
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import ActionNotFound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]

TWINS = [
    "adjust_scores",
    "play",
    "reset_player",
    "revert",
    "profile",
    "leaderboard",
    "standing",
    "explain",
    "feedback",
    "picture",
]
PATIENCE = 30
"""Seconds after which a loop that is blocked is found out."""

told = threading.Event()


class Waiting(EngineBackend):
    """A game that answers only after the event loop has done something else."""

    def profile(self, *args, **kwargs):
        assert told.wait(PATIENCE), "the event loop did nothing while the game was asked"
        return super().profile(*args, **kwargs)


@pytest.fixture
def user(make_user):
    return make_user()


def test_they_answer_as_the_services_do(user):
    async def visit():
        result = await services.aplay(user, "finish_book", {"pages": 320}, idempotency_key="book:1")
        board = await services.aleaderboard("top_readers", user, limit=5)
        return result, await services.aprofile(user), board, await services.afeedback(user)

    result, player, board, news = async_to_sync(visit)()
    assert result.status == "applied"
    assert player == services.profile(user)
    assert player.points("xp") == 32
    assert board.me is not None
    assert [came.status for came in news] == ["applied"]
    assert services.feedback(user) == []


def test_an_error_arrives_where_it_is_awaited(user):
    async def mistake():
        with pytest.raises(ActionNotFound):
            await services.aplay(user, "nothing")

    async_to_sync(mistake)()


def test_a_play_is_part_of_the_transaction_that_awaits_it(user, rolled_back):
    with rolled_back():
        async_to_sync(services.aplay)(user, "finish_book", {"pages": 100})
        assert services.profile(user).points("xp") == 10
    assert services.profile(user).points("xp") == 0


def test_the_event_loop_goes_on_while_the_game_is_asked(user, settings):
    settings.PLAYLYFE = {"default": {"BACKEND": f"{__name__}.Waiting"}}
    told.clear()

    async def something_else():
        told.set()

    async def both():
        player, _ = await asyncio.gather(services.aprofile(user), something_else())
        return player

    assert async_to_sync(both)().points("xp") == 0


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_takes_what_its_service_takes_and_says_so(name):
    service, twin = getattr(services, name), getattr(services, f"a{name}")
    assert inspect.iscoroutinefunction(twin)
    assert inspect.signature(twin) == inspect.signature(service)
    assert f"services.{name}`" in twin.__doc__
