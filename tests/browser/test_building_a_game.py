"""A designer builds a game from nothing, in the admin alone and without scripts, and publishes it."""

from __future__ import annotations

import pytest
from selenium.webdriver.support.select import Select

from tests.browser import demo

ADMIN = "/admin/django_playlyfe_engine/game"
BADGES = ("first_step", "walker", "runner", "climber", "early_bird", "all_rounder", "veteran", "friend", "guide")
LEVELS = (("beginner", "49"), ("hiker", "199"), ("ranger", ""))
ACTIONS = (("walk", "5"), ("run", "10"), ("climb", "20"), ("meet", "3"), ("lead", "15"))


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory):
    """A site of its own: a second game concerns all pages that name none."""
    with demo.running("engine", tmp_path_factory.mktemp("building")) as site:
        yield site


@pytest.fixture
def founder(scriptless, own_demo):
    scriptless.site = own_demo.url
    scriptless.log_in("admin", demo.PASSWORD)
    return scriptless


def fill(browser, **fields):
    """Fill in fields by name; ``__`` stands for a dash."""
    for name, value in fields.items():
        field = browser.find(f'[name="{name.replace("__", "-")}"]')
        if field.tag_name == "select":
            Select(field).select_by_value(value)
        else:
            field.clear()
            field.send_keys(value)


def press(browser, name):
    browser.follow(browser.find(f'[name="{name}"]'))


def one_more(browser, rows):
    browser.follow(browser.find(f'[name="_more"][value="{rows}"]'))


def warnings(browser):
    return [found.text for found in browser.all(".errornote, .messagelist .warning, .messagelist .error, .errorlist")]


def begin(browser):
    browser.open(f"{ADMIN}/")
    browser.go("ADD GAME")
    fill(browser, title="Trail club", id="trail_club")
    browser.find('[name="origin"][value="nothing"]').click()
    browser.find('[name="settings_name_the_game"]').click()
    browser.follow(browser.find("#desk-begin [type=submit]"))
    assert "First steps" in browser.main
    return browser.path


def build_metrics(browser, desk):
    browser.open(desk)
    browser.go("Add: Points")
    fill(browser, metrics__id="points", metrics__name="Points")
    press(browser, "_save")
    browser.go("Add: Set of items")
    fill(browser, metrics__id="badges", metrics__name="Badges")
    for number, badge in enumerate(BADGES):
        if number:
            one_more(browser, "metrics-items")
        fill(browser, **{f"metrics-items-{number}-id": badge, f"metrics-items-{number}-name": badge.title()})
    press(browser, "_save")
    browser.go("Add: State")
    fill(browser, metrics__id="level", metrics__name="Level")
    for number, (state, _top) in enumerate(LEVELS):
        if number:
            one_more(browser, "metrics-states")
        fill(browser, **{f"metrics-states-{number}-id": state, f"metrics-states-{number}-name": state.title()})
    press(browser, "_save")


def build_actions(browser):
    browser.go("Add: action")
    for action, points in ACTIONS:
        fill(browser, actions__id=action, actions__name=action.title())
        reward = "actions__rules__0__rewards__0__"
        fill(browser, **{f"{reward}metric": "points", f"{reward}value": points})
        press(browser, "_addanother")
        assert warnings(browser) == []
    browser.go("Design desk")


def build_rules(browser):
    browser.go("Add: Levels")
    fill(browser, rules__id="levels", rules__name="Levels", rules__base_metric="points", rules__level_metric="level")
    for number, (state, top) in enumerate(LEVELS):
        if number:
            one_more(browser, "rules-levels")
        choices = Select(browser.find(f'[name="rules-levels-{number}-rank"]')).options
        rank = next(one.get_attribute("value") for one in choices if one.get_attribute("value").endswith(state))
        fill(browser, **{f"rules-levels-{number}-rank": rank, f"rules-levels-{number}-threshold": top})
    press(browser, "_save")
    browser.go("Add: Achievement")
    for number, badge in enumerate(BADGES):
        fill(browser, rules__id=f"earn_{badge}", rules__name=badge.title(), rules__metric="badges")
        term = "rules__requires__terms__0__"
        subject = f"action:{ACTIONS[number % len(ACTIONS)][0]}"
        fill(browser, **{f"{term}subject": subject, f"{term}value": str(number + 1), "rules__items__0__key": badge})
        press(browser, "_addanother")
        assert warnings(browser) == []
    browser.go("Design desk")


def build_boards(browser):
    browser.go("Add: leaderboard")
    for cycle in ("alltime", "monthly", "weekly"):
        fill(browser, leaderboards__id=f"top_{cycle}", leaderboards__name=f"Top {cycle}", leaderboards__metric="points")
        for box in browser.all('[name="leaderboards-cycles"]'):
            if box.is_selected() is not (box.get_attribute("value") == cycle):
                box.click()
        press(browser, "_addanother")
        assert warnings(browser) == []
    browser.go("Design desk")


def test_a_game_of_twenty_one_components_is_built_tried_and_published(founder):
    desk = begin(founder)
    build_metrics(founder, desk)
    build_actions(founder)
    build_rules(founder)
    build_boards(founder)
    assert "The working design has no errors." in founder.main
    counts = {table.text for table in founder.all("h2 .desk-count")}
    assert counts == {"3", "5", "10"}
    assert "nobody can ever" not in founder.main

    founder.go("Try a play")
    Select(founder.find('[name="action"]')).select_by_value("walk")
    founder.follow(founder.find("#desk-try [type=submit]"))
    assert "first_step" in founder.main

    founder.go("Design desk")
    founder.go("Publish in production")
    assert "all plays in production are judged by it" in founder.main
    founder.follow(founder.find("#desk-publish [type=submit]"))
    assert "Version 1 is in force in production." in founder.text
    assert "the same as the working design" in founder.main


def test_a_mistake_stays_on_the_page_with_what_is_wrong(founder):
    founder.open(f"{ADMIN}/add/")
    fill(founder, title="Walks", id="2 walks")
    founder.find('[name="origin"][value="nothing"]').click()
    for box in founder.all('[name="settings_name_the_game"]'):  # asked for before the second game only
        box.click()
    founder.follow(founder.find("#desk-begin [type=submit]"))
    assert "not beginning with a digit" in founder.find("#id-errors").text
    assert founder.find('[name="title"]').get_attribute("value") == "Walks"
