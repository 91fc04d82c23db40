"""WCAG 2.2 AA by axe-core, over the states that a page can be in; the keyboard; right to left; reduced motion.

The pages are those that Django answers in this process, so that a state can be made; the browser opens them as files.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.urls import reverse
from selenium.webdriver.common.keys import Keys

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.exceptions import ServerError
from tests.browser.chromium import DESKTOP, PHONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_log")]

OWN = ("profile", "actions", "activity", "notifications", "privacy", "leaderboards")
HOSTILE = ("<script>alert(1)</script>", "\u202eevil", "W" * 100, "ש" * 60, "📚🪱", '" onmouseover="alert(1)')
READS = ("profile", "actions", "leaderboards", "leaderboard", "activity", "notifications")


@pytest.fixture(scope="session")
def static_files(tmp_path_factory):
    """All static files in one folder."""
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.fixture
def shelf(browser, static_files, tmp_path):
    """``shelf(answer)`` opens in the browser what Django has answered."""
    numbers = iter(range(10_000))

    def show(answer):
        page = answer.content.decode().replace('"/static/', f'"file://{static_files}/')
        path = tmp_path / f"{next(numbers)}.html"
        path.write_text(page, encoding="utf-8")
        browser.driver.get(path.as_uri())
        return browser

    return show


@pytest.fixture
def reader(make_user, client, settings):
    settings.PLAYLYFE = {
        "default": {"BROWSER_ACTIONS": {"buy_bookmark": {"variables": []}, "finish_book": {"variables": ["pages"]}}}
    }
    user = make_user(username="margaret")
    client.force_login(user)
    return user


def addresses():
    """Every page that a reader can open."""
    return [
        "/",
        *(reverse(f"playlyfe:{name}") for name in OWN),
        reverse("playlyfe:activity") + "?of=everyone",
        reverse("playlyfe:leaderboard", args=["top_readers"]),
        reverse("playlyfe:badge", args=["Bookworm"]),
    ]


def check_all(client, shelf, paths=None):
    """No page has anything that axe-core objects to, and none is wider than the window."""
    found = {}
    for path in paths or addresses():
        browser = shelf(client.get(path))
        found[path] = [*browser.violations(), *(["wider than the window"] if browser.overflow() > 0 else [])]
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def read_books(user, *pages):
    for number in pages:
        services.play(user, "finish_book", {"pages": number})


# --- states -----------------------------------------------------------------------------------------------------------


def test_pages_of_visitors(client, shelf):
    check_all(client, shelf, ["/", "/login/", "/register/", "/no/such/page/", reverse("playlyfe:leaderboards")])


def test_pages_of_a_reader_who_has_nothing_yet(reader, client, shelf):
    check_all(client, shelf)


def test_pages_full_of_everything_in_the_dark_on_a_phone(reader, make_user, client, shelf, browser, monkeypatch):
    for number in range(12):
        read_books(make_user(), 100 * number + 1)
    read_books(reader, 600, 100, 300, 20, 9)
    tell(monkeypatch, reader)
    browser.resize(PHONE)
    browser.prefer("dark")
    check_all(client, shelf)


def test_pages_full_of_everything_in_the_light(reader, make_user, client, shelf, monkeypatch):
    for number in range(12):
        read_books(make_user(), 100 * number + 1)
    read_books(reader, 600, 100, 300, 20, 9)
    tell(monkeypatch, reader)
    services.hide_player(reader)
    check_all(client, shelf)
    client.post(reverse("playlyfe:play", args=["finish_book"]), {"pages": "10"})
    check_all(client, shelf, ["/"])  # the news of a refusal
    wrong = client.post(reverse("playlyfe:play", args=["finish_book"]), {"pages": "x"})
    assert shelf(wrong).violations() == []


def test_pages_with_long_and_hostile_names_on_a_phone(reader, make_user, client, shelf, browser):
    browser.resize(PHONE)
    for name in HOSTILE:
        other = make_user()
        services.ensure_player(other)
        games["default"].update_player(services.profile(other).id, alias=name)
        read_books(other, 900)
        client.post("/", {"title": name, "pages": "12", "genre": "poetry"})
    games["default"].update_player(services.profile(reader).id, alias="W" * 100)
    check_all(client, shelf)


def test_pages_of_what_was_true_a_while_ago(reader, client, shelf, monkeypatch):
    read_books(reader, 600)
    for name in READS:
        read = getattr(services, name)
        monkeypatch.setattr(services, name, lambda *a, _read=read, **k: replace(_read(*a, **k), is_stale=True))
    check_all(client, shelf)


def test_pages_while_the_game_does_not_answer(reader, client, shelf, monkeypatch):
    def fail(*args, **kwargs):
        raise ServerError("The server failed")

    for name in READS:
        monkeypatch.setattr(services, name, fail)
    check_all(client, shelf)


def test_the_packages_own_pages_without_a_site_around_them(reader, client, shelf, settings, browser):
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": []}]
    read_books(reader, 600)
    check_all(client, shelf, addresses()[1:])
    browser.prefer("dark")
    check_all(client, shelf, [reverse("playlyfe:profile"), reverse("playlyfe:privacy")])


def tell(monkeypatch, reader):
    """The game has told the reader something, half of which was read."""
    events = services.activity(reader, limit=4)
    told = tuple(replace(event, data={"seen": bool(number % 2)}) for number, event in enumerate(events))
    monkeypatch.setattr(services, "notifications", lambda user, game: replace(events, items=told))


# --- right to left ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_pages_from_right_to_left(reader, make_user, client, shelf, browser, width):
    read_books(reader, 600, 100)
    read_books(make_user(), 300)
    browser.resize(width)
    for path in addresses():
        page = shelf(client.get(path, headers={"Accept-Language": "ar"}))
        assert page.run("return document.documentElement.dir") == "rtl"
        assert page.overflow() <= 0, path
        assert page.run(SIDES) == [], path


SIDES = """
// The boxes of the content that stick out of the window at either side.
const width = document.documentElement.clientWidth;
return [...document.querySelectorAll("main *, header *")].filter((element) => {
  const box = element.getBoundingClientRect();
  const hidden = element.closest(".playlyfe-hidden, .skip, .playlyfe-skip, .playlyfe-toasts");
  return !hidden && box.width && (box.left < -1 || box.right > width + 1);
}).map((element) => element.outerHTML.slice(0, 200));
"""


# --- the keyboard -----------------------------------------------------------------------------------------------------


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(reader, client, shelf):
    read_books(reader, 600, 100, 100, 100)
    services.feedback(reader)
    browser = shelf(client.get(reverse("playlyfe:actions")))
    reached = [browser.press() for _ in range(11)]
    names = [element.accessible_name.replace(" :", ":") for element in reached]
    assert names[0] == "Skip to content"
    assert names[2:9] == ["Notifications", "Log out", "Books", "Profile", "Actions", "Leaderboard", "Activity"]
    assert names[9:] == ["Do it: Buy a bookmark", "Pages:"]


def test_what_the_keyboard_has_reached_can_be_seen(reader, client, shelf):
    browser = shelf(client.get(reverse("playlyfe:privacy")))
    for _ in range(12):
        element = browser.press()
        outline = browser.run("return getComputedStyle(arguments[0]).outlineStyle", element)
        assert outline == "solid", element.accessible_name


def test_the_skip_link_leads_to_the_content(reader, client, shelf):
    browser = shelf(client.get(reverse("playlyfe:profile")))
    browser.press()
    assert browser.press(Keys.ENTER).get_attribute("id") == "content"


def test_a_board_is_read_in_the_order_of_its_ranks(reader, make_user, client, shelf):
    for number in range(5):
        read_books(make_user(), 500 - 100 * number)
    browser = shelf(client.get(reverse("playlyfe:leaderboard", args=["top_readers"])))
    ranks = [element.get_attribute("textContent").split()[-1] for element in browser.all("main .playlyfe-rank")]
    assert ranks == ["1", "2", "3", "4", "5", "6"]


# --- screen readers ---------------------------------------------------------------------------------------------------


def test_ranks_and_progress_are_said(reader, make_user, client, shelf):
    for number in range(3):
        read_books(make_user(), 500 + 100 * number)
    read_books(reader, 600)
    browser = shelf(client.get(reverse("playlyfe:profile")))
    progress = browser.find("progress")
    assert progress.accessible_name == "Progress to Scholar"
    assert progress.aria_role == "progressbar"
    board = shelf(client.get(reverse("playlyfe:leaderboard", args=["top_readers"])))
    assert board.find(".playlyfe-podium").accessible_name == "The first three"
    assert board.find(".playlyfe-podium .playlyfe-rank").get_attribute("textContent") == "Rank 1"
    assert board.find("main [aria-current=true]").text.split("\n")[:3] == ["Rank", "2", "margaret you"]


# --- motion -----------------------------------------------------------------------------------------------------------


def test_nothing_moves_for_those_who_prefer_that(reader, client, shelf, browser):
    moving = "return document.getAnimations().length"
    for motion, moves in (("no-preference", True), ("reduce", False)):
        browser.prefer(motion=motion)
        client.post("/", {"title": "Persepolis", "pages": "341", "genre": "history"})
        page = shelf(client.get("/"))
        assert page.all(".playlyfe-news")
        assert page.run("return getComputedStyle(document.querySelector('.playlyfe-news')).animationName") == (
            "playlyfe-rise" if moves else "none"
        )
        if not moves:
            assert page.run(moving) == 0
