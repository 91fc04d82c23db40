"""Debian's Chromium, driven by selenium: pages, forms, keys, and all that the console and the network said."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
DRIVER = shutil.which("chromedriver") or ""
DESKTOP, PHONE = 1280, 390
AXE = Path(__file__).with_name("axe.min.js")
_FLAGS = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync disable-dev-shm-usage force-color-profile=srgb hide-scrollbars"
)
PATIENCE = 60
"""Seconds to wait for what must happen; only a hanging browser ever needs them."""


class Browser:
    """One window."""

    def __init__(self, driver: Chrome, *, has_scripts: bool) -> None:
        self.driver = driver
        self.has_scripts = has_scripts
        self.site = ""

    # --- the window -------------------------------------------------------------------------------------------------

    def resize(self, width: int, height: int = 900) -> None:
        """The size of the page itself, of which the window around it takes nothing."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, scheme: str = "light", motion: str = "reduce") -> None:
        """What the reader has chosen: "light" or "dark", "reduce" (nothing is half faded in) or "no-preference"."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def speak(self, language: str) -> None:
        """The language that pages are asked for in."""
        self.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": language}})

    def forget(self) -> None:
        """Nobody is logged in any more."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    # --- pages ------------------------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.driver.get(self.site + path)

    @property
    def path(self) -> str:
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        """What a reader sees, and what a screen reader says beside it."""
        return self.find("body").text

    @property
    def main(self) -> str:
        return self.find("main").text

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def follow(self, element: WebElement) -> None:
        """Click what leads to another page, and wait for that page."""
        page = self.find("html")
        element.click()
        WebDriverWait(self.driver, PATIENCE).until(lambda _: self._is_gone(page))

    def submit(self, form: str, **fields: str) -> None:
        """Fill in a form and send it by its button."""
        for name, value in fields.items():
            field = self.find(f'{form} [name="{name}"]')
            if field.tag_name == "input":
                field.clear()
            field.send_keys(value)
        self.follow(self.find(f'{form} [type="submit"]'))

    def go(self, link: str) -> None:
        """Follow a link by its text."""
        self.follow(self.driver.find_element(By.LINK_TEXT, link))

    def press(self, key: str = Keys.TAB) -> WebElement:
        """Press a key; gives the element that has the focus then."""
        self.driver.switch_to.active_element.send_keys(key)
        return self.driver.switch_to.active_element

    def wait_for(self, selector: str) -> WebElement:
        return WebDriverWait(self.driver, PATIENCE).until(lambda _: next(iter(self.all(selector)), None))

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what a script is about to do; a page that is being rewritten may lose what is being read."""
        waiting = WebDriverWait(self.driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])
        waiting.until(lambda _: is_so())

    def _is_gone(self, page: WebElement) -> bool:
        return self.find("html") != page and self.run("return document.readyState") == "complete"

    def log_in(self, username: str, password: str) -> None:
        self.open("/login/")
        self.submit("main form", username=username, password=password)

    # --- what is wrong ----------------------------------------------------------------------------------------------

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        root = "document.documentElement"
        return int(self.run(f"return {root}.scrollWidth - {root}.clientWidth"))

    def complaints(self) -> list[str]:
        """What the console has said since the last look: errors and warnings, those of the security policy too."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def strangers(self) -> list[str]:
        """Addresses on other hosts that were asked since the last look."""
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        own = (self.site, "data:", "about:", "blob:", "chrome:")
        return [url for url in asked if not url.startswith(own)]

    def violations(self) -> list[str]:
        """What axe-core finds on this page by WCAG 2.2 AA and its best practices, a line each."""
        self.run(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            """const done = arguments[arguments.length - 1];
            const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
            axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then(
              (result) => done(result.violations), (error) => done([{id: String(error), nodes: []}]));"""
        )
        return [
            f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for rule in found
            for node in rule["nodes"] or [{"html": ""}]
        ]

    def photograph(self, path: Path, *, whole: bool = True) -> None:
        """A picture of the page, or of what fits into the window."""
        options = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            options["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
        path.write_bytes(base64.b64decode(picture))


@contextmanager
def opened(*, scripts: bool = True) -> Iterator[Browser]:
    """A fresh Chromium. ``scripts=False``: pages get no JavaScript."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in _FLAGS.split():
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        driver.set_page_load_timeout(PATIENCE)
        driver.set_script_timeout(PATIENCE)
        driver.execute_cdp_cmd("Network.enable", {})
        yield Browser(driver, has_scripts=scripts)
    finally:
        driver.quit()
