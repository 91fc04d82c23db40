"""The demo in a real browser: the main job from registering to logging out, with and without JavaScript."""

from __future__ import annotations

import uuid

import pytest

from tests.browser.chromium import DESKTOP, PHONE

PASSWORD = "sturdy-lamp-42"


def read_and_play(browser, site, width):
    """One reader's first evening. Every page fits the window, asks nobody else for anything, and breaks no policy."""
    browser.site = site.url
    browser.resize(width)
    name = f"reader-{uuid.uuid4().hex[:8]}"
    register(browser, name)
    read_until_badge_and_level(browser)
    play_from_the_actions_page(browser)
    find_oneself_on_the_board(browser, name)
    take_a_book_back(browser, site)
    log_out(browser, name)
    assert browser.complaints() == []
    assert browser.strangers() == []


def looks_right(browser):
    assert browser.overflow() <= 0, browser.path


def register(browser, name):
    browser.open("/")
    looks_right(browser)
    browser.go("Register")
    browser.submit("main form", username=name, password1=PASSWORD, password2=PASSWORD)
    assert "Your shelf is empty" in browser.main
    browser.follow(browser.find(".account [type=submit]"))
    browser.log_in(name, PASSWORD)
    assert name in browser.text


def read_until_badge_and_level(browser):
    for number in range(4):
        browser.submit("main form.book-form", title=f"Book {number}", pages="100")
    assert "Bookworm" not in browser.find(".playlyfe-feedback").text
    browser.submit("main form.book-form", title="Middlemarch", pages="880")
    looks_right(browser)
    news = browser.find(".playlyfe-feedback").text
    for said in ("+88 experience", "New badge: Bookworm", "New badge: Page turner", "You are now a Reader"):
        assert said in news
    browser.open("/")
    assert browser.all(".playlyfe-feedback") == []  # told once


def play_from_the_actions_page(browser):
    browser.go("Actions")
    looks_right(browser)
    button = browser.find('form[action$="/buy_bookmark/"] [type=submit]')
    if browser.has_scripts:
        button.click()
        news = browser.wait_for(".playlyfe-toasts .playlyfe-news").text
    else:
        browser.follow(button)
        news = browser.find(".playlyfe-feedback").text
    assert browser.path == "/play/actions/"
    assert "New badge: Bookmark" in news
    assert "−20 coins" in news
    browser.go("Profile")
    assert browser.all(".playlyfe-feedback") == []  # told once
    looks_right(browser)
    assert "Bookmark" in browser.main
    browser.go("Activity")
    looks_right(browser)
    assert "Became a Reader" in browser.main


def find_oneself_on_the_board(browser, name):
    browser.go("Leaderboard")
    looks_right(browser)
    browser.go("All of Top readers")
    looks_right(browser)
    is_marked(browser, name)
    browser.go("This week")
    looks_right(browser)
    is_marked(browser, name)
    browser.go("Earlier")
    assert "The week of" in browser.main
    assert browser.all(".playlyfe-leaderboard__me") == []  # nothing was read then


def is_marked(browser, name):
    mine = browser.all(".playlyfe-leaderboard__me")
    assert mine
    assert all(name in row.text and "you" in row.text for row in mine)


def take_a_book_back(browser, site):
    browser.go("Books")
    browser.follow(browser.find(".book [type=submit]"))
    assert "“Middlemarch” is off your shelf." in browser.main
    if site.undoes:
        assert "−88 experience" in browser.find(".playlyfe-feedback").text


def log_out(browser, name):
    browser.follow(browser.find(".account [type=submit]"))
    assert name not in browser.find("header").text
    assert "Start your log" in browser.main


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("window", ["browser", "scriptless"])
@pytest.mark.parametrize("site", ["engine_demo", "http_demo"])
def test_a_reader_plays_from_registering_to_logging_out(request, site, window, width):
    read_and_play(request.getfixturevalue(window), request.getfixturevalue(site), width)
