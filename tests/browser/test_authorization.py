"""The authorization page in a browser, which sends what no test client sends: where a form comes from."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest

from tests.browser import demo


@pytest.fixture
def ask(browser, engine_demo):
    """``ask()``: a reader whom the client ``APP`` asks to let it in."""
    browser.site = engine_demo.url
    asked = {"response_type": "code", "client_id": demo.APP, "redirect_uri": engine_demo.app_address, "state": "s"}

    def ask():
        browser.log_in("mary", demo.PASSWORD)
        browser.open(f"/auth?{urlencode(asked)}")
        assert "Allow app?" in browser.text
        return browser

    return ask


@pytest.mark.parametrize(("button", "learnt"), [("allow", {"code", "state"}), ("deny", {"error", "state"})])
def test_the_reader_answers_and_is_sent_back(ask, engine_demo, button, learnt):
    browser = ask()
    browser.follow(browser.find(f"[name={button}]"))
    address, _, query = browser.driver.current_url.partition("?")
    assert address == engine_demo.app_address
    assert set(parse_qs(query)) == learnt
    assert [it for it in browser.complaints() if "/favicon.ico" not in it] == []
