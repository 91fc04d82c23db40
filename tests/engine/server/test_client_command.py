"""``playlyfe_engine_client`` makes and changes clients, and shows a secret once."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe.engine.models import Client
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import credentials
from django_playlyfe.engine.versions.activation import activate

from ..conftest import design
from .conftest import SECRET, ask_for_token, error


@pytest.fixture
def run(quest: Realm, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command; returns what it printed as a dictionary of its ``NAME=value`` lines, and the whole text."""

    def command(*arguments: str) -> dict[str, str]:
        call_command("playlyfe_engine_client", *arguments)
        text = capsys.readouterr().out
        lines = [line.partition("=") for line in text.splitlines() if line.startswith("CLIENT_")]
        return {**{name: value for name, _, value in lines}, "text": text}

    return command


def refused(run: Any, *arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


def test_a_client_is_made_and_its_secret_shown_once(run: Any) -> None:
    shown = run("site", "--for-site")
    assert len(shown["CLIENT_ID"]) == 48
    assert len(shown["CLIENT_SECRET"]) == 96
    assert ask_for_token(shown["CLIENT_ID"], shown["CLIENT_SECRET"]).status_code == 200
    client = Client.objects.get()
    assert (client.name, client.environment) == ("site", "production")
    assert client.scopes == ["admin:read", "admin:write", "runtime:read", "runtime:write"]
    assert shown["CLIENT_SECRET"] not in client.secret_hash
    again = run("site", "--for-site")
    assert again["CLIENT_ID"] == shown["CLIENT_ID"]
    assert "CLIENT_SECRET" not in again
    assert shown["CLIENT_SECRET"] not in again["text"]
    assert ask_for_token(shown["CLIENT_ID"], shown["CLIENT_SECRET"]).status_code == 200


def test_id_and_secret_may_be_given_and_a_given_secret_is_not_shown(run: Any) -> None:
    shown = run("site", "--id", "my-site", "--secret", SECRET)
    assert shown["CLIENT_ID"] == "my-site"
    assert SECRET not in shown["text"]
    assert ask_for_token("my-site").status_code == 200


def test_a_new_secret_ends_the_old_one(run: Any) -> None:
    old = run("site")
    new = run("site", "--new-secret")
    assert error(ask_for_token(old["CLIENT_ID"], old["CLIENT_SECRET"])) == (401, "client_auth_fail")
    assert ask_for_token(old["CLIENT_ID"], new["CLIENT_SECRET"]).status_code == 200
    run("site", "--secret", SECRET)
    assert ask_for_token(old["CLIENT_ID"]).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "scopes"),
    [
        ((), ["runtime:read", "runtime:write"]),
        (("--scopes", "runtime:read"), ["runtime:read"]),
        (
            ("--scopes", "admin, design,runtime:read"),
            ["admin:read", "admin:write", "design:read", "design:write", "runtime:read"],
        ),
    ],
)
def test_scopes_are_as_asked(run: Any, arguments: tuple[str, ...], scopes: list[str]) -> None:
    run("site", *arguments)
    assert Client.objects.get().scopes == scopes
    run("site", "--new-secret")
    assert Client.objects.get().scopes == scopes
    run("site", "--for-site")
    assert Client.objects.get().scopes == ["admin:read", "admin:write", "runtime:read", "runtime:write"]


def test_a_test_client_plays_in_staging(run: Any) -> None:
    run("tester", "--test")
    assert Client.objects.get().environment == "staging"
    run("other", "--environment", "staging")
    assert Client.objects.get(name="other").environment == "staging"
    assert "staging" in refused(run, "tester", "--test", "--environment", "production")


def test_a_name_is_a_client_of_its_own_in_each_environment(run: Any) -> None:
    run("site")
    run("site", "--test")
    assert Client.objects.filter(name="site").count() == 2


def test_a_revoked_client_comes_back_with_a_new_secret_only(run: Any) -> None:
    shown = run("site")
    assert "revoked" in run("site", "--revoke")["text"]
    assert error(ask_for_token(shown["CLIENT_ID"], shown["CLIENT_SECRET"])) == (401, "client_auth_fail")
    assert "revoked" in refused(run, "site", "--for-site")
    new = run("site", "--new-secret")
    assert ask_for_token(shown["CLIENT_ID"], new["CLIENT_SECRET"]).status_code == 200
    assert "no client" in refused(run, "nobody", "--revoke")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("site", "--scopes", "everything"), "everything"),
        (("site", "--scopes", "runtime:play"), "runtime:play"),
        (("site", "--scopes", " ,"), "at least one"),
        (("site", "--secret", "short"), "32"),
        (("site", "--id", ""), "id"),
        (("site", "--id", "ä"), "ASCII"),
        (("site", "--id", "x" * 101), "100"),
        ((" ",), "name"),
        (("a\nb",), "name"),
        (("site", "--game", "nowhere"), "nowhere"),
    ],
)
def test_wrong_input_changes_nothing_and_says_why(run: Any, arguments: tuple[str, ...], word: str) -> None:
    assert word in refused(run, *arguments)
    assert not Client.objects.exists()


def test_an_id_belongs_to_one_client(run: Any) -> None:
    run("site", "--id", "one")
    run("site", "--id", "one")
    assert "another client" in refused(run, "other", "--id", "one")
    assert "do not change" in refused(run, "site", "--id", "two")


def test_with_several_games_one_has_to_be_named(run: Any) -> None:
    activate(Realm("small"), design())
    assert "library_quest" in refused(run, "site")
    run("site", "--game", "small")
    assert Client.objects.get().game.game_id == "small"


def test_the_quiet_command_still_shows_a_secret_that_nobody_else_knows(run: Any) -> None:
    assert "CLIENT_SECRET" in run("site", "--verbosity", "0")
    assert run("site", "--verbosity", "0")["text"] == ""


def test_a_short_secret_is_taken_with_a_warning(game: Any) -> None:
    warned = StringIO()
    call_command("playlyfe_engine_client", "tests", "--secret", "short-one", stdout=StringIO(), stderr=warned)
    assert "can be guessed" in warned.getvalue()
    assert "short-one" not in warned.getvalue()
    stored = Client.objects.get(name="tests")
    assert credentials.matches("short-one", stored.secret_hash)


def test_addresses_and_signing_are_options(run: Any) -> None:
    said = run("app", "--redirect-uri", "https://app.example/a", "--redirect-uri", "myapp://b", "--jwt")
    client = Client.objects.get()
    assert client.redirect_uris == ["https://app.example/a", "myapp://b"]
    assert client.sealed_secret
    assert said["text"].count("CLIENT_SECRET=") == 1


@pytest.mark.parametrize(
    "address",
    ["app.example", "https://app.example/#x", "javascript:alert(1)", "https://app example/", "data:text/html,"],
)
def test_an_address_that_no_browser_should_go_to_is_refused(run: Any, address: str) -> None:
    assert "browser" in refused(run, "app", "--redirect-uri", address)
    assert not Client.objects.exists()
