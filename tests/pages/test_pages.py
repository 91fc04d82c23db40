"""The pages in other forms (data, parts), boards, badges, notifications, and a person's say over their data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.exceptions import ServerError
from django_playlyfe.views.boards import day_of_the_cycle_before
from tests.pages.showing import address, failing, give

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon", "plain_site")]


# --- forms of an answer -----------------------------------------------------------------------------------------------

JSON = {"Accept": "application/json"}


def in_json(client, name, *arguments, **query):
    answer = client.get(address(name, *arguments), query, headers=JSON)
    assert answer.headers["Content-Type"] == "application/json"
    return answer


def test_every_page_is_data_too(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    profile = in_json(client, "profile").json()
    assert profile["alias"] == "ines"
    assert profile["levels"][0]["missing"] == 440
    assert in_json(client, "player", profile["id"]).json() == profile
    assert [action["id"] for action in in_json(client, "actions").json()["items"]][-1] == "finish_book"
    assert "top_readers" in [board["id"] for board in in_json(client, "leaderboards").json()["items"]]
    board = in_json(client, "leaderboard", "top_readers").json()
    assert [(row["alias"], row["is_me"], row["score"]) for row in board["rows"]] == [("ines", True, 60)]
    assert [event["type"] for event in in_json(client, "activity").json()["items"]] == ["level", "action"]
    assert in_json(client, "notifications").json()["items"] == []
    assert in_json(client, "badge", "Bookworm").json()["count"] == 0
    assert in_json(client, "privacy").json() == {"is_player": True, "is_hidden": False}


def test_data_never_holds_site_users_or_raw_answers(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    for name, arguments in (("activity", ()), ("leaderboard", ("top_readers",))):
        answer = in_json(client, name, *arguments).content.decode()
        assert '"user"' not in answer
        assert '"data"' not in answer


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [("player", ["nobody"], 404), ("leaderboard", ["nothing"], 404), ("badge", ["Nothing"], 404)],
)
def test_data_of_what_is_not_there_is_an_error_in_json(reader, client, name, arguments, status):
    answer = in_json(client, name, *arguments)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_data_of_ones_own_is_not_for_visitors(client):
    answer = in_json(client, "profile")
    assert answer.status_code == 401
    assert answer.json() == {"error": "Log in first."}


def test_data_is_not_available_while_the_game_is_not(reader, client, monkeypatch):
    monkeypatch.setattr(services, "profile", failing(ServerError()))
    answer = in_json(client, "profile")
    assert answer.status_code == 503
    assert answer.json()["error"]


PART = {"HX-Request": "true"}


@pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity", "notifications", "privacy"])
def test_htmx_gets_the_content_without_the_site(reader, client, name):
    part = client.get(address(name), headers=PART)
    page = part.content.decode()
    assert "<h1>" in page
    assert "<html" not in page
    assert {"Accept", "HX-Request"} <= set(part.headers["Vary"].split(", "))


@pytest.mark.parametrize("other", ["HX-Boosted", "HX-History-Restore-Request"])
def test_htmx_gets_whole_pages_where_it_shows_them_whole(reader, client, other):
    assert "<html" in client.get(address("profile"), headers=PART | {other: "true"}).content.decode()


def test_htmx_is_sent_to_log_in_as_a_whole(client):
    answer = client.get(address("profile"), headers=PART)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == f"/login/?next={address('profile')}"


# --- what a page costs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "most"),
    [
        ("profile", (), 9),
        ("player", ("self",), 9),
        ("actions", (), 8),
        ("leaderboards", (), 9),
        ("leaderboard", ("top_readers",), 9),
        ("activity", (), 7),
        ("notifications", (), 6),
        ("badge", ("Bookworm",), 8),
        ("privacy", (), 6),
    ],
)
def test_a_page_costs_the_same_queries_however_many_play(
    reader, make_user, client, count_queries, name, arguments, most
):
    """Session, user, link and player, then about one for each thing that is shown; news and notifications are two."""

    def queries():
        with count_queries() as counted:
            assert client.get(path).status_code == 200
        return len(counted)

    services.play(reader, "finish_book", {"pages": 600})
    path = address(name, *(services.profile(reader).id if part == "self" else part for part in arguments))
    client.get(path)  # tells the news
    before = queries()
    for _ in range(5):
        services.play(make_user(), "finish_book", {"pages": 600})
        services.play(reader, "finish_book", {"pages": 10})
    client.get(path)
    assert queries() == before <= most


# --- boards -----------------------------------------------------------------------------------------------------------


def test_the_first_three_stand_on_a_podium_unless_they_share_it(reader, make_user, client):
    for pages in (500, 400, 300, 200):
        services.play(make_user(), "finish_book", {"pages": pages})
    page = client.get(address("leaderboard", "top_readers")).content.decode()
    assert page.count("playlyfe-podium__step--") == 3
    assert page.count("<tr>") == 2  # head and fourth; the fifth is the reader's own
    services.play(make_user(), "finish_book", {"pages": 300})
    assert "playlyfe-podium__step" not in client.get(address("leaderboard", "top_readers")).content.decode()


def test_the_overview_of_boards_says_where_one_stands(reader, make_user, client):
    services.play(make_user(), "finish_book", {"pages": 600})
    assert "You are number 2 of 2." in client.get(address("leaderboards")).content.decode()
    assert "You are number" not in Client().get(address("leaderboards")).content.decode()


def test_a_board_is_switched_to_another_cycle(reader, client):
    page = client.get(address("leaderboard", "top_readers")).content.decode()
    assert '<a href="?cycle=weekly">This week</a>' in page
    assert '<a href="?cycle=alltime" aria-current="page">All time</a>' in page
    assert client.get(address("leaderboard", "top_readers"), {"cycle": "hourly"}).status_code == 404


def test_a_past_cycle_of_a_board_is_named_and_shown(reader, make_user, client):
    services.play(reader, "finish_book", {"pages": 600}, at=timezone.now() - timedelta(days=7))
    path = address("leaderboard", "top_readers")
    present = client.get(path, {"cycle": "weekly"}).content.decode()
    assert '<a rel="prev" href="?cycle=weekly&amp;on=2024-02-27">Earlier</a>' in present
    past = client.get(path, {"cycle": "weekly", "on": "2024-02-27"}).content.decode()
    assert "The week of Feb. 27, 2024" in past
    assert "ines" in past
    assert "60" in past


@pytest.mark.parametrize("day", ["2024-03-06", "1969-01-01", "x", "2024-02-30"])
def test_a_day_that_is_none_of_the_past_is_not_found(reader, client, day):
    path = address("leaderboard", "top_readers")
    assert client.get(path, {"cycle": "weekly", "on": day}).status_code == 404


@pytest.mark.parametrize(
    ("cycle", "day", "before"),
    [
        ("daily", "2024-03-01", "2024-02-29"),
        ("weekly", "2024-03-05", "2024-02-27"),
        ("monthly", "2024-03-31", "2024-02-29"),
        ("yearly", "2024-12-31", "2023-12-31"),
        ("daily", "1970-01-02", None),
        ("alltime", "2024-03-05", None),
    ],
)
def test_the_cycle_before(cycle, day, before):
    found = day_of_the_cycle_before(cycle, date.fromisoformat(day))
    assert (found and found.isoformat()) == before


# --- badges, notifications --------------------------------------------------------------------------------------------


def test_a_badge_has_a_page_that_says_whether_one_has_it(reader, client):
    page = client.get(address("badge", "Bookworm")).content.decode()
    assert "Finished five books" in page
    assert "You have not earned this badge yet." in page
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 10})
    assert "You have earned this badge." in client.get(address("badge", "Bookworm")).content.decode()


def test_a_hidden_badge_has_no_page_before_it_is_earned(reader, client):
    assert client.get(address("badge", "Night owl")).status_code == 404


def test_notifications_are_marked_as_read(reader, client, monkeypatch):
    marked = []
    backend = type(games["default"])
    monkeypatch.setattr(backend, "mark_notifications", lambda self, player_id, ids: marked.append((player_id, ids)))
    answer = client.post(address("notifications"), {"id": ["a", "b"]})
    assert answer.url == address("notifications")
    assert marked == [(services.profile(reader).id, ["a", "b"])]


def test_the_navigation_counts_what_is_new(reader, client):
    unread = '<span aria-hidden="true">1</span><span class="playlyfe-hidden">1 new</span>'
    assert "playlyfe-unread" not in client.get(address("privacy")).content.decode()
    give(reader, 7)
    assert unread in client.get(address("privacy")).content.decode()
    page = client.get(address("notifications")).content.decode()
    assert unread in page
    client.post(address("notifications"), {"id": [event.id for event in services.notifications(reader)]})
    assert "playlyfe-unread" not in client.get(address("privacy")).content.decode()


def test_a_badge_says_how_many_have_it(reader, make_user, client):
    for _ in range(3):
        make_user()
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 10})
    for path in (address("badge", "Bookworm"), address("profile")):
        assert "25% of players have it" in client.get(path).content.decode()


@pytest.mark.parametrize("name", ["profile", "actions"])
def test_what_is_within_reach_stands_beside_what_one_has_and_what_can_be_done(reader, client, name):
    for _ in range(3):
        services.play(reader, "finish_book", {"pages": 100})
    page = client.get(address(name)).content.decode()
    assert "Within reach" in page
    assert "3 of 5 Finish a book" in page
    assert 'aria-label="Progress to Bookworm"' in page
    assert "Night owl" not in page


# --- privacy ----------------------------------------------------------------------------------------------------------


def test_who_hides_keeps_the_place_and_is_nobody_to_others(reader, make_user, client):
    services.play(reader, "finish_book", {"pages": 600})
    player_id = services.profile(reader).id
    client.post(address("hide"), {"hide": "yes"})
    other = Client()
    other.force_login(make_user(username="rui"))
    for visitor in (Client(), other):
        for path in (address("leaderboard", "top_readers"), address("leaderboards")):
            page = visitor.get(path).content.decode()
            assert "ines" not in page
            assert "Somebody" in page
            assert f"players/{player_id}/" not in page
        assert visitor.get(address("player", player_id)).status_code == 404
    shared = other.get(address("activity"), {"of": "everyone"}).content.decode()
    assert "ines" not in shared
    assert "Somebody" in shared
    assert "Became a Reader" in shared


def test_nobody_hides_from_themselves(reader, client):
    client.post(address("hide"), {"hide": "yes"})
    assert "ines" in client.get(address("leaderboard", "top_readers")).content.decode()
    assert client.get(address("player", services.profile(reader).id)).status_code == 200


def test_who_hides_can_be_seen_again(reader, client):
    client.post(address("hide"), {"hide": "yes"})
    assert "Show my name" in client.get(address("privacy")).content.decode()
    client.post(address("hide"), {"hide": "no"})
    assert not services.is_hidden(reader)
    assert "ines" in Client().get(address("leaderboard", "top_readers")).content.decode()


def test_everything_stored_can_be_taken_along(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    answer = client.get(address("export"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="default.json"'
    assert answer.json()["player_id"] == services.profile(reader).id


def test_a_file_that_cannot_be_had_is_not_half_a_file(reader, client, monkeypatch):
    monkeypatch.setattr(services, "export", failing(ServerError()))
    assert client.get(address("export"), follow=True).redirect_chain == [(address("privacy"), 302)]


def test_everything_is_erased_by_those_who_are_sure(reader, client):
    services.play(reader, "finish_book", {"pages": 600})
    page = client.post(address("forget"), follow=True).content.decode()
    assert "Nothing was erased" in page
    assert services.is_player(reader)
    page = client.post(address("forget"), {"sure": "yes"}, follow=True).content.decode()
    assert "are erased" in page
    assert "Nothing about you is stored in this game." in page
    assert not services.is_player(reader)


@pytest.mark.parametrize("name", ["hide", "forget"])
def test_privacy_changes_by_post_with_the_csrf_token_alone(reader, name):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(reader)
    assert careful.get(address(name)).status_code == 405
    assert careful.post(address(name), {"sure": "yes"}).status_code == 403
    assert services.is_player(reader)
    assert not services.is_hidden(reader)
