"""System checks: what ``manage.py check`` says about the settings."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from django_playlyfe.checks.settings import check_browser_actions, check_databases, check_settings

ENGINE = "django_playlyfe.backends.engine.EngineBackend"
REMOTE = {
    "default": {
        "BACKEND": "django_playlyfe.backends.http.HttpBackend",
        "CLIENT_ID": "site",
        "CLIENT_SECRET": "secret-canary",
        "OPTIONS": {"AUTH_URL": "https://game.example/auth/token", "API_URL": "https://api.game.example/v2"},
    }
}


def identifiers():
    return [message.id for message in check_settings()]


def test_the_test_project_has_no_problem():
    assert run_checks(tags=["django_playlyfe"]) == []


def test_a_text_that_means_false_is_an_error():
    with override_settings(PLAYLYFE={"default": {"CREATE_PLAYERS": "False"}}):
        (message,) = run_checks(tags=["django_playlyfe"])
    assert message.id == "django_playlyfe.E003"
    assert "write True or False" in message.msg


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("engine", ["django_playlyfe.E001"]),
        ({"default": {"BAKEND": ENGINE}}, ["django_playlyfe.E002"]),
        ({"default": {"ON_USER_DELETE": None}}, ["django_playlyfe.E003"]),
        ({"default": {"PLAYER_ALIAS": "not.there"}}, ["django_playlyfe.E004"]),
        ({"default": {"BACKEND": "not.there"}}, ["django_playlyfe.E004"]),
        ({"default": {"BACKEND": "django_playlyfe.types.Player"}}, ["django_playlyfe.E004"]),
        ({"default": {"OPTIONS": {"GAEM": "chess"}}}, ["django_playlyfe.E006"]),
        ({"default": {"OPTIONS": {"ENVIRONMENT": "prod"}}}, ["django_playlyfe.E006"]),
        ({"default": {"OPTIONS": {"GAME": 7}}}, ["django_playlyfe.E006"]),
    ],
)
def test_each_problem_has_its_identifier(given, expected):
    with override_settings(PLAYLYFE=given):
        assert identifiers() == expected


def test_a_missing_backend_is_an_error_with_the_lines_to_add(settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_playlyfe.engine"]
    settings.PLAYLYFE = {"default": {}}
    (message,) = check_settings()
    assert message.id == "django_playlyfe.E005"
    assert "INSTALLED_APPS" in message.hint


def test_the_engine_backend_without_the_engine_is_an_error(settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_playlyfe.engine"]
    settings.PLAYLYFE = {"default": {"BACKEND": ENGINE}}
    (message,) = check_settings()
    assert message.id == "django_playlyfe.E006"
    assert "django_playlyfe.engine" in message.hint


def test_an_unknown_option_is_named_with_the_nearest_one():
    with override_settings(PLAYLYFE={"default": {"OPTIONS": {"ENVIROMENT": "staging"}}}):
        (message,) = check_settings()
    assert message.msg.endswith("did you mean 'ENVIRONMENT'?")
    with override_settings(PLAYLYFE={"default": {"OPTIONS": {"AUTH_URL": "https://game.example"}}}):
        (message,) = check_settings()
    assert message.msg.endswith("unknown key 'AUTH_URL'; the embedded engine knows GAME and ENVIRONMENT.")


def test_credentials_without_a_backend_are_a_warning():
    with override_settings(PLAYLYFE={"default": {"CLIENT_ID": "site", "CLIENT_SECRET": "secret-canary"}}):
        (message,) = check_settings()
    assert message.id == "django_playlyfe.W008"
    assert "secret-canary" not in f"{message.msg} {message.hint}"
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CLIENT_ID": "site", "CLIENT_SECRET": "s"}}):
        assert check_settings() == []


@pytest.mark.parametrize("given", ["django_playlyfe.backends.HttpBackend", "django_playlyfe.backends.http.HTTPBackend"])
def test_a_backend_that_is_nearly_ours_is_answered_with_ours(given):
    with override_settings(PLAYLYFE={"default": {"BACKEND": given}}):
        (message,) = check_settings()
    assert message.id == "django_playlyfe.E004"
    assert message.msg.endswith("did you mean 'django_playlyfe.backends.http.HttpBackend'?")


class LinksElsewhere:
    def db_for_write(self, model, **hints):
        return "elsewhere" if model._meta.app_label == "django_playlyfe" else None


@pytest.mark.fault("D27")
def test_links_must_share_a_database_with_users():
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.LinksElsewhere"]):
        messages = check_databases()
    assert {message.id for message in messages} == {"django_playlyfe.E007"}
    assert [("player links" in message.msg, "'elsewhere'" in message.msg) for message in messages] == [
        (True, True),
        (False, True),  # what is owed to a remote game
    ]


class GameElsewhere:
    def db_for_write(self, model, **hints):
        return "elsewhere" if model._meta.app_label == "django_playlyfe_engine" else None


def test_an_embedded_game_must_share_a_database_with_users():
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.GameElsewhere"]):
        (message,) = check_databases()
    assert message.id == "django_playlyfe.E007"
    assert "players to 'elsewhere'" in message.msg
    assert "the app django_playlyfe_engine" in message.hint


@pytest.mark.parametrize("given", [REMOTE, "engine", {"default": {"BACKEND": "not.there.Backend"}}])
def test_where_no_game_is_embedded_the_engine_may_have_a_database_of_its_own(given):
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.GameElsewhere"], PLAYLYFE=given):
        assert check_databases() == []


def test_without_the_engine_the_links_alone_are_looked_at(settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_playlyfe.engine"]
    settings.DATABASE_ROUTERS = [f"{__name__}.GameElsewhere"]
    assert check_databases() == []


@pytest.mark.django_db
class TestBrowserActions:
    @pytest.fixture
    def messages(self):
        """``messages(browser_actions)``: what ``check --database default`` says of them."""

        def messages(browser_actions, **entry):
            with override_settings(PLAYLYFE={"default": {"BROWSER_ACTIONS": browser_actions, **entry}}):
                found = run_checks(tags=["django_playlyfe"], databases=["default"])
            assert {message.id for message in found} <= {"django_playlyfe.W009"}
            return [message.msg for message in found]

        return messages

    @pytest.mark.usefixtures("game")
    def test_what_the_game_has_is_right(self, messages):
        assert messages({"buy_bookmark": {}, "finish_book": {"variables": ["pages"]}}) == []

    @pytest.mark.usefixtures("game")
    def test_an_action_that_the_game_lacks_is_named_with_the_nearest(self, messages):
        (text,) = messages({"buy_bokmark": {}, "finish_book": {}})
        assert "'buy_bokmark', an action that the game lacks; did you mean 'buy_bookmark'?" in text

    @pytest.mark.usefixtures("game")
    def test_a_variable_that_the_action_lacks_is_named_with_the_nearest(self, messages):
        (text,) = messages({"finish_book": {"variables": ["pagse"]}})
        assert "['finish_book'] lists 'pagse', a variable that the action lacks; did you mean 'pages'?" in text

    def test_before_a_design_is_loaded_nothing_is_known(self, messages):
        assert messages({"wave": {}}) == []

    @pytest.mark.usefixtures("game")
    def test_without_database_it_is_not_asked(self, django_assert_num_queries):
        given = {"default": {"BROWSER_ACTIONS": {"nothing": {}}}}
        with override_settings(PLAYLYFE=given), django_assert_num_queries(0):
            assert check_browser_actions() == []

    @pytest.mark.usefixtures("game")
    def test_a_game_on_a_server_is_not_asked(self):
        with override_settings(
            PLAYLYFE={"default": {}, "elsewhere": {**REMOTE["default"], "BROWSER_ACTIONS": {"nothing": {}}}}
        ):
            assert check_browser_actions(databases=["default"]) == []
