"""Takes the pictures of README and docs anew: ``python -m tests.browser.screenshots``.

``--all FOLDER`` photographs every page of the demo instead, at desk and phone width, light and dark, for looking at.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.browser import demo
from tests.browser.chromium import DESKTOP, PHONE, Browser, opened

IMAGES = demo.ROOT / "docs" / "images"
READER = "linus"
"""One book away from a badge and a level."""
VISITOR_PAGES = {"welcome": "/", "login": "/login/", "register": "/register/", "missing": "/no/such/page/"}
PAGES = {
    "books": "/",
    "profile": "/play/profile/",
    "player": "/play/players/1/",
    "actions": "/play/actions/",
    "leaderboards": "/play/leaderboards/",
    "leaderboard": "/play/leaderboards/top_readers/",
    "activity": "/play/activity/",
    "everyone": "/play/activity/?of=everyone",
    "badge": "/play/badges/Page%20turner/",
    "notifications": "/play/notifications/",
    "privacy": "/play/privacy/",
}
DESK = "/admin/django_playlyfe_engine/game/1/desk/"
DESK_PAGES = {
    "desk": DESK,
    "desk-action": f"{DESK}actions/finish_book/",
    "desk-metric": f"{DESK}metrics/badges/",
    "desk-rule": f"{DESK}rules/ranking_up/",
    "desk-board": f"{DESK}leaderboards/top_readers/",
    "desk-new": f"{DESK}metrics/add/?type=state",
    "desk-delete": f"{DESK}metrics/coins/delete/",
    "desk-differences": f"{DESK}differences/",
    "desk-publish": f"{DESK}publish/production/?owed=1",
    "desk-import": f"{DESK}import/",
    "desk-try": f"{DESK}try/?design=draft&action=finish_book&count=1&seed=ink&var-pages=600&var-genre=history",
}
"""Of the designer; the demo has one game."""
DESK_PICTURES = ("desk", "desk-action", "desk-try")
PICTURES = (("profile", "profile"), ("leaderboard", "leaderboard"), ("actions", "actions"))
"""Page -> name of its picture in docs/images."""


def add_a_book(browser: Browser) -> None:
    browser.open("/")
    browser.submit("main form.book-form", title="The Left Hand of Darkness", pages="320")


def for_the_docs(browser: Browser, folder: Path) -> None:
    """The pictures that README and docs show, at desk width."""
    browser.resize(DESKTOP, 800)
    browser.prefer()
    browser.log_in(READER, demo.PASSWORD)
    add_a_book(browser)
    browser.photograph(folder / "demo.png", whole=False)
    for page, name in PICTURES:
        browser.open(PAGES[page])
        browser.photograph(folder / f"{name}.png", whole=False)
    at_the_desk(browser)
    for name in DESK_PICTURES:
        browser.open(DESK_PAGES[name])
        browser.run("document.querySelector('.desk-block')?.scrollIntoView()")
        browser.photograph(folder / f"{name}.png", whole=False)


def at_the_desk(browser: Browser) -> None:
    """Log in as the designer, and change something, so that there is a difference."""
    browser.forget()
    browser.log_in("admin", demo.PASSWORD)
    browser.open(f"{DESK}metrics/coins/")
    browser.find('[name="metrics-name"]').send_keys(" of gold")
    browser.follow(browser.find('[name="_save"]'))


def of_everything(browser: Browser, folder: Path) -> None:
    """Every page, by size and colours, as a visitor and as a reader with news."""
    looks = [(width, scheme) for width in (DESKTOP, PHONE) for scheme in ("light", "dark")]
    for width, scheme in looks:
        browser.resize(width)
        browser.prefer(scheme)
        shoot(browser, VISITOR_PAGES, folder, f"{width}-{scheme}")
    browser.log_in(READER, demo.PASSWORD)
    for width, scheme in looks:
        browser.resize(width)
        browser.prefer(scheme)
        add_a_book(browser)
        browser.photograph(folder / f"news-{width}-{scheme}.png")
        shoot(browser, PAGES, folder, f"{width}-{scheme}")
    at_the_desk(browser)
    for width, scheme in looks:
        browser.resize(width)
        browser.prefer(scheme)
        shoot(browser, DESK_PAGES, folder, f"{width}-{scheme}")


def shoot(browser: Browser, pages: dict[str, str], folder: Path, look: str) -> None:
    for name, path in pages.items():
        browser.open(path)
        browser.photograph(folder / f"{name}-{look}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="photograph every page into this folder")
    wanted = parser.parse_args().all
    folder = wanted or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        demo.running("engine", Path(data)) as site,
        opened() as browser,
    ):
        browser.site = site.url
        (of_everything if wanted else for_the_docs)(browser, folder)
    print(f"Pictures are in {folder}.")


if __name__ == "__main__":
    main()
