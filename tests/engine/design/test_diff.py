import copy

import pytest

from django_playlyfe.engine.design.diff import Difference, diff, render
from django_playlyfe.engine.design.normalise import normalise


@pytest.fixture
def old(quest):
    return normalise(quest)


@pytest.fixture
def new(old):
    return copy.deepcopy(old)


def lines(old, new):
    return render(diff(old, new)).splitlines()


def test_equal_designs_have_no_difference(old, new):
    assert diff(old, new) == []
    assert render([]) == ""


def test_everything_is_new_in_a_first_design(new):
    text = lines(None, new)
    assert text[:2] == ['+ game ("Library Quest")', '+ metric xp ("Experience")']
    assert '+ action finish_book ("Finish a book")' in text
    assert text[-1] == "+ bootstrap"


def test_a_component_that_came_and_one_that_went(old, new):
    gone = new["metrics"].pop()
    new["leaderboards"].append({**new["leaderboards"][0], "id": "second", "name": "Second"})
    assert lines(old, new) == ['- metric impact ("Impact")', '+ leaderboard second ("Second")']
    assert diff(old, new)[0] == Difference("removed", "metrics", "impact", "", gone, None)


def test_a_changed_value_is_shown_before_and_after(old, new):
    new["metrics"][1]["constraints"]["max"] = "500"
    assert diff(old, new) == [Difference("changed", "metrics", "coins", "/constraints/max", "9999", "500")]
    assert lines(old, new) == ['~ metric coins constraints/max: "9999" -> "500"']


def test_items_levels_and_variables_are_compared_by_their_names(old, new):
    new["metrics"][2]["constraints"]["items"].pop(0)
    new["rules"][0]["levels"][0]["threshold"] = "39"
    new["actions"][0]["variables"][1]["default"] = "poetry"
    assert lines(old, new) == [
        '- metric badges constraints/items/bookworm: {"id": "bookworm", "name": "Bookworm", "description": "Fi...',
        '~ action finish_book variables/genre/default: "fiction" -> "poetry"',
        '~ rule ranking_up levels/visitor/threshold: "49" -> "39"',
    ]


def test_rewards_are_compared_by_position(old, new):
    new["actions"][0]["rules"][0]["rewards"][0]["value"] = "5"
    new["actions"][0]["rules"][0]["rewards"].pop()
    first, second = lines(old, new)
    assert first == """~ action finish_book rules/0/rewards/0/value: "$vars['pages'] / 10" -> "5\""""
    assert second.startswith("- action finish_book rules/0/rewards/1: {")


def test_a_list_of_plain_values_is_shown_whole(old, new):
    new["actions"][0]["rate"][0] = 6
    assert lines(old, new) == ['~ action finish_book rate: [5, 86400000, "FIXED"] -> [6, 86400000, "FIXED"]']


def test_a_condition_that_went_is_one_difference(old, new):
    new["actions"][1]["requires"] = {}
    (line,) = lines(old, new)
    assert line.startswith("~ action buy_bookmark requires: {")
    assert line.endswith(" -> {}")


def test_a_new_order_is_a_difference_for_it_changes_the_order_of_judging(old, new):
    new["rules"].reverse()
    assert lines(old, new) == [
        '~ rule order: ["ranking_up", "earn_bookworm", "weekly_target"] -> ["weekly_target", '
        '"earn_bookworm", "ranking_up"]'
    ]


def test_changes_of_game_and_bootstrap_are_shown(old, new):
    new["game"]["timezone"] = "UTC"
    new["bootstrap"]["scores"][0]["value"] = "10"
    assert lines(old, new) == [
        '~ game timezone: "Europe/Lisbon" -> "UTC"',
        '~ bootstrap scores/0/value: "0" -> "10"',
    ]


def test_names_cannot_steer_a_terminal(old, new):
    new["metrics"][0]["name"] = "\u202exp\u001b[2J"
    assert lines(old, new) == ['~ metric xp name: "Experience" -> "\\u202exp\\u001b[2J"']
