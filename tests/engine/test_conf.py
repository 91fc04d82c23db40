"""``PLAYLYFE_SERVER``: read when used, wrong keys named."""

from __future__ import annotations

from typing import Any

import pytest

from django_playlyfe.engine import conf
from django_playlyfe.exceptions import ConfigurationError


def test_the_defaults() -> None:
    server = conf.server_settings()
    assert server == conf.ServerSettings(
        token_life=86400,
        rate_limit_status=429,
        notification_stream=False,
        single_use_codes=False,
        cors_origins=("*",),
        call_limit=None,
        player_limit=None,
        backdate_days=30,
        player_id=conf.primary_key,
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TOKEN_LIFE", 60),
        ("RATE_LIMIT_STATUS", 503),
        ("NOTIFICATION_STREAM", True),
        ("SINGLE_USE_CODES", True),
        ("CALL_LIMIT", 1000),
        ("PLAYER_LIMIT", 0),
        ("BACKDATE_DAYS", 365),
    ],
)
def test_every_setting_is_read_when_used(settings: Any, key: str, value: object) -> None:
    settings.PLAYLYFE_SERVER = {key: value}
    assert getattr(conf.server_settings(), key.lower()) == value
    assert conf.problems() == []
    settings.PLAYLYFE_SERVER = {}
    assert getattr(conf.server_settings(), key.lower()) != value


def test_origins_are_a_list(settings: Any) -> None:
    settings.PLAYLYFE_SERVER = {"CORS_ORIGINS": ["https://example.org"]}
    assert conf.server_settings().cors_origins == ("https://example.org",)


def test_an_unknown_key_names_the_nearest(settings: Any) -> None:
    settings.PLAYLYFE_SERVER = {"BACKDATE_DAY": 3}
    with pytest.raises(ConfigurationError, match="unknown key 'BACKDATE_DAY'; did you mean 'BACKDATE_DAYS'"):
        conf.server_settings()
    settings.PLAYLYFE_SERVER = {"QUATSCH": 3}
    with pytest.raises(ConfigurationError, match="known are TOKEN_LIFE"):
        conf.server_settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TOKEN_LIFE", "60"),
        ("TOKEN_LIFE", -1),
        ("TOKEN_LIFE", True),
        ("RATE_LIMIT_STATUS", 500),
        ("RATE_LIMIT_STATUS", True),
        ("NOTIFICATION_STREAM", "False"),
        ("SINGLE_USE_CODES", "False"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", [1]),
        ("CALL_LIMIT", "none"),
        ("PLAYER_LIMIT", 1.5),
        ("BACKDATE_DAYS", None),
    ],
)
def test_wrong_values_are_named(settings: Any, key: str, value: object) -> None:
    settings.PLAYLYFE_SERVER = {key: value}
    (problem,) = conf.problems()
    assert problem.startswith(f"PLAYLYFE_SERVER['{key}'] should be")
    with pytest.raises(ConfigurationError):
        conf.server_settings()


def test_the_setting_is_a_dictionary(settings: Any) -> None:
    settings.PLAYLYFE_SERVER = ["BACKDATE_DAYS"]
    with pytest.raises(ConfigurationError, match="should be a dictionary"):
        conf.server_settings()
