import copy

import pytest

from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.normalise import normalise

from .games import LIBRARY_QUEST, READING_LOG, small_game


def component(kind, **components):
    """The last component of a type in a small game, canonical."""
    return normalise(small_game(**components))[kind][-1]


def test_the_example_of_the_specification_keeps_all_it_says(quest):
    canonical = normalise(quest)

    def assert_kept(before, after):
        if isinstance(before, dict):
            for key in before:
                assert_kept(before[key], after[key])
        elif isinstance(before, list):
            assert len(before) == len(after)
            for left, right in zip(before, after, strict=True):
                assert_kept(left, right)
        else:
            assert before == after

    assert_kept(quest, canonical)


@pytest.mark.parametrize("source", ["starter", READING_LOG, LIBRARY_QUEST])
def test_a_canonical_document_stays_as_it_is(source):
    document = normalise(read(source))
    assert normalise(document) == document


def test_the_authors_document_is_not_changed(quest):
    before = copy.deepcopy(quest)
    normalise(quest)
    assert quest == before


def test_a_game_of_an_id_alone_is_complete():
    assert normalise({"game": {"id": "tiny"}}) == {
        "game": {
            "id": "tiny",
            "title": "tiny",
            "description": "",
            "timezone": "UTC",
            "type": "native",
            "template": "custom",
            "listed": False,
            "access": "PRIVATE",
            "image": "default-game",
        },
        "metrics": [],
        "actions": [],
        "rules": [],
        "teams": [],
        "processes": [],
        "leaderboards": [],
        "bootstrap": {"scores": [], "processes": [], "teams": []},
    }


def test_the_smallest_metric_gets_its_constraints():
    assert component("metrics", metrics=[{"id": "coins", "name": "Coins", "type": "point"}]) == {
        "id": "coins",
        "name": "Coins",
        "image": "default-point-metric",
        "type": "point",
        "constraints": {"min": "0", "max": "Infinity", "default": "0"},
    }


def test_an_item_gets_an_id_and_its_defaults():
    constraints = {"items": [{"name": "3rd Élan!"}]}
    metric = component("metrics", metrics=[{"id": "c", "name": "C", "type": "set", "constraints": constraints}])
    assert metric["constraints"] == {
        "max_items": "Infinity",
        "items": [
            {
                "id": "_3rd__lan_",
                "name": "3rd Élan!",
                "description": "",
                "image": "default-item",
                "max": "1",
                "hidden": False,
            }
        ],
    }


def test_the_smallest_action_gets_its_defaults():
    assert component("actions", actions=[{"id": "write", "name": "Write", "rate": [5, 1000]}]) == {
        "id": "write",
        "name": "Write",
        "image": "default-set-action",
        "probability": 1,
        "rate": [5, 1000, "ROLLING"],
        "requires": {},
        "variables": [],
        "rules": [],
    }


def test_numbers_become_canonical_strings():
    constraints = {"min": -5.0, "max": "+010", "default": "-0"}
    metric = component("metrics", metrics=[{"id": "c", "name": "C", "type": "point", "constraints": constraints}])
    assert metric["constraints"] == {"min": "-5", "max": "10", "default": "0"}


def test_formulas_are_kept_verbatim():
    metric = {"id": "c", "name": "C", "type": "compound", "constraints": {"formula": "  $scores.xp*007 "}}
    assert component("metrics", metrics=[metric])["constraints"]["formula"] == "  $scores.xp*007 "


def test_other_spellings_become_the_canonical_ones():
    requires = {
        "type": "and",
        "expression": [
            {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "neq", "value": 5}},
            {"type": "team", "context": {"definition": "club"}},
            {"type": "streak", "context": {"operator": "neq", "value": 7}},
        ],
    }
    action = component("actions", actions=[{"id": "a", "name": "A", "rules": [{"requires": requires}]}])
    first, second, third = action["rules"][0]["requires"]["expression"]
    assert first == {
        "type": "metric",
        "not": False,
        "context": {"id": "xp", "type": "point", "operator": "ne", "value": "5"},
    }
    assert second == {"type": "team", "not": False, "context": {"definition_id": "club"}}
    assert third == {"type": "streak", "not": False, "context": {"unit": "day", "operator": "ne", "value": "7"}}


def test_items_and_states_are_named_by_id_everywhere():
    rewards = [
        {"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"Night owl": 1, "bookworm": "1"}},
        {"metric": {"id": "rank", "type": "state"}, "verb": "set", "value": "READER"},
    ]
    requires = {"type": "metric", "context": {"id": "rank", "type": "state", "operator": "eq", "value": "Visitor"}}
    action = component(
        "actions", actions=[{"id": "a", "name": "A", "rules": [{"requires": requires, "rewards": rewards}]}]
    )
    rule = action["rules"][0]
    assert [reward["value"] for reward in rule["rewards"]] == [{"night_owl": "1", "bookworm": "1"}, "reader"]
    assert rule["requires"]["context"]["value"] == "visitor"


def test_an_id_wins_over_a_name_and_a_name_over_its_other_letter_case():
    items = [{"id": "b", "name": "a"}, {"id": "a", "name": "B"}, {"id": "c", "name": "A"}]
    metric = {"id": "m", "name": "M", "type": "set", "constraints": {"items": items}}
    value = {"a": "1", "A": "2", "B": "3", "x": "4"}
    rewards = [{"metric": {"id": "m", "type": "set"}, "verb": "add", "value": value}]
    bootstrap = normalise(small_game(metrics=[metric], bootstrap={"scores": rewards}))["bootstrap"]
    assert bootstrap["scores"][0]["value"] == value  # "a" and "B" are one item: reported by the check, not merged
    del value["B"]
    bootstrap = normalise(small_game(metrics=[metric], bootstrap={"scores": rewards}))["bootstrap"]
    assert bootstrap["scores"][0]["value"] == {"a": "1", "c": "2", "x": "4"}


def test_a_name_in_two_letter_cases_is_found_by_neither_in_a_third():
    items = [{"id": "x", "name": "Owl"}, {"id": "y", "name": "OWL"}]
    metric = {"id": "m", "name": "M", "type": "set", "constraints": {"items": items}}
    rewards = [{"metric": {"id": "m", "type": "set"}, "verb": "add", "value": {"owl": "1", "Owl": "2"}}]
    bootstrap = normalise(small_game(metrics=[metric], bootstrap={"scores": rewards}))["bootstrap"]
    assert bootstrap["scores"][0]["value"] == {"owl": "1", "x": "2"}


def test_an_achievement_is_wrapped_and_a_last_threshold_of_infinity_left_out():
    rules = [
        {
            "id": "climb",
            "name": "Climb",
            "type": "level",
            "base_metric": "xp",
            "level_metric": "rank",
            "levels": [{"rank": "Visitor", "threshold": 49}, {"rank": "Reader", "threshold": "Infinity"}],
        },
        {
            "id": "earn",
            "name": "Earn",
            "type": "achievement",
            "metric": {"id": "badges"},
            "items": [{"key": "Bookworm", "value": 1}],
        },
    ]
    level, achievement = normalise(small_game(rules=rules))["rules"]
    assert level["levels"] == [{"rank": "visitor", "threshold": "49"}, {"rank": "reader"}]
    assert achievement == {
        "id": "earn",
        "name": "Earn",
        "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": [{"key": "bookworm", "value": "1"}]},
        "requires": {},
    }


def test_server_managed_problems_are_not_stored(quest):
    quest["metrics"][0]["_errors"] = [{"code": "PATTERN"}]
    assert normalise(quest)["metrics"][0].keys() == normalise(read(LIBRARY_QUEST))["metrics"][0].keys()


@pytest.mark.parametrize(
    "document", [None, [], "text", 5, {"metrics": 5}, {"rules": [{"type": "level", "levels": [5]}]}]
)
def test_what_does_not_fit_the_schema_is_left_for_the_check(document):
    assert normalise(document) == normalise(normalise(document))


def test_whole_numbers_written_with_a_point_become_integers():
    action = component("actions", actions=[{"id": "write", "name": "Write", "rate": [5.0, 1000.0]}])
    assert action["rate"] == [5, 1000, "ROLLING"]
    assert [type(number) for number in action["rate"][:2]] == [int, int]
