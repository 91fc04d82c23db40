import cProfile
from datetime import datetime, timezone

import pytest

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import ALWAYS, Level, Rate, Variable
from django_playlyfe.engine.rules.state import PlayerState, PlayInput

from .games import READING_LOG, small_game


def plan_of(document):
    report = check(document)
    assert report.valid, report.lines()
    return compile_design(normalise(document))


def test_the_example_of_the_specification_compiles(quest):
    plan = plan_of(quest)
    assert plan.game_id == "library_quest"
    assert plan.timezone == "Europe/Lisbon"
    assert plan.cycle_timezone == "UTC"
    assert list(plan.metrics) == ["xp", "coins", "badges", "rank", "impact"]
    assert list(plan.actions) == ["finish_book", "buy_bookmark", "host_meeting"]
    assert list(plan.boards) == ["top_readers", "club_cup", "inside_club", "by_genre"]
    assert [rule.id for rule in plan.level_rules] == ["ranking_up"]
    assert [rule.id for rule in plan.achievement_rules] == ["earn_bookworm"]
    assert list(plan.custom_rules) == ["weekly_target"]
    assert [(reward.metric, reward.verb, reward.value.text) for reward in plan.bootstrap] == [("xp", "set", "0")]


def test_metrics_have_integers_and_none_for_an_infinity(quest):
    metrics = plan_of(quest).metrics
    assert (metrics["xp"].minimum, metrics["xp"].maximum, metrics["xp"].default) == (0, None, 0)
    assert (metrics["coins"].minimum, metrics["coins"].maximum, metrics["coins"].default) == (0, 9999, 10)
    assert metrics["badges"].max_items is None
    assert metrics["badges"].items["bookmark"].maximum == 5
    assert metrics["badges"].items["night_owl"].hidden
    assert metrics["xp"].description == "Reading experience"


def test_an_action_has_its_rate_variables_and_rewards(quest):
    action = plan_of(quest).actions["finish_book"]
    assert action.rate == Rate(5, 86_400_000, "FIXED")
    assert action.variables == (Variable("pages", "int", True, 0), Variable("genre", "string", False, "fiction"))
    assert action.requires is ALWAYS
    assert [reward.probability for reward in action.rules[0].rewards] == [1.0, 0.2]
    assert action.rules[0].rewards[0].value.text == "$vars['pages'] / 10"
    assert [(item, count.text) for item, count in action.rules[2].rewards[0].items] == [("night_owl", "1")]


def test_items_of_a_reward_are_in_design_order_whatever_the_database_made_of_them(quest):
    items = {"bookmark": "1", "night_owl": "2", "bookworm": "3"}
    quest["bootstrap"]["scores"] = [{"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": items}]
    (reward,) = plan_of(quest).bootstrap
    assert [(item, count.text) for item, count in reward.items] == [
        ("bookworm", "3"),
        ("night_owl", "2"),
        ("bookmark", "1"),
    ]


def test_conditions_are_resolved(quest):
    actions = plan_of(quest).actions
    either = actions["host_meeting"].requires
    team, rank = either.parts
    assert (either.type, team.type, team.id, team.role) == ("or", "team", "book_club", "Host")
    assert (rank.type, rank.id, rank.metric_type, rank.operator, rank.state) == (
        "metric",
        "rank",
        "state",
        "eq",
        "scholar",
    )
    counted = actions["host_meeting"].rules[0].requires
    assert (counted.type, counted.negate, counted.id, counted.operator, counted.number) == (
        "action",
        True,
        "host_meeting",
        "ge",
        10,
    )
    both = actions["finish_book"].rules[1].requires
    assert [(part.lhs.text, part.operator, part.value.text) for part in both.parts] == [
        ("$vars['pages']", "ge", "500"),
        ("$vars['genre']", "eq", '"history"'),
    ]
    night = actions["finish_book"].rules[2].requires
    assert (night.type, night.func, night.operator, night.number) == ("time", "hour_of_day", "ge", 22)


def test_a_level_begins_one_above_the_threshold_before(quest):
    assert plan_of(quest).level_rules[0].levels == (
        Level("visitor", 0, 49),
        Level("reader", 50, 499),
        Level("scholar", 500, None),
    )


def test_the_first_level_of_unbounded_points_has_no_lower_end(quest):
    quest["metrics"][0]["constraints"]["min"] = "-Infinity"
    assert plan_of(quest).level_rules[0].levels[0] == Level("visitor", None, 49)


def test_a_last_threshold_is_kept(quest):
    quest["rules"][0]["levels"][2]["threshold"] = "999"
    assert plan_of(quest).level_rules[0].levels[2] == Level("scholar", 500, 999)


def test_an_infinite_rate_is_no_limit():
    action = {"id": "write", "name": "Write", "rate": ["Infinity", 5]}
    assert plan_of(small_game(actions=[action])).actions["write"].rate is None


def test_the_zone_of_cycles_can_be_named():
    game = small_game()
    game["game"]["cycle_timezone"] = "Asia/Tokyo"
    plan = plan_of(game)
    assert (plan.timezone, plan.cycle_timezone) == ("UTC", "Asia/Tokyo")


def compound(identifier, formula):
    return {"id": identifier, "name": identifier, "type": "compound", "constraints": {"formula": formula}}


def test_compounds_come_after_their_operands_and_else_in_design_order():
    metrics = [
        compound("total", "$scores.second + $scores.first"),
        compound("second", "$scores.xp"),
        compound("first", "$scores.xp * 2"),
        compound("last", "1"),
    ]
    assert plan_of(small_game(metrics=metrics)).compounds == ("second", "first", "last", "total")


def achievement(identifier, requires):
    return {
        "id": identifier,
        "name": identifier,
        "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": [{"key": "bookworm", "value": "1"}]},
        "requires": requires,
    }


def condition(metric, kind="point", value="1", **more):
    return {"type": "metric", "context": {"id": metric, "type": kind, "operator": "ge", "value": value, **more}}


def test_an_achievement_rule_is_touched_by_all_that_it_reads_and_by_its_own_items():
    rules = [
        achievement("by_action", {"type": "action", "context": {"id": "read", "operator": "ge", "value": "5"}}),
        achievement("by_value", condition("xp", value="$scores['coins'] * 2")),
        achievement("by_compound", {"type": "and", "expression": [condition("outer", "compound")]}),
        achievement("always", {}),
    ]
    metrics = [
        {"id": "coins", "name": "Coins", "type": "point"},
        compound("outer", "$scores.inner"),
        compound("inner", "$scores.coins"),
    ]
    everything = frozenset({"by_action", "by_value", "by_compound", "always"})
    assert plan_of(small_game(metrics=metrics, rules=rules)).touching == {
        ("items", "badges"): everything,
        ("metric", "xp"): {"by_value"},
        ("metric", "coins"): {"by_value", "by_compound"},
        ("metric", "outer"): {"by_compound"},
        ("metric", "inner"): {"by_compound"},
    }


def plays(value, operator="ge", **more):
    return {"type": "action", "context": {"id": "read", "operator": operator, "value": value}, **more}


def test_a_rule_that_asks_for_one_number_is_found_by_it():
    plan = plan_of(
        small_game(
            metrics=[compound("sum", "$scores.xp")],
            rules=[
                achievement("ten", plays("10")),
                achievement("five", plays("5", "gt")),
                achievement("points", condition("xp", value="-3")),
                achievement("not_yet", plays("10", **{"not": True})),
                achievement("few", plays("10", "lt")),
                achievement("both", {"type": "and", "expression": [plays("7"), plays("9")]}),
                achievement("formula", condition("xp", value="3 + 4")),
                achievement("sum", condition("sum", "compound")),
            ],
        )
    )
    assert plan.reaching == {
        ("action", "read"): ((6, "five"), (10, "ten")),
        ("metric", "xp"): ((-3, "points"),),
    }
    assert plan.touching["action", "read"] == {"not_yet", "few", "both"}
    assert plan.touching["metric", "xp"] == {"formula", "sum"}


def test_a_play_that_gives_a_badge_looks_at_no_other_rule_of_its_set():
    def calls_of_functions(number):
        badges = [{"id": f"b{n}", "name": f"Badge {n}"} for n in range(number)]
        plan = plan_of(
            small_game(
                metrics=[{"id": "shelf", "name": "Shelf", "type": "set", "constraints": {"items": badges}}],
                rules=[
                    {
                        **achievement(f"a{n}", plays(str(n + 1))),
                        "achievement": {"metric": {"id": "shelf"}, "items": [{"key": f"b{n}", "value": "1"}]},
                    }
                    for n in range(number)
                ],
            )
        )
        request = PlayInput("read", {}, 1, datetime(2024, 3, 5, tzinfo=timezone.utc), thorough=False)
        profile = cProfile.Profile()
        profile.enable()
        outcome = judge.play(plan, PlayerState(), request, lambda _: 0.0)
        profile.disable()
        assert [event.body.get("rule") for event in outcome.events] == [None, {"id": "a0"}]
        return sum(entry.callcount for entry in profile.getstats())

    assert calls_of_functions(200) < calls_of_functions(3) + 20


@pytest.mark.parametrize("source", ["starter", READING_LOG])
def test_shipped_games_compile(source):
    plan = plan_of(read(source))
    assert plan.actions
    assert plan.level_rules
    assert plan.achievement_rules
    assert plan.boards


def test_the_demo_game_has_what_its_pages_show():
    plan = plan_of(read(READING_LOG))
    assert plan.game_id == "reading_log"
    assert [plan.metrics[name].name for name in ("xp", "coins")] == ["experience", "coins"]
    assert plan.actions["finish_book"].rate == Rate(5, 86_400_000, "FIXED")
    assert plan.level_rules[0].levels[:2] == (Level("visitor", 0, 49), Level("reader", 50, 299))
    assert {"Bookworm", "Night owl", "Page turner", "Century", "Bookmark"} <= {
        item.name for item in plan.metrics["badges"].items.values()
    }
