"""Every template of the package and of the demo site is rendered here, and every ``{% url %}`` leads somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from django.template import engines
from django.template.defaulttags import URLNode
from django.template.loader import get_template
from django.test import Client
from django.urls import get_resolver, reverse

import django_playlyfe
import testproject
from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.exceptions import ServerError
from django_playlyfe.types import Score, State

PACKAGE = Path(django_playlyfe.__file__).parent / "templates"
SITE = Path(testproject.__file__).parent / "templates"
PASSWORD = "sturdy-lamp-42"
HOSTILE = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "\u202eevil",
    "W" * 200,
    "📚🪱",
    "{{ user.password }}",
]

OWN_SCRIPT = re.compile(r'<script src="/static/django_playlyfe/playlyfe\.js" data-close="\w+" defer></script>')
"""The one script there is: a file of this site."""


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.html"))


# --- addresses --------------------------------------------------------------------------------------------------------


def known_addresses():
    """All names that ``{% url %}`` may use."""
    resolver = get_resolver()
    own = {name for name in resolver.reverse_dict if isinstance(name, str)}
    for namespace, (_, inner) in resolver.namespace_dict.items():
        own |= {f"{namespace}:{name}" for name in inner.reverse_dict if isinstance(name, str)}
    return own


@pytest.mark.parametrize("name", sorted({*names(PACKAGE), *names(SITE)}))
def test_every_url_tag_names_an_address(name):
    known = known_addresses()
    for node in get_template(name).template.nodelist.get_nodes_by_type(URLNode):
        assert node.view_name.token.strip("\"'") in known


# --- pages ------------------------------------------------------------------------------------------------------------


class Visitor:
    """Opens pages, and keeps what was shown and by which templates."""

    def __init__(self) -> None:
        self.client = Client()
        self.templates: set[str] = set()
        self.pages: list[str] = []

    def keep(self, answer):
        self.templates |= {template.name for template in answer.templates}
        self.pages.append(answer.content.decode())
        return self.pages[-1]

    def open(self, path, *, status=200):
        answer = self.client.get(path)
        assert answer.status_code == status, path
        return self.keep(answer)

    def open_part(self, path):
        return self.keep(self.client.get(path, headers={"HX-Request": "true"}))

    def send(self, path, **fields):
        return self.keep(self.client.post(path, fields, follow=True))

    def open_all(self):
        self.open("/")
        for name in ("profile", "actions", "leaderboards", "activity", "notifications", "privacy"):
            self.open(reverse(f"playlyfe:{name}"))
        for badge in ("Page turner", "Bookmark"):
            self.open(reverse("playlyfe:badge", args=[badge]))
        self.open(reverse("playlyfe:activity") + "?of=everyone")
        self.open(reverse("playlyfe:leaderboard", args=["top_readers"]))


@pytest.fixture
def everything(reading_log, make_user, settings, monkeypatch):
    """A visitor who has seen each page in each state: empty, full, hostile, stale, failing."""
    settings.PLAYLYFE = {"default": {"BROWSER_ACTIONS": {"finish_book": {"variables": ["pages"]}, "x": {}}}}
    visitor = Visitor()
    for path in ("/", "/login/", "/register/"):
        visitor.open(path)
    visitor.send("/register/", username="margaret", password1=PASSWORD, password2=PASSWORD)
    visitor.open_all()
    for title in HOSTILE:
        visitor.send("/", title=title, pages="600", genre="history")
    visitor.send("/", title="", pages="0", genre="?")
    visitor.send(reverse("playlyfe:play", args=["finish_book"]), pages="x")
    visitor.send(reverse("playlyfe:play", args=["unlisted"]))
    hidden, *others = (services.ensure_player(make_user()).player_id for _ in range(3))
    for place, player_id in enumerate((hidden, *others)):
        services.play(player_id, "finish_book", {"pages": 9990 - 10 * place})
    for number in range(12):
        player_id = services.ensure_player(make_user()).player_id
        games["default"].update_player(player_id, alias=HOSTILE[number % len(HOSTILE)][:100])
        services.play(player_id, "finish_book", {"pages": 9000})
    visitor.open_all()
    visitor.open(reverse("playlyfe:player", args=[player_id]))
    visitor.open("/no/such/page/", status=404)
    visitor.open_part(reverse("playlyfe:profile"))
    hide(visitor, hidden)
    tell_something(monkeypatch)
    visitor.open_all()
    make_stale(monkeypatch)
    visitor.open_all()
    visitor.open(reverse("playlyfe:player", args=[player_id]))
    for read in ("profile", "actions", "leaderboards", "leaderboard", "activity", "notifications"):
        monkeypatch.setattr(services, read, fail)
    visitor.open_all()
    override_nothing(settings)
    visitor.open(reverse("playlyfe:profile"))
    # On no page; tests/test_tags.py renders them.
    visitor.templates |= {f"django_playlyfe/widgets/{name}.html" for name in ("rarity", "streak")}
    return visitor


def hide(visitor, player_id):
    """One player of the board and the visitor hide; the visitor tries to be forgotten without being sure."""
    services.hide_player(player_id)
    visitor.send(reverse("playlyfe:hide"), hide="yes")
    visitor.send(reverse("playlyfe:forget"))


def tell_something(monkeypatch):
    """The game has told the player something, half of which was read."""
    read = services.activity

    def told(user, game="default"):
        events = read(user, limit=4, game=game)
        items = tuple(replace(event, data={"seen": bool(number % 2)}) for number, event in enumerate(events))
        return replace(events, items=items)

    monkeypatch.setattr(services, "notifications", told)


def override_nothing(settings):
    """Only the package's own templates: the demo's are out of the way."""
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": []}]


def make_stale(monkeypatch):
    """All that is read was true a while ago, and the player has a state that no level rule drives."""
    read = services.profile

    def stale(*args, **kwargs):
        player = read(*args, **kwargs)
        states = [replace(score, state=State("Calm"), meta=None) for score in player.scores if score.state]
        return replace(player, is_stale=True, scores=(*player.scores, *states, Score(player.scores[0].metric, value=1)))

    monkeypatch.setattr(services, "profile", stale)


def fail(*args, **kwargs):
    raise ServerError("The server failed")


@pytest.mark.django_db
def test_every_template_renders_whatever_the_names_under_a_strict_content_security_policy(everything):
    assert set(names(PACKAGE)) | set(names(SITE)) <= everything.templates
    for page in everything.pages:
        assert "<script>alert" not in page
        assert not re.search(r"<[^>]*\sonmouseover=", page)
        assert not re.search(r"<script|<style|\sstyle=|<[^>]*\son\w+=|javascript:", OWN_SCRIPT.sub("", page))
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)


@pytest.mark.django_db
@time_machine.travel("2024-03-05T12:00:00+00:00", tick=False)
def test_the_packages_own_pages_stand_alone(reading_log, make_user, client, settings):
    """A site that overrides nothing gets whole pages, with the stylesheet, navigation and news."""
    override_nothing(settings)
    user = make_user()
    client.force_login(user)
    services.play(user, "finish_book", {"pages": 320})
    answer = client.get(reverse("playlyfe:profile"))
    page = answer.content.decode()
    assert "+32 experience" in page
    assert "django_playlyfe/playlyfe.css" in page
    assert page.count('aria-current="page"') == 1
    assert "django_playlyfe/_navigation.html" in {template.name for template in answer.templates}


def test_the_demos_templates_come_before_the_packages():
    assert engines["django"].get_template("django_playlyfe/base.html").origin.name.startswith(str(SITE))
