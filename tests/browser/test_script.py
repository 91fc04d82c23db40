"""The optional script: a play button that tells its news without leaving the page."""

from __future__ import annotations

import pytest

from tests.browser import demo

BUTTON = 'form[action$="/buy_bookmark/"] [type=submit]'
TOAST = ".playlyfe-toasts .playlyfe-news"


@pytest.fixture
def visit(browser, engine_demo):
    """``visit("mary")``: a reader of the demo with coins for a bookmark, on the actions page."""
    browser.site = engine_demo.url

    def open_actions(name):
        browser.log_in(name, demo.PASSWORD)
        browser.go("Actions")
        return browser

    return open_actions


def test_a_button_tells_its_news_and_leaves_the_page_up_to_date(visit):
    browser = visit("mary")
    page = browser.find("html")
    assert "Done once" in browser.main
    browser.find(BUTTON).click()
    assert "New badge: Bookmark" in browser.wait_for(TOAST).text
    browser.wait_until(lambda: "Done 2 times" in browser.main)
    assert browser.find("html") == page
    assert browser.driver.switch_to.active_element == browser.find(BUTTON)
    assert browser.find(".playlyfe-toasts").get_attribute("role") == "status"
    close = browser.find(f"{TOAST} button")
    assert close.accessible_name == "Close"
    close.click()
    assert browser.all(TOAST) == []
    browser.open("/play/actions/")
    assert browser.all(".playlyfe-news") == []  # told once
    assert browser.complaints() == []
    assert browser.strangers() == []


def test_whose_session_has_ended_is_asked_to_log_in(visit):
    browser = visit("katherine")
    browser.forget()
    browser.follow(browser.find(BUTTON))
    assert browser.path == "/login/"
