"""The design desk in a browser: what is wrong appears while one types; without scripts the buttons do the same."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import demo
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.screenshots import DESK, DESK_PAGES

COINS = f"{DESK}metrics/coins/"
MINIMUM = '[name="metrics-minimum"]'
BESIDE = '[id="metrics-minimum-errors"]'


@pytest.fixture
def designer(browser, engine_demo):
    browser.site = engine_demo.url
    browser.log_in("admin", demo.PASSWORD)
    return browser


def test_what_is_wrong_appears_while_one_types_and_goes_when_it_is_mended(designer):
    designer.open(COINS)
    designer.find(MINIMUM).send_keys("x")
    designer.wait_until(lambda: "/metrics/coins/constraints/min" in designer.find(BESIDE).text)
    assert "Expected: an integer" in designer.find(BESIDE).text
    assert designer.find("#desk-status").text == "1 problem"
    assert designer.find(MINIMUM).get_attribute("aria-invalid") == "true"
    designer.find(MINIMUM).send_keys(Keys.BACKSPACE)
    designer.wait_until(lambda: designer.find("#desk-status").text == "Nothing is wrong.")
    assert designer.find(BESIDE).text == ""
    assert designer.find(MINIMUM).get_attribute("aria-invalid") is None
    assert [said for said in designer.complaints() if "favicon" not in said] == []
    assert designer.strangers() == []


def test_without_scripts_the_button_tells_what_is_wrong(scriptless, engine_demo):
    scriptless.site = engine_demo.url
    scriptless.log_in("admin", demo.PASSWORD)
    scriptless.open(COINS)
    scriptless.find(MINIMUM).send_keys("x")
    scriptless.follow(scriptless.find('[name="_check"]'))
    assert "/metrics/coins/constraints/min" in scriptless.find(BESIDE).text
    assert scriptless.find(MINIMUM).get_attribute("value") == "0x"


def test_without_scripts_a_button_adds_a_row_and_keeps_what_was_typed(scriptless, engine_demo):
    scriptless.site = engine_demo.url
    scriptless.log_in("admin", demo.PASSWORD)
    scriptless.open(f"{DESK}metrics/add/?type=state")
    scriptless.find('[name="metrics-name"]').send_keys("Mood")
    scriptless.follow(scriptless.find('[name="_more"]'))
    assert scriptless.find('[name="metrics-name"]').get_attribute("value") == "Mood"
    assert len(scriptless.all('[name$="-description"]')) == 2 + 1


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_the_desk_are_accessible_and_fit(designer, width, scheme):
    designer.resize(width)
    designer.prefer(scheme)
    wrong = {}
    for name, path in DESK_PAGES.items():
        designer.open(path)
        found = [*designer.violations(), *(["wider than the window"] if designer.overflow() > 0 else [])]
        if found:
            wrong[name] = found
    assert wrong == {}
