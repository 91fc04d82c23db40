"""What docs/templates.rst tells sites to write: two levels of overriding, Jinja2, the context processor."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.template.backends.jinja2 import Jinja2
from django.test import RequestFactory
from django.urls import reverse

from django_playlyfe import services
from django_playlyfe.context_processors import playlyfe
from django_playlyfe.exceptions import ServerError
from django_playlyfe.jinja2 import functions
from django_playlyfe.templatetags.playlyfe import register
from django_playlyfe.types import Player
from django_playlyfe.widgets import WIDGETS
from tests.pages.showing import give
from tests.test_readme import blocks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]

EXAMPLES = blocks(Path(__file__).resolve().parents[2] / "docs" / "templates.rst")
AROUND = "<!DOCTYPE html><title>{% block title %}{% endblock %}</title><h2>My site</h2>"
SITE = AROUND + "{% block content %}{% endblock %}"
SITE_WITH_BODY = AROUND + "{% block body %}{% endblock %}"


@pytest.fixture
def reader(make_user, client):
    user = make_user(username="ines")
    client.force_login(user)
    services.play(user, "finish_book", {"pages": 600})
    return user


@pytest.fixture
def site(settings, tmp_path):
    """``site({"django_playlyfe/base.html": …})``: a site with these templates and the package's."""

    def put(templates):
        for name, source in templates.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        [engine] = settings.TEMPLATES
        settings.TEMPLATES = [{**engine, "DIRS": [tmp_path]}]

    return put


def page(client, name, *arguments):
    answer = client.get(reverse(f"playlyfe:{name}", args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


# --- overriding -------------------------------------------------------------------------------------------------------


def test_the_first_level_puts_the_site_around_every_page(reader, client, site):
    site({"base.html": SITE, "django_playlyfe/base.html": EXAMPLES["base, plain"]})
    for name in ("profile", "actions", "leaderboards", "activity", "notifications", "privacy"):
        shown = page(client, name)
        assert "<h2>My site</h2>" in shown
        assert "<h1>" in shown
        assert "playlyfe-navigation" not in shown


def test_bootstrap(reader, client, site):
    site(
        {
            "base.html": SITE_WITH_BODY,
            "django_playlyfe/base.html": EXAMPLES["base, bootstrap"],
            "django_playlyfe/widgets/_score.html": EXAMPLES["_score, bootstrap"],
            "django_playlyfe/widgets/_leaderboard_table.html": EXAMPLES["_leaderboard_table, bootstrap"],
        }
    )
    shown = page(client, "profile")
    assert '<main class="container py-4">' in shown
    assert "+60 Experience" in shown
    assert '<dd class="card-title h4 mb-0">60</dd>' in shown
    board = page(client, "leaderboards")
    assert '<table class="table table-striped">' in board
    assert '<tr class="table-active" aria-current="true">' in board
    assert "ines" in board


def test_tailwind(reader, client, site):
    site(
        {
            "base.html": SITE_WITH_BODY,
            "django_playlyfe/base.html": EXAMPLES["base, tailwind"],
            "django_playlyfe/widgets/_score.html": EXAMPLES["_score, tailwind"],
            "django_playlyfe/widgets/_badge.html": EXAMPLES["_badge, tailwind"],
        }
    )
    shown = page(client, "profile")
    assert '<main class="mx-auto max-w-4xl space-y-6 p-6">' in shown
    assert "+60 Experience" in shown
    assert '<dd class="text-2xl font-semibold tabular-nums">60</dd>' in shown
    assert '<p class="font-semibold">Bookworm <span class="sr-only">(not earned yet)</span></p>' in shown


def test_the_docs_list_every_tag():
    text = (Path(__file__).resolve().parents[2] / "docs" / "templates.rst").read_text()
    assert [tag for tag in WIDGETS if f"{{% {tag} " not in text] == []


# --- Jinja2 -----------------------------------------------------------------------------------------------------------


def render(source, user=None, **context):
    names: dict[str, object] = {}
    exec(EXAMPLES["jinja2 environment"], names)
    engine = Jinja2({"NAME": "jinja2", "DIRS": [], "APP_DIRS": False, "OPTIONS": {"environment": "jinja2.Environment"}})
    engine.env = names["environment"](autoescape=True)
    request = RequestFactory().get("/somewhere/")
    request.user = user or AnonymousUser()
    return engine.from_string(source).render(context, request).strip()


def test_jinja2_has_a_function_for_each_tag_and_filter():
    assert set(functions()) == {*WIDGETS, *register.filters, "playlyfe_artwork"}
    assert set(register.tags) == {*WIDGETS, "playlyfe_artwork"}


def test_jinja2_counts_what_is_new(reader):
    give(reader, 7)
    assert render("{{ playlyfe_unread(playlyfe_notifications(data=True)) }}", reader) == "1"
    assert render("{{ playlyfe_need(playlyfe_next(data=True)[0]) }}", reader)


def test_jinja2_shows_widgets_and_gives_data(reader):
    shown = render(EXAMPLES["jinja2 template"], reader)
    assert 'class="playlyfe playlyfe-player"' in shown
    assert "playlyfe-leaderboard__me" in shown
    assert shown.endswith("440 to Scholar")


def test_jinja2_buttons_carry_the_csrf_token(reader, settings):
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"finish_book": {"variables": ["pages"]}}}}
    shown = render("{{ playlyfe_actions() }}", reader)
    assert "csrfmiddlewaretoken" in shown
    assert 'value="/somewhere/"' in shown


def test_jinja2_shows_visitors_nothing_and_another_player_by_name(reader):
    assert render("{{ playlyfe_player() }}{{ playlyfe_player(data=True) }}") == "None"
    assert "ines" in render("{{ playlyfe_player(other) }}", other=services.profile(reader).id)


def test_jinja2_leaves_a_placeholder_while_the_game_does_not_answer(reader, monkeypatch):
    def fail(*args, **kwargs):
        raise ServerError("The server failed")

    monkeypatch.setattr(services, "profile", fail)
    assert "Not available" in render("{{ playlyfe_player() }}", reader)
    assert render("{{ playlyfe_player(data=True) }}", reader) == "None"


def test_jinja2_escapes_hostile_names(reader):
    from django_playlyfe.backends import games

    games["default"].update_player(services.profile(reader).id, alias="<script>alert(1)</script>")
    assert "<script" not in render("{{ playlyfe_player() }}{{ playlyfe_player(data=True).alias }}", reader)


# --- context processor ------------------------------------------------------------------------------------------------


def known_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return playlyfe(request)


def test_the_context_processor_reads_nothing_before_it_is_used(reader, count_queries):
    with count_queries() as counted:
        known = known_of(reader)
        Template("nothing").render(Context(known))
    assert not counted
    assert isinstance(known["playlyfe"].player, Player)
    with count_queries() as counted:
        assert known["playlyfe"].level.state.name == "Reader"
    assert not counted


def test_the_context_processor_of_the_docs(reader):
    shown = Template(EXAMPLES["context processor"]).render(Context(known_of(reader))).strip()
    assert shown == '<span class="rank">Reader</span>'


@pytest.mark.parametrize("user", [AnonymousUser(), None])
def test_the_context_processor_knows_nothing_of_visitors(user):
    known = known_of(user)["playlyfe"]
    assert (known.player, known.level, known.notifications, known.unread) == (None, None, None, 0)


def test_the_context_processor_knows_nothing_while_the_game_does_not_answer(reader, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise ServerError("The server failed")

    monkeypatch.setattr(services, "profile", fail)
    assert known_of(reader)["playlyfe"].player is None
    assert "The server failed" in caplog.text


def test_who_is_no_player_is_nothing_to_log(make_user, settings, caplog):
    settings.PLAYLYFE = {"default": {"CREATE_PLAYERS": False}}
    assert known_of(make_user())["playlyfe"].player is None
    assert not caplog.records
