"""A page with a list of users: each widget costs the same few queries for fifty of them as for two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from django_playlyfe import services
from django_playlyfe.exceptions import PlaylyfeError
from tests.pages.showing import give, one_request, render

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon", "plain_site")]

WIDGETS = {
    "player": ("", 4),
    "scores": ("", 4),
    "badges": ("", 4),
    "level": ("", 4),
    "actions": ("actions=True", 7),
    "activity": ("activity=20", 6),
    "sparkline": ("activity=200", 6),
    "notifications": ("notifications=True", 7),
    "next": ("progress=True", 7),
    "rarity": ("rarity=True", 6),
    "leaderboard": ('leaderboard="top_readers"', 9),
    "feedback": ("", 6),
}
"""Widget -> what is to be read beforehand, and the most queries of a page."""
ARGUMENTS = {"sparkline": '"xp" user', "level": "user=user", "leaderboard": '"top_readers" user'}
EVERYTHING = 'activity=20 actions=True notifications=True progress=True rarity=True leaderboard="top_readers"'


@pytest.fixture
def users(make_user):
    """Fifty, of whom some have done something and were given something."""
    users = [make_user() for _ in range(50)]
    for user in users[::7]:
        services.play(user, "finish_book", {"pages": 600})
        give(user, 7)
    return users


def section(widget):
    return "<section>{% playlyfe_" + widget + " " + ARGUMENTS.get(widget, "user") + " %}</section>"


def page(sections, beforehand=""):
    return (
        "{% playlyfe_prefetch users " + beforehand + " %}{% for user in users %}" + "".join(sections) + "{% endfor %}"
    )


def queries(count_queries, source, viewer, some):
    with one_request(), count_queries() as counted:
        shown = render(source, viewer, users=some)
    assert shown.count("<section>") % len(some) == 0
    assert "Not available" not in shown
    return len(counted)


@pytest.mark.parametrize("widget", WIDGETS)
def test_each_widget_costs_the_same_queries_for_fifty_users_as_for_two(users, count_queries, widget):
    beforehand, most = WIDGETS[widget]
    services.rarity()  # counted once in five minutes
    source = page([section(widget)], beforehand)
    services.feedback(users[0])
    assert queries(count_queries, source, users[0], users) == queries(count_queries, source, users[0], users[:2])
    assert queries(count_queries, source, users[0], users) <= most


def test_all_widgets_together_cost_the_same_queries_for_fifty_users_as_for_two(users, count_queries):
    services.rarity()
    source = "{% playlyfe_prefetch users activity=200 %}" + page(map(section, WIDGETS), EVERYTHING)
    services.feedback(users[0])
    two = queries(count_queries, source, users[0], users[:2])
    assert queries(count_queries, source, users[0], users) == two <= 29


def test_a_wall_of_badges_counts_their_holders_once(users, count_queries):
    source = page(["<section>{% playlyfe_badges user rarity=True %}</section>"])
    services.rarity()
    assert queries(count_queries, source, users[0], users) <= 6


def test_what_is_read_at_once_is_what_is_read_one_by_one(make_user, settings):
    users = [make_user() for _ in range(3)]
    for pages in range(12):  # the first of the three is on no first page, the second hides
        services.play(make_user(), "finish_book", {"pages": 90 + pages // 2})
    services.hide_player(users[1])
    for number, user in enumerate(users):
        for pages in range(number * 2):
            services.play(user, "finish_book", {"pages": 10 + pages})
            give(user, number)
    services.mark_notifications_read(users[2], [services.notifications(users[2])[0].id])
    for _ in range(2):  # a secret badge, that only its holder sees among the rare ones
        services.play(users[1], "finish_book", {"pages": 10}, at=timezone.now() - timedelta(hours=13))

    def everything():
        return [
            (
                services.actions(user).items,
                services.activity(user, limit=3).items,
                services.profile(user, detailed=True),
                services.notifications(user).items,
                [event.is_unread for event in services.notifications(user)],
                services.progress(user).items,
                services.rarity(user).items,
                services.leaderboard("top_readers", user),
                [row.user for row in services.leaderboard("top_readers", user).rows],
            )
            for user in users
        ]

    one_by_one = everything()
    with one_request():
        services.prefetch(
            users,
            activity=3,
            actions=True,
            notifications=True,
            progress=True,
            rarity=True,
            leaderboard="top_readers",
        )
        assert everything() == one_by_one
    assert len({len(told[6]) for told in one_by_one}) == 2


@pytest.mark.parametrize("board", ["nothing", "by_genre"])
def test_a_board_that_cannot_be_read_is_the_business_of_who_reads_it(users, board):
    with one_request():
        services.prefetch(users[:2], leaderboard=board)
        with pytest.raises(PlaylyfeError):
            services.leaderboard(board, users[0])


def test_prefetching_passes_over_who_is_no_player(make_user, settings):
    settings.PLAYLYFE = {"default": {"CREATE_PLAYERS": False}}
    users = [make_user(), AnonymousUser(), None]
    assert render("{% playlyfe_prefetch users " + EVERYTHING + " %}", users[0], users=users) == ""


def test_prefetching_is_for_the_pages_of_visitors_too(users, count_queries):
    with one_request():
        render("{% playlyfe_prefetch users %}", users=users)
        with count_queries() as counted:
            assert "Reader" in render("{% playlyfe_player reader %}", reader=users[0])
    assert not counted


def test_nobody_takes_the_news_of_another(users):
    ines, rui = users[:2]
    source = "{% playlyfe_feedback user=whose %}"
    assert render(source, rui, whose=ines) == ""
    assert render(source, rui, whose=services.profile(ines).id) == ""
    assert render(source, whose=services.profile(ines).id) == ""
    assert "+60 Experience" in render(source, ines, whose=services.profile(ines).id)
