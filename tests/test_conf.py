"""Settings: every key is read when used, and a wrong one is named with what to write instead."""

from __future__ import annotations

import pytest
from django.test import override_settings

from django_playlyfe import conf
from django_playlyfe.conf import game_settings, games, problems
from django_playlyfe.exceptions import ConfigurationError

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


def with_settings(**keys):
    return override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, **keys}})


def an_alias(user):
    return "somebody"


@pytest.mark.parametrize(
    ("key", "given", "attribute", "read"),
    [
        ("BACKEND", "somewhere.else.Backend", "backend", "somewhere.else.Backend"),
        ("PLAYER_ID", an_alias, "player_id", an_alias),
        ("PLAYER_ALIAS", an_alias, "player_alias", an_alias),
        ("PLAYER_FILTER", an_alias, "player_filter", an_alias),
        ("PLAYER_EMAIL", an_alias, "player_email", an_alias),
        ("PLAYER_TIMEZONE", an_alias, "player_timezone", an_alias),
        ("CREATE_PLAYERS", False, "create_players", False),
        ("ON_USER_DELETE", "keep", "on_user_delete", "keep"),
        ("BROWSER_ACTIONS", {"wave": {}}, "browser_actions", {"wave": {"variables": []}}),
        ("READER_PLAYER_ID", "librarian", "reader_player_id", "librarian"),
        ("CACHE", "default", "cache", "default"),
        ("CLIENT_ID", "abc", "client_id", "abc"),
        ("CLIENT_SECRET", "xyz", "client_secret", "xyz"),
        ("OPTIONS", {"GAME": "chess"}, "options", {"GAME": "chess"}),
    ],
)
def test_each_setting_is_read_when_it_is_used(key, given, attribute, read):
    before = getattr(game_settings(), attribute)
    with with_settings(**{key: given}):
        assert getattr(game_settings(), attribute) == read
    assert getattr(game_settings(), attribute) == before


def test_every_key_has_an_override_test():
    tested = test_each_setting_is_read_when_it_is_used.pytestmark[0].args[1]
    assert {case[0] for case in tested} == set(conf._KEYS)


def test_a_dotted_path_becomes_the_function_it_names():
    with with_settings(PLAYER_ALIAS=f"{__name__}.an_alias"):
        assert game_settings().player_alias("anybody") == "somebody"


def test_without_the_setting_the_installed_engine_is_the_backend(settings):
    del settings.PLAYLYFE
    assert game_settings().backend == ENGINE


def test_without_the_setting_and_the_engine_the_error_has_the_lines_to_add(settings):
    del settings.PLAYLYFE
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_playlyfe.engine"]
    with pytest.raises(ConfigurationError) as caught:
        games()
    assert 'INSTALLED_APPS = [..., "django_playlyfe", "django_playlyfe.engine"]' in str(caught.value)
    assert 'PLAYLYFE = {"default": {"BACKEND":' in str(caught.value)


def test_several_games_have_settings_of_their_own():
    with override_settings(PLAYLYFE={"default": {}, "chess": {"CREATE_PLAYERS": False}}):
        assert [(alias, game.create_players) for alias, game in games().items()] == [
            ("default", True),
            ("chess", False),
        ]


def test_an_unknown_game_is_named_with_the_nearest_one():
    with (
        override_settings(PLAYLYFE={"default": {}, "chess": {}}),
        pytest.raises(ConfigurationError, match="no game 'ches'; did you mean 'chess'"),
    ):
        game_settings("ches")


@pytest.mark.parametrize(
    ("given", "identifier", "message"),
    [
        ([], "E001", "PLAYLYFE should be a dictionary of games, not a list"),
        ({"chess": {}}, "E001", 'no game "default"'),
        ({"default": "engine"}, "E001", "PLAYLYFE['default'] should be a dictionary, not a str"),
        ({"default": {"BACKENDS": ENGINE}}, "E002", "unknown key 'BACKENDS'; did you mean 'BACKEND'?"),
        ({"default": {"player_alias": "x"}}, "E002", "unknown key 'player_alias'; did you mean 'PLAYER_ALIAS'?"),
        ({"default": {"AUTH_URL": "x"}}, "E002", "unknown key 'AUTH_URL'."),
        ({"default": {}, 7: {}}, "E001", "text of 1 to 100 characters"),
        ({"default": {}, "a/b": {}}, "E001", "without '/'"),
        ({"default": {}, "x" * 101: {}}, "E001", "text of 1 to 100 characters"),
        ({"default": {"CREATE_PLAYERS": "False"}}, "E003", "is the text 'False', which counts as true"),
        ({"default": {"CREATE_PLAYERS": 0}}, "E003", "should be True or False, not an int"),
        ({"default": {"ON_USER_DELETE": "erase"}}, "E003", 'should be "forget" or "keep"'),
        ({"default": {"CACHE": "defautl"}}, "E003", "not in CACHES; did you mean 'default'?"),
        ({"default": {"CLIENT_ID": 7}}, "E003", "should be text, not an int"),
        ({"default": {"READER_PLAYER_ID": 7}}, "E003", "should be text, not an int"),
        ({"default": {"OPTIONS": ["GAME"]}}, "E003", "should be a dictionary, not a list"),
        ({"default": {"PLAYER_ID": 7}}, "E003", "should be a function of the user"),
        ({"default": {"PLAYER_ID": "nowhere.at.all"}}, "E004", "cannot be imported"),
        ({"default": {"BACKEND": "engine"}}, "E004", "should be the dotted path of a backend class"),
        ({"default": {"BROWSER_ACTIONS": ["wave"]}}, "E003", "should look like {"),
        ({"default": {"BROWSER_ACTIONS": {"wave": []}}}, "E003", "'wave' does not"),
        ({"default": {"BROWSER_ACTIONS": {"wave": {"vars": []}}}}, "E003", "unknown key 'vars' under 'wave'"),
        ({"default": {"BROWSER_ACTIONS": {"wave": {"variables": "pages"}}}}, "E003", "names of variables under 'wave'"),
    ],
)
def test_what_is_wrong_is_found_and_reading_it_raises(given, identifier, message):
    with override_settings(PLAYLYFE=given):
        (problem,) = problems()
        assert problem.identifier == identifier
        assert message in problem.message
        with pytest.raises(ConfigurationError) as caught:
            games()
        assert message in str(caught.value)


def test_an_option_in_the_wrong_place_is_told_its_place():
    with override_settings(PLAYLYFE={"default": {"AUTH_URL": "https://game.example/auth/token"}}):
        (problem,) = problems()
    assert "AUTH_URL, goes into its OPTIONS" in problem.hint


def test_all_problems_are_found_at_once():
    with override_settings(PLAYLYFE={"default": {"CREATE_PLAYERS": "yes", "CACHE": 1}, "chess": {"X": 1}}):
        assert len(problems()) == 3


def test_a_secret_is_in_no_repr_and_no_message():
    with with_settings(CLIENT_SECRET="hush-hush", OPTIONS={"PASSWORD": "hush-hush"}):
        assert "hush" not in repr(game_settings())
    with override_settings(PLAYLYFE={"default": {"CLIENT_SECRET": ["hush-hush"]}}):
        assert "hush" not in str(problems())
