"""``games`` and ``game``: a backend per game of the settings."""

from __future__ import annotations

import pytest
from django.test import override_settings

from django_playlyfe.backends import GameBackend, game, games
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import ConfigurationError

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


def test_a_game_has_the_backend_of_its_settings():
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE}, "chess": {"BACKEND": ENGINE}}):
        assert list(games) == ["default", "chess"]
        assert [backend.alias for backend in games.all()] == ["default", "chess"]
        assert isinstance(games["chess"], EngineBackend)


def test_the_same_backend_answers_until_the_settings_change():
    before = games["default"]
    assert games["default"] is before
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CACHE": "default"}}):
        assert games["default"] is not before


def test_game_is_the_default_one():
    assert game.alias == "default"
    assert game.transactional is True


def test_an_unknown_game_is_a_configuration_error():
    with pytest.raises(ConfigurationError, match="no game 'chess'"):
        games["chess"]


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("nowhere.Backend", "cannot be imported"),
        ("django_playlyfe.backends.nothing.Backend", "cannot be imported"),
        ("django_playlyfe.backends.games", "is not a subclass of GameBackend"),
        ("django_playlyfe.types.Player", "is not a subclass of GameBackend"),
    ],
)
def test_a_backend_that_is_none_is_a_configuration_error(backend, message):
    with (
        override_settings(PLAYLYFE={"default": {"BACKEND": backend}}),
        pytest.raises(ConfigurationError, match=message),
    ):
        games["default"]


def test_what_a_backend_cannot_do_has_an_empty_answer():
    class Plain(EngineBackend):
        notifications = GameBackend.notifications
        feedback = GameBackend.feedback
        feedback_cursor = GameBackend.feedback_cursor
        check = GameBackend.check

    plain = Plain(games["default"].settings)
    assert list(plain.notifications("ada")) == []
    assert plain.feedback("ada", 7) == ([], 7)
    assert plain.feedback_cursor("ada") == 0
    assert plain.check() == []
    with pytest.raises(NotImplementedError):
        GameBackend.undo_play(plain, "ada", "wave", "k")
