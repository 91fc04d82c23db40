"""A browser and the demo, once for all tests of a process; each test is somebody else in it."""

from __future__ import annotations

import pytest

from tests.browser import chromium, demo


def pytest_collection_modifyitems(items):
    """Tests in a browser need one. Those with the game on a server are a group of their own, so that two processes
    share the work, and each starts its servers and browsers once."""
    has_browser = chromium.CHROMIUM and chromium.DRIVER
    for item in items:
        if item.path.parent.name != "browser":
            continue
        item.add_marker(pytest.mark.xdist_group("browser, http" if "http_demo" in item.name else "browser"))
        if not has_browser:
            item.add_marker(pytest.mark.skip(reason="chromium and chromedriver are not installed"))


@pytest.fixture(scope="session")
def engine_demo(tmp_path_factory):
    with demo.running("engine", tmp_path_factory.mktemp("engine")) as site:
        yield site


@pytest.fixture(scope="session")
def http_demo(tmp_path_factory):
    with demo.running("http", tmp_path_factory.mktemp("http")) as site:
        yield site


@pytest.fixture(scope="session")
def _scripted():
    with chromium.opened() as browser:
        yield browser


@pytest.fixture(scope="session")
def _scriptless():
    with chromium.opened(scripts=False) as browser:
        yield browser


@pytest.fixture
def browser(_scripted):
    yield _fresh(_scripted)
    _fresh(_scripted)


@pytest.fixture
def scriptless(_scriptless):
    return _fresh(_scriptless)


def _fresh(browser):
    """Nobody is logged in, nothing is preferred, and nothing was said."""
    browser.driver.get("about:blank")
    browser.forget()
    browser.speak("en")
    browser.prefer()
    browser.resize(chromium.DESKTOP)
    browser.complaints()
    browser.strangers()
    return browser
