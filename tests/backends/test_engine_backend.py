"""The engine as a backend: wire objects become dataclasses, options choose the game."""

from __future__ import annotations

import pytest
from django.test import override_settings

from django_playlyfe.backends import games
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import (
    ActionLimitReached,
    ActionNotFound,
    ConfigurationError,
    NotFound,
    PlayerExists,
    PlayerNotFound,
)
from django_playlyfe.types import Leaderboard, Listing, Player, PlayResult

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


@pytest.fixture
def backend():
    backend = games["default"]
    backend.create_player("ada", alias="Ada")
    return backend


def test_its_abilities_are_announced():
    able = {"transactional", "backdating", "idempotent", "undo", "explain", "progress", "rarity", "streaks"}
    assert {name for name in able if getattr(EngineBackend, name)} == able


def test_a_play_gives_events_with_the_id_of_its_row(backend):
    result = backend.play("ada", "finish_book", {"pages": 600})
    assert isinstance(result, PlayResult)
    assert [event.type for event in result.events] == ["action", "level"]
    assert result.events[0].actor.alias == "Ada"
    assert result.key.isdecimal()


def test_refusals_and_mistakes_are_raised(backend):
    for _ in range(5):
        backend.play("ada", "finish_book", {"pages": 10})
    with pytest.raises(ActionLimitReached) as caught:
        backend.play("ada", "finish_book", {"pages": 10})
    assert caught.value.retry_at is not None
    with pytest.raises(ActionNotFound):
        backend.play("ada", "nothing", {})
    with pytest.raises(PlayerNotFound):
        backend.play("grace", "finish_book", {"pages": 10})
    with pytest.raises(PlayerExists):
        backend.create_player("ada", alias="Ada")
    with pytest.raises(NotFound):
        backend.undo_play("ada", "finish_book", "never")


def test_reads_are_dataclasses(backend):
    backend.play("ada", "finish_book", {"pages": 600})
    profile = backend.profile("ada")
    assert isinstance(profile, Player)
    assert profile.levels[0].state.name == "Reader"
    assert isinstance(backend.actions("ada"), Listing)
    board = backend.leaderboard("top_readers", reader_id="ada")
    assert isinstance(board, Leaderboard)
    assert (board.name, board.metric.name, board.me.rank) == ("Top readers", "Experience", 1)
    assert [event.type for event in backend.activity("ada")] == ["level", "action"]
    assert [event.type for event in backend.activity(None)] == ["level"]
    assert backend.export("ada")["id"] == "ada"


def test_a_player_can_be_changed_and_erased(backend):
    backend.update_player("ada", alias="Countess", enabled=False)
    assert (backend.profile("ada").alias, backend.profile("ada").enabled) == ("Countess", False)
    backend.delete_player("ada")
    with pytest.raises(PlayerNotFound):
        backend.profile("ada")


def test_a_reader_who_is_not_on_the_board_has_no_row(backend):
    assert backend.leaderboard("top_readers", reader_id=None).me is None


def test_feedback_starts_behind_the_cursor(backend):
    backend.play("ada", "finish_book", {"pages": 10})
    cursor = backend.feedback_cursor("ada")
    assert backend.feedback("ada", cursor) == ([], cursor)
    backend.play("ada", "finish_book", {"pages": 20})
    news, behind = backend.feedback("ada", cursor)
    assert len(news) == 1
    assert behind == backend.feedback_cursor("ada")


def test_a_named_game_is_used():
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "OPTIONS": {"GAME": "library_quest"}}}):
        assert games["default"].status()["game_id"] == "library_quest"


def test_a_game_that_is_not_there_is_a_configuration_error_and_a_status():
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "OPTIONS": {"GAME": "chess"}}}):
        with pytest.raises(ConfigurationError, match="chess"):
            games["default"].profile("ada")
        assert games["default"].status()["ok"] is False


def test_staging_is_a_world_of_its_own(backend):
    with (
        override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "OPTIONS": {"ENVIRONMENT": "staging"}}}),
        pytest.raises((PlayerNotFound, ConfigurationError)),
    ):
        games["default"].profile("ada")
