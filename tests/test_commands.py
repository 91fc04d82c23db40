"""``playlyfe_status``, ``playlyfe_play``, ``playlyfe_forget``: what they say and how they end."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from django_playlyfe import services
from django_playlyfe.models import PlayerLink

pytestmark = [pytest.mark.django_db]


def run(command, *arguments):
    """Exit code and all that was said."""
    out = io.StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.mark.usefixtures("game", "noon")
class TestPlay:
    def test_a_play_says_what_was_earned(self, make_user):
        make_user(username="ada")
        code, said = run("playlyfe_play", "ada", "finish_book", "pages=320", "genre=history")
        assert code == 0
        assert said.startswith("applied\n")
        assert "+32" in said

    def test_a_user_can_be_named_by_primary_key(self, make_user):
        user = make_user()
        assert run("playlyfe_play", str(user.pk), "finish_book", "pages=100")[0] == 0
        assert services.profile(user).points("xp") == 10

    def test_a_login_name_goes_before_a_primary_key(self, make_user):
        first = make_user()
        named = make_user(username=str(first.pk))
        run("playlyfe_play", str(first.pk), "finish_book", "pages=100")
        assert services.profile(named).points("xp") == 10

    def test_a_player_can_be_named_by_its_id(self, make_user):
        user = make_user()
        PlayerLink.objects.all().delete()
        assert run("playlyfe_play", str(user.pk), "finish_book", "pages=100", "--player-id")[0] == 0

    def test_quotes_make_a_value_text(self, make_user):
        user = make_user(username="ada")
        assert run("playlyfe_play", "ada", "finish_book", "pages=1", 'genre="1984"')[0] == 0
        assert services.activity(user)[0].variables["genre"] == "1984"

    def test_count_and_key_are_passed_on(self, make_user):
        user = make_user(username="ada")
        arguments = ("playlyfe_play", "ada", "finish_book", "pages=100", "--count", "3", "--key", "k")
        assert run(*arguments)[0] == 0
        assert "played before with this key" in run(*arguments)[1]
        assert services.profile(user).points("xp") == 30

    @pytest.mark.parametrize("at", ["2024-03-04T12:00:00Z", "2024-03-04T12:00:00"])
    def test_a_play_can_be_backdated(self, make_user, at):
        user = make_user(username="ada")
        assert run("playlyfe_play", "ada", "finish_book", "pages=100", "--at", at)[0] == 0
        played = services.activity(user)[0].timestamp
        assert abs(played - datetime(2024, 3, 4, 12, tzinfo=timezone.utc)) <= timedelta(hours=14)

    def test_a_refusal_exits_with_1(self, make_user):
        make_user(username="ada")
        code, said = run("playlyfe_play", "ada", "buy_bookmark")
        assert code == 1
        assert "Refused: access_denied" in said

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["nobody", "finish_book"], "no user with the login name or primary key 'nobody'"),
            (["ada", "nothing"], "action_not_found"),
            (["ada", "finish_book", "pages=many"], "/variables/pages"),
            (["ada", "finish_book", "pages"], "'pages' should look like name=value"),
            (["ada", "finish_book", "=3"], "should look like name=value"),
            (["ada", "finish_book", "pages=1", "--at", "yesterday"], "--at 'yesterday' should look like"),
            (["ada", "finish_book", "pages=1", "--at", "2024-02-31T00:00:00Z"], "should look like"),
            (["ada", "finish_book", "pages=1", "--count", "0"], "/count"),
            (["ada", "finish_book", "pages=1", "--game", "chess"], "no game 'chess'"),
        ],
    )
    def test_wrong_input_exits_with_2_and_says_what_is_wrong(self, make_user, arguments, message):
        make_user(username="ada")
        code, said = run("playlyfe_play", *arguments)
        assert code == 2
        assert message in said


@pytest.mark.usefixtures("game")
class TestForget:
    def test_a_player_is_forgotten_and_the_user_stays(self, make_user):
        user = make_user(username="ada")
        code, said = run("playlyfe_forget", "ada")
        assert (code, said) == (0, "ada was forgotten by the game 'default'.\n")
        user.refresh_from_db()
        assert PlayerLink.objects.count() == 0

    def test_somebody_who_is_no_player_is_reported(self, make_user):
        user = make_user(username="ada")
        services.forget_player(user)
        code, said = run("playlyfe_forget", "ada")
        assert code == 1
        assert "nothing was done" in said

    def test_a_player_whose_user_is_gone_can_be_named_by_id(self, make_user):
        player_id = services.ensure_player(make_user()).player_id
        PlayerLink.objects.all().delete()
        assert run("playlyfe_forget", player_id, "--player-id")[0] == 0

    def test_an_unknown_user_is_wrong_input(self):
        assert run("playlyfe_forget", "nobody")[0] == 2


class TestStatus:
    @pytest.mark.usefixtures("game")
    def test_a_game_that_works_exits_with_0(self, make_user):
        make_user()
        code, said = run("playlyfe_status")
        assert code == 0
        assert "ok: yes" in said
        assert "links: 0 pending, 1 linked, 0 failed" in said

    @pytest.mark.usefixtures("game")
    def test_json_is_one_object(self):
        code, said = run("playlyfe_status", "--json")
        assert code == 0
        assert json.loads(said)["ok"] is True

    def test_a_game_that_cannot_be_used_exits_with_1_and_says_what_to_do(self):
        code, said = run("playlyfe_status")
        assert code == 1
        assert "playlyfe_engine_load" in said

    def test_wrong_settings_exit_with_2(self):
        with override_settings(PLAYLYFE={"default": {"BAKEND": "x"}}):
            code, said = run("playlyfe_status")
        assert code == 2
        assert "did you mean 'BACKEND'" in said


def test_a_database_without_our_tables_is_told_from_a_game_that_fails(monkeypatch):
    monkeypatch.setattr(PlayerLink._meta, "db_table", "no_such_table")
    code, said = run("playlyfe_status")
    assert code == 2
    assert "Did you run `manage.py migrate`?" in said
