"""``{% load playlyfe %}``: what each tag shows, to whom, and what it does when something goes wrong."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import timezone as utc_zone

import pytest
import time_machine
from django.db import connection
from django.template import Context, Engine, Library, Template, TemplateSyntaxError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_playlyfe import services, widgets
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import ServerError
from django_playlyfe.types import Leaderboard, Listing, Player
from django_playlyfe.widgets import show
from tests.pages.showing import failing, one_request, render

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon", "plain_site")]

NOON = datetime(2024, 3, 5, 12, tzinfo=utc_zone.utc)
WIDGETS = [
    "player",
    "scores",
    "badges",
    "level",
    "actions",
    'leaderboard "top_readers"',
    "activity",
    'sparkline "xp"',
    "notifications",
    "next",
    "rarity",
    "streak",
    "feedback",
]


@pytest.fixture
def reader(make_user):
    """A reader with one book: 60 experience, hence the level Reader."""
    user = make_user(username="ines")
    services.play(user, "finish_book", {"pages": 600})
    return user


# --- what they show ---------------------------------------------------------------------------------------------------


def test_the_player_card_shows_name_level_scores_and_badges(reader):
    shown = render("{% playlyfe_player %}", reader)
    assert "ines" in shown
    assert "Reader" in shown
    assert "60" in shown


def test_scores_show_points_with_their_names(reader):
    shown = render("{% playlyfe_scores %}", reader)
    assert "Experience" in shown
    assert "60" in shown
    assert "Reader" not in shown


def test_badges_show_those_to_be_earned_as_such_and_hidden_ones_never(reader):
    shown = render("{% playlyfe_badges %}", reader)
    assert "Bookworm" in shown
    assert "(not earned yet)" in shown
    assert "Night owl" not in shown


def test_earned_badges_come_first(reader, make_user):
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 1})
    shown = render(
        "{% playlyfe_badges as badges %}{% for badge in badges %}{{ badge.name }}:{{ badge.count }} {% endfor %}",
        reader,
    )
    assert shown == "Bookworm:1 Bookmark:0"


def test_the_level_shows_the_way_to_the_next_one(reader):
    shown = render("{% playlyfe_level %}", reader)
    assert 'value="2"' in shown  # (60 - 50) of 450
    assert "440 Experience to Scholar" in shown


def test_the_level_of_a_metric_that_has_none_is_nothing(reader):
    assert render('{% playlyfe_level metric="xp" %}', reader) == ""
    assert render('{% playlyfe_level metric="rank" as level %}{{ level.state.name }}', reader) == "Reader"


def test_actions_have_a_button_where_the_browser_may_play(reader, settings):
    services.play(reader, "finish_book", {"pages": 10})
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"finish_book": {"variables": ["pages"]}}}}
    shown = render("{% playlyfe_actions %}", reader)
    assert "Finish a book" in shown
    assert "Done 2 times" in shown
    assert 'name="pages"' in shown
    assert 'name="genre"' not in shown
    assert 'name="next" value="/somewhere/"' in shown


def test_a_button_that_could_only_fail_is_not_shown(reader, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"finish_book": {"variables": []}}}}
    assert "<button" not in render("{% playlyfe_actions %}", reader)


def test_nobody_gets_buttons_for_another_users_actions(reader, make_user, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"finish_book": {"variables": ["pages"]}}}}
    shown = render("{% playlyfe_actions other %}", make_user(), other=reader)
    assert "Finish a book" in shown
    assert "<button" not in shown


def test_the_leaderboard_marks_the_user(reader, make_user):
    services.ensure_player(make_user(username="rui"))
    shown = render('{% playlyfe_leaderboard "top_readers" %}', reader)
    assert shown.count("playlyfe-leaderboard__me") == 1
    assert shown.index("ines") < shown.index("you") < shown.index("rui")


def test_the_leaderboard_around_the_user(reader, make_user):
    for _ in range(5):
        services.ensure_player(make_user())
    page = render('{% playlyfe_leaderboard "top_readers" around=True radius=1 as page %}{{ page.rows|length }}', reader)
    assert page == "2"


def test_activity_tells_the_users_story(reader):
    shown = render("{% playlyfe_activity %}", reader)
    assert "Finish a book: +60 Experience" in shown
    assert "Became a Reader" in shown
    assert "Today" in shown


def test_activity_of_the_whole_game_names_the_players(reader, make_user):
    shown = render("{% playlyfe_activity user=None %}", make_user())
    assert "ines" in shown
    assert "Became a Reader" in shown
    assert "Finish a book" not in shown


def test_a_podium_takes_the_first_three(reader, make_user):
    for pages in (500, 400, 300):
        services.play(make_user(), "finish_book", {"pages": pages})
    shown = render('{% playlyfe_leaderboard "top_readers" podium=True %}', reader)
    assert shown.count("playlyfe-podium__step--") == 3
    assert shown.index("ines") < shown.index("<table")


def test_there_is_no_podium_for_fewer_than_three(reader, make_user):
    services.play(make_user(), "finish_book", {"pages": 500})
    shown = render('{% playlyfe_leaderboard "top_readers" podium=True %}', reader)
    assert "podium" not in shown
    assert shown.count("<tr") == 3


def test_there_is_no_podium_in_the_middle_of_a_board(reader):
    for where in ("around=True", "skip=1"):
        shown = render('{% playlyfe_leaderboard "top_readers" podium=True ' + where + " %}", reader)
        assert "podium" not in shown


def test_a_sparkline_is_drawn_and_told(reader):
    shown = render('{% playlyfe_sparkline "xp" days=3 %}', reader)
    assert 'points="3,29 60,29 117,3"' in shown
    assert 'aria-label="Experience: from 0 to 60 in 3 days"' in shown


def test_a_metric_that_never_changed_has_no_sparkline(reader):
    assert render('{% playlyfe_sparkline "nothing" %}', reader) == ""


def test_notifications_count_the_unread_and_mark_them(reader, monkeypatch):
    event = services.activity(reader)[0]
    told = (replace(event, data={"seen": False}), replace(event, data={"seen": True}))
    monkeypatch.setattr(services, "notifications", lambda user, game: Listing(items=told, total=2))
    shown = render("{% playlyfe_notifications %}", reader)
    assert "1 new notification" in shown
    assert shown.count("playlyfe-notification--unread") == 1
    assert shown.count('name="id"') == 1
    assert render("{% playlyfe_notifications as told %}{{ told|playlyfe_unread }}", reader) == "1"


def test_nobody_marks_the_notifications_of_another(reader, make_user, monkeypatch):
    event = replace(services.activity(reader)[0], data={"seen": False})
    monkeypatch.setattr(services, "notifications", lambda user, game: Listing(items=(event,), total=1))
    assert "<form" not in render("{% playlyfe_notifications other %}", make_user(), other=reader)


def test_what_is_nearest_is_shown_with_what_it_takes(reader):
    services.play(reader, "finish_book", {"pages": 10})
    shown = render("{% playlyfe_next limit=1 %}", reader)
    assert "Bookworm" in shown
    assert "2 of 5 Finish a book" in shown
    assert 'value="40"' in shown
    assert render("{% playlyfe_next as goals %}{{ goals.total }}", reader) != "1"


@pytest.mark.parametrize(("only", "kinds"), [("level", {"level"}), ("achievement", {"achievement"}), ("", None)])
def test_what_is_nearest_can_be_of_one_kind(reader, only, kinds):
    found = render(
        "{% playlyfe_next only=only as goals %}{% for goal in goals %}{{ goal.kind }} {% endfor %}", reader, only=only
    )
    assert set(found.split()) == (kinds or {"level", "achievement"})


def test_rarity_lists_the_rarest_first_and_secrets_never(reader, make_user):
    make_user()
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 10})
    shown = render("{% playlyfe_rarity %}", reader)
    assert "Bookworm</bdi>: <bdi>50% of players have it</bdi>" in shown
    assert shown.index("Bookmark") < shown.index("Bookworm")
    assert "Night owl" not in shown
    assert (
        render('{% playlyfe_rarity user=None as all %}{{ all|playlyfe_share:"Bookworm" }}') == "50% of players have it"
    )


def test_a_streak_says_its_length_and_what_is_missing(reader):
    services.play(reader, "finish_book", {"pages": 10}, at=NOON - timedelta(days=1))
    assert "<strong>2 days in a row</strong>" in render("{% playlyfe_streak %}", reader)
    assert "<strong>1 month in a row</strong>" in render('{% playlyfe_streak "finish_book" unit="month" %}', reader)
    assert render('{% playlyfe_streak "host_meeting" as found %}{{ found.length }}', reader) == "0"
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        later = render("{% playlyfe_streak %}", reader)
        assert "2 days in a row" in later
        assert "Today is still missing" in later
        assert "This week is still missing" not in render('{% playlyfe_streak unit="week" %}', reader)
    with time_machine.travel(NOON + timedelta(days=40), tick=False):
        broken = render("{% playlyfe_streak %}", reader)
        assert "0 days in a row" in broken
        assert "Best so far: 2" in broken
        assert "missing" not in broken
        assert "This month is still missing" in render('{% playlyfe_streak unit="month" %}', reader)
    with time_machine.travel(NOON + timedelta(days=7), tick=False):
        assert "1 week in a row</strong> <em>This week is still missing" in render(
            '{% playlyfe_streak unit="week" %}', reader
        )


@pytest.mark.parametrize("widget", ["next", "rarity", "streak"])
def test_without_the_flag_of_the_backend_there_is_nothing(reader, monkeypatch, widget):
    monkeypatch.setattr(services, "abilities", lambda game: frozenset())
    assert render("{% playlyfe_" + widget + " %}", reader) == ""
    assert "players have it" not in render("{% playlyfe_badges rarity=True %}", reader)


@pytest.mark.parametrize(("flag", "shown"), [("undo", "7"), ("no_such_flag", "None")])
def test_a_widget_shows_nothing_where_the_backend_lacks_what_it_needs(reader, monkeypatch, flag, shown):
    def playlyfe_number_of(call):
        return show(number=7)

    monkeypatch.setattr("django_playlyfe.widgets.tags.WIDGETS", {})
    monkeypatch.setattr(EngineBackend, "explain", False)
    engine, library = Engine(), Library()
    engine.template_builtins.append(library)
    widgets.widget(library, needs=flag)(playlyfe_number_of)
    template = Template("{% playlyfe_number_of as number %}{{ number }}", engine=engine)
    assert template.render(Context({"user": reader})) == shown


@pytest.mark.parametrize("kind", ["badge", "level"])
def test_a_picture_is_the_sites_own_where_it_has_one(kind):
    assert render('{% playlyfe_artwork "Page turner" "' + kind + '" %}') == "/static/playlyfe/page-turner.svg"


@pytest.mark.parametrize("name", ["Unheard of", "", "../../etc/passwd", "☃", "徽章"])
def test_a_picture_is_the_packages_where_the_site_has_none(name):
    assert render("{% playlyfe_artwork name %}", name=name) == "/static/django_playlyfe/medal.svg"


def test_feedback_is_shown_exactly_once(reader):
    shown = render("{% playlyfe_feedback %}", reader)
    assert "+60 Experience" in shown
    assert "You are now a Reader" in shown
    assert render("{% playlyfe_feedback %}", reader) == ""


@timezone.override("UTC")
def test_feedback_of_a_refusal_says_why(reader):
    render("{% playlyfe_feedback %}", reader)
    for _ in range(5):
        services.play(reader, "finish_book", {"pages": 1})
    shown = render("{% playlyfe_feedback %}", reader)
    assert "Finish a book: nothing earned, its limit is reached until tomorrow, midnight" in shown


# --- whose ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("widget", WIDGETS)
def test_an_anonymous_visitor_sees_nothing(widget):
    assert render("{% playlyfe_" + widget + " %}") == ""


@pytest.mark.parametrize("widget", WIDGETS)
def test_a_variable_that_does_not_exist_is_nobody(reader, widget):
    assert render("{% playlyfe_" + widget + " user=nobody_such %}", reader) == ""


@pytest.mark.parametrize(
    "widget",
    ["player", "scores", "badges", "level", "actions", "feedback", "notifications", "next", 'sparkline "xp"'],
)
def test_for_nobody_in_particular_there_is_nothing_of_a_players_own(reader, widget):
    assert render("{% playlyfe_" + widget + " user=None %}", reader) == ""


def test_a_visitor_sees_a_board_where_the_template_allows_it(reader):
    shown = render('{% playlyfe_leaderboard "top_readers" user=None %}')
    assert "ines" in shown
    assert "you" not in shown


@pytest.mark.parametrize(
    "other", ["{% playlyfe_player other %}", "{% playlyfe_player user=other %}", "{% playlyfe_player player_id %}"]
)
def test_another_user_or_player_can_be_named(reader, make_user, other):
    assert "ines" in render(other, make_user(), other=reader, player_id=services.profile(reader).id)


def test_a_user_in_the_context_does_without_the_request(reader):
    shown = Template("{% load playlyfe %}{% playlyfe_player %}").render(Context({"user": reader}))
    assert "ines" in shown


def test_a_tag_shows_the_game_it_is_asked_for(reader, settings, caplog):
    settings.PLAYLYFE = {"default": {}, "second": {"OPTIONS": {"GAME": "another_one"}}}
    assert "Not available" in render('{% playlyfe_leaderboard "top_readers" game="second" %}', reader)
    assert "another_one" in caplog.text
    assert "ines" in render('{% playlyfe_leaderboard "top_readers" game="default" %}', reader)


def test_a_user_whom_the_site_leaves_out_sees_nothing(make_user, settings, caplog):
    settings.PLAYLYFE = {"default": {"PLAYER_FILTER": lambda user: False}}
    outsider = make_user()
    with caplog.at_level(logging.WARNING):
        assert render("{% playlyfe_player %}", outsider) == ""
    assert not caplog.records


def test_a_user_who_should_be_a_player_sees_the_placeholder(make_user, settings, caplog):
    settings.PLAYLYFE = {"default": {"CREATE_PLAYERS": False}}
    assert "Not available" in render("{% playlyfe_player %}", make_user())
    assert "not a player" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queries_in_full")
def test_outside_a_transaction_a_tag_opens_none(reader):
    with CaptureQueriesContext(connection) as captured:
        assert "ines" in render("{% playlyfe_player %}", reader)
    assert all(query["sql"].startswith("SELECT") for query in captured)


# --- data -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("player", Player),
        ("scores", tuple),
        ("badges", tuple),
        ("actions", Listing),
        ('leaderboard "top_readers"', Leaderboard),
        ("activity", Listing),
        ("feedback", list),
    ],
)
def test_as_name_gives_the_data_and_shows_nothing(reader, tag, kind):
    context = Context({"user": reader})
    shown = Template("{% load playlyfe %}{% playlyfe_" + tag + " as found %}").render(context)
    assert shown == ""
    assert isinstance(context["found"], kind)


def test_as_name_gives_none_for_an_anonymous_visitor():
    assert render("{% playlyfe_player as player %}{{ player }}") == "None"


def test_tags_that_read_one_resource_share_one_look_up(reader, count_queries):
    everything = "{% playlyfe_player %}{% playlyfe_scores %}{% playlyfe_badges %}{% playlyfe_level %}" * 3
    with one_request(), count_queries() as one:
        render("{% playlyfe_player %}", reader)
    with one_request(), count_queries() as many:
        render(everything, reader)
    assert len(many) == len(one) > 0


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])
def test_a_failing_game_leaves_a_placeholder_and_a_line_in_the_log(reader, monkeypatch, settings, caplog, debug):
    settings.DEBUG = debug
    monkeypatch.setattr(services, "profile", failing(ServerError("The server failed")))
    shown = render("before {% playlyfe_player %} after", reader)
    assert shown.startswith("before")
    assert shown.endswith("after")
    assert "Not available" in shown
    assert ("The server failed" in shown) is debug
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("debug", [False, True])
def test_a_wrong_setting_is_logged_as_an_error(reader, settings, caplog, debug):
    settings.DEBUG = debug
    shown = render('{% playlyfe_player game="defualt" %}', reader)
    assert "Not available" in shown
    assert ("ConfigurationError" in shown) is debug
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("debug", [False, True])
def test_any_exception_leaves_a_placeholder(reader, monkeypatch, settings, caplog, debug):
    settings.DEBUG = debug
    monkeypatch.setattr(services, "profile", failing(ZeroDivisionError("oh")))
    shown = render("{% playlyfe_player %}", reader)
    assert "Not available" in shown
    assert ("ZeroDivisionError" in shown) is debug
    assert caplog.records[0].exc_info


def test_a_failing_tag_with_as_sets_none(reader, monkeypatch):
    monkeypatch.setattr(services, "profile", failing(ServerError()))
    assert render("{% playlyfe_player as player %}{{ player }}", reader) == "None"


def test_a_failing_query_does_not_spoil_the_queries_after_it(reader, monkeypatch):
    def broken(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    monkeypatch.setattr(services, "profile", broken)
    shown = render('{% playlyfe_player %}{% playlyfe_leaderboard "top_readers" %}', reader)
    assert "Not available" in shown
    assert "ines" in shown


def test_a_placeholder_that_cannot_be_rendered_is_left_out(reader, monkeypatch):
    monkeypatch.setattr("django_playlyfe.widgets.use.PLACEHOLDER", "no/such/template.html")
    monkeypatch.setattr(services, "profile", failing(ServerError()))
    assert render("{% playlyfe_player %}", reader) == ""


def test_a_template_without_a_user_is_told_what_to_add(caplog):
    assert "Not available" in Template("{% load playlyfe %}{% playlyfe_player %}").render(Context())
    assert "django.template.context_processors.request" in caplog.text


def test_a_failing_player_filter_still_gives_the_placeholder(make_user, settings):
    settings.PLAYLYFE = {"default": {"CREATE_PLAYERS": False, "PLAYER_FILTER": failing(ZeroDivisionError())}}
    assert "Not available" in render("{% playlyfe_player %}", make_user())


@pytest.mark.parametrize(
    "wrong",
    [
        "{% playlyfe_player size=3 %}",
        "{% playlyfe_player a b %}",
        "{% playlyfe_player user=a user=b %}",
        "{% playlyfe_player user=a b %}",
        "{% playlyfe_leaderboard %}",
    ],
)
def test_wrong_arguments_are_an_error_of_the_template(wrong):
    with pytest.raises(TemplateSyntaxError, match="playlyfe_"):
        Template("{% load playlyfe %}" + wrong)


# --- hostile names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ user.password }}"])
def test_a_hostile_alias_is_only_text(reader, name):
    from django_playlyfe.backends import games

    games["default"].update_player(services.profile(reader).id, alias=name)
    for widget in WIDGETS:
        shown = render("{% playlyfe_" + widget + " %}", reader)
        assert "<script" not in shown
        assert "<img src=x" not in shown
    assert "&lt;" in render("{% playlyfe_player %}", reader) or "{{" in name


# --- filters ----------------------------------------------------------------------------------------------------------


def test_filters_leave_out_what_they_cannot_say():
    assert render("{{ 5|playlyfe_sentence }}{{ 'x'|playlyfe_number }}{{ none|playlyfe_day }}") == ""
