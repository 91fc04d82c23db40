"""The package's pages, and the one view through which a browser plays."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.exceptions import ConfigurationError, InvalidRequest, ServerError
from tests.pages.showing import address, failing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon", "plain_site")]

FINISH = {"finish_book": {"variables": ["pages"]}}


@pytest.fixture(autouse=True)
def playable(settings):
    """Books can be finished from the browser."""
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": FINISH}}


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["profile", "actions", "activity"])
def test_pages_of_ones_own_ask_to_log_in(client, name):
    answer = client.get(address(name))
    assert answer.status_code == 302
    assert answer.url == f"/login/?next={address(name)}"


def test_the_profile_page_shows_what_the_user_has(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    page = client.get(address("profile")).content.decode()
    assert "<h1><bdi>ines</bdi></h1>" in page
    assert "440 Experience to Scholar" in page
    assert "Bookworm" in page
    assert "Became a Reader" in page


def test_a_player_page_is_public_and_keeps_to_itself_what_was_done_when(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    page = Client().get(address("player", services.profile(reader).id))
    assert page.status_code == 200
    assert "ines" in page.content.decode()
    assert "60" in page.content.decode()
    assert "Finish a book" not in page.content.decode()


@pytest.mark.parametrize("player_id", ["ada", "a.b+c@d-e_f", "0"])
def test_a_player_page_has_an_address_for_any_player_id(client, player_id):
    games["default"].create_player(player_id, alias="Ada")
    assert client.get(address("player", player_id)).status_code == 200


@pytest.mark.parametrize("player_id", ["nobody", "a/b", ":ada", "é", "x" * 300])
def test_a_player_who_is_not_there_is_not_found(client, player_id):
    assert client.get(address("player", player_id)).status_code == 404


def test_the_actions_page_has_a_button_for_what_the_browser_may_play(reader, client):
    page = client.get(address("actions")).content.decode()
    assert f'action="{address("play", "finish_book")}"' in page
    assert page.count("<form") == 1


def test_leaderboards_are_public_and_leave_out_boards_of_teams_and_scopes(reader, client):
    page = Client().get(address("leaderboards")).content.decode()
    assert "Top readers" in page
    assert "Club cup" not in page
    assert "By genre" not in page


def test_a_leaderboard_goes_page_by_page(make_user, client):
    for _ in range(23):
        services.ensure_player(make_user())
    first = client.get(address("leaderboard", "top_readers")).content.decode()
    assert first.count("<tr>") == 11
    assert 'rel="next" href="?page=2"' in first
    last = client.get(address("leaderboard", "top_readers"), {"page": "3"}).content.decode()
    assert last.count("<tr>") == 4
    assert 'rel="next"' not in last


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "²", "9" * 30])
def test_a_page_of_a_leaderboard_that_is_not_there_is_not_found(reader, client, page):
    assert client.get(address("leaderboard", "top_readers"), {"page": page}).status_code == 404


def test_a_leaderboard_that_is_not_there_is_not_found(client):
    assert client.get(address("leaderboard", "nothing")).status_code == 404


def test_a_leaderboard_marks_the_user(reader, client):
    page = client.get(address("leaderboard", "top_readers")).content.decode()
    assert "You are number 1 of 1." in page
    assert page.count("playlyfe-leaderboard__me") == 1
    assert "Around you" not in page


def test_who_is_on_another_page_sees_the_rows_around(reader, make_user, client):
    for _ in range(15):
        services.play(make_user(), "finish_book", {"pages": 10})
    page = client.get(address("leaderboard", "top_readers"))
    assert "You are number 16 of 16." in page.content.decode()
    assert "Around you" in page.content.decode()
    assert [row.rank for row in page.context["around"].rows][-1] == 16
    assert page.content.decode().count("playlyfe-leaderboard__me") == 1


def test_the_activity_page_shows_ones_own_or_everyones(reader, make_user, client):
    services.play(reader, "finish_book", {"pages": 10})
    services.play(make_user(username="rui"), "finish_book", {"pages": 600})
    client.get(address("profile"))  # tells the news
    own = client.get(address("activity")).content.decode()
    assert "Finish a book" in own
    assert "rui" not in own
    shared = client.get(address("activity"), {"of": "everyone"}).content.decode()
    assert "rui" in shared
    assert "Became a Reader" in shared
    assert "Finish a book" not in shared


@pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity"])
def test_no_shared_cache_keeps_a_page(reader, client, name):
    assert "private" in client.get(address(name)).headers["Cache-Control"]


@pytest.mark.parametrize("error", [ServerError("The server failed"), ConfigurationError("Wrong setting")])
@pytest.mark.parametrize("name", ["profile", "player", "actions", "leaderboards", "leaderboard", "activity"])
def test_every_page_answers_while_the_game_does_not(reader, client, monkeypatch, caplog, name, error):
    for read in ("profile", "actions", "leaderboards", "leaderboard", "activity", "feedback"):
        monkeypatch.setattr(services, read, failing(error))
    arguments = {"player": ["7"], "leaderboard": ["top_readers"]}.get(name, [])
    page = client.get(address(name, *arguments))
    assert page.status_code == 200
    assert "Not available at the moment" in page.content.decode()
    assert "failed" not in page.content.decode()
    assert caplog.records


def test_news_is_told_on_the_next_page_and_only_there(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    assert "+60 Experience" in client.get(address("actions")).content.decode()
    assert "+60 Experience" not in client.get(address("actions")).content.decode()


# --- playing ----------------------------------------------------------------------------------------------------------


def test_a_button_plays_and_the_next_page_says_what_it_earned(reader, client):
    answer = client.post(address("play", "finish_book"), {"pages": "600", "next": address("profile")}, follow=True)
    assert answer.redirect_chain == [(address("profile"), 302)]
    assert "+60 Experience" in answer.content.decode()
    assert services.profile(reader).points("xp") == 60


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil", ""])
def test_after_a_play_the_browser_never_leaves_the_site(reader, client, next_):
    answer = client.post(address("play", "finish_book"), {"pages": "1", "next": next_})
    assert answer.url == address("actions")


def test_who_is_not_logged_in_is_sent_to_log_in_and_then_back(client):
    answer = client.post(address("play", "finish_book"), {"pages": "1", "next": "/play/profile/"})
    assert answer.url == "/login/?next=/play/profile/"


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_plays(reader, client, method):
    assert getattr(client, method)(address("play", "finish_book")).status_code == 405
    assert services.profile(reader).points("xp") == 0


def test_a_play_needs_the_csrf_token(reader):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reader)
    assert strict.post(address("play", "finish_book"), {"pages": "600"}).status_code == 403
    assert services.profile(reader).points("xp") == 0


def test_the_csrf_token_is_asked_for_even_without_the_middleware(reader, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reader)
    assert strict.post(address("play", "finish_book"), {"pages": "600"}).status_code == 403


@pytest.mark.parametrize("action", ["buy_bookmark", "no_such_action", "<script>"])
def test_an_action_that_is_not_listed_is_forbidden_whether_it_exists_or_not(reader, client, action):
    answer = client.post(address("play", action))
    assert answer.status_code == 403
    assert "cannot be played from the browser" in answer.content.decode()
    assert "<script>" not in answer.content.decode()


def test_a_variable_that_is_not_listed_is_forbidden(reader, client):
    answer = client.post(address("play", "finish_book"), {"pages": "600", "genre": "history"})
    assert answer.status_code == 403
    assert "“genre” cannot be set from the browser." in answer.content.decode()
    assert services.profile(reader).points("xp") == 0


def test_a_listed_action_that_the_game_lacks_is_not_found(reader, client, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"dance": {"variables": []}}}}
    answer = client.post(address("play", "dance"))
    assert answer.status_code == 404
    assert "There is no action “dance”." in answer.content.decode()


@pytest.mark.parametrize("pages", ["many", "", "1.5"])
def test_a_wrong_value_is_shown_again_with_the_reason(reader, client, pages):
    answer = client.post(address("play", "finish_book"), {"pages": pages, "next": address("profile")})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "errorlist" in page
    assert f'name="next" value="{address("profile")}"' in page
    assert services.profile(reader).points("xp") == 0


@timezone.override("UTC")
def test_an_action_at_its_limit_says_so_on_the_next_page(reader, client):
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 10})
    client.get(address("profile"))
    answer = client.post(address("play", "finish_book"), {"pages": "10"}, follow=True)
    assert "its limit is reached until tomorrow, midnight" in answer.content.decode()


def test_an_unmet_requirement_says_so_on_the_next_page(reader, client, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"buy_bookmark": {"variables": []}}}}
    answer = client.post(address("play", "buy_bookmark"), follow=True)
    assert "something it asks for is missing" in answer.content.decode()


def test_a_user_whom_the_site_leaves_out_cannot_play(make_user, client, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": FINISH, "PLAYER_FILTER": lambda user: False}}
    client.force_login(make_user())
    answer = client.post(address("play", "finish_book"), {"pages": "10"})
    assert answer.status_code == 403
    assert "You take no part in this game." in answer.content.decode()


def test_a_user_without_a_player_becomes_one(make_user, client, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": FINISH, "CREATE_PLAYERS": False}}
    user = make_user()
    client.force_login(user)
    client.post(address("play", "finish_book"), {"pages": "600"})
    assert services.profile(user).points("xp") == 60


def test_a_game_that_fails_is_said_to_be_away(reader, client, monkeypatch):
    monkeypatch.setattr(services, "play", failing(ServerError("The server failed")))
    answer = client.post(address("play", "finish_book"), {"pages": "600"})
    assert answer.status_code == 503
    assert "Nothing was played" in answer.content.decode()


def test_values_that_only_the_game_can_judge_are_refused_by_it(reader, client, monkeypatch):
    monkeypatch.setattr(services, "play", failing(InvalidRequest("Invalid request")))
    answer = client.post(address("play", "finish_book"), {"pages": "600"})
    assert answer.status_code == 400
    assert "does not understand these values" in answer.content.decode()


def test_a_field_with_a_default_may_be_left_out(reader, client, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"finish_book": {"variables": ["pages", "genre", "mood"]}}}}
    client.post(address("play", "finish_book"), {"pages": "10", "genre": ""})
    assert services.activity(reader)[0].variables == {"pages": 10, "genre": "fiction"}


# --- playing by a script ----------------------------------------------------------------------------------------------

JSON = {"headers": {"accept": "application/json"}}


def test_a_script_gets_the_news_at_once_and_only_once(reader, client):
    answer = client.post(address("play", "finish_book"), {"pages": "600"}, **JSON)
    assert answer.status_code == 200
    [news] = answer.json()["feedback"]
    assert answer.json()["status"] == news["status"] == "applied"
    assert news["action"] == {"id": "finish_book", "name": "Finish a book"}
    assert "+60 Experience" in news["lines"]
    assert "You are now a Reader" in news["lines"]
    assert "+60" not in client.get(address("actions")).content.decode()


def test_a_script_is_told_of_a_refusal(reader, client):
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 10})
    answer = client.post(address("play", "finish_book"), {"pages": "600"}, **JSON)
    assert answer.json()["status"] == "refused"
    assert "its limit is reached" in answer.json()["feedback"][-1]["lines"][0]


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [("buy_bookmark", {}, 403), ("finish_book", {"genre": "x"}, 403), ("finish_book", {"pages": "x"}, 400)],
)
def test_a_script_is_told_what_is_wrong(reader, client, action, fields, status):
    answer = client.post(address("play", action), fields, **JSON)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert ("fields" in answer.json()) is (status == 400)


def test_a_script_that_is_not_logged_in_is_told_so(client):
    answer = client.post(address("play", "finish_book"), {"pages": "1"}, **JSON)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Log in first."}
