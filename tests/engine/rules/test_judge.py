"""engine.md §8, §9.3 and §10.1: the order of a call, and what each step reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.formulas import parse
from django_playlyfe.engine.rules.plan import ALWAYS, Condition, CustomRule, Rate, RewardRule, Variable
from django_playlyfe.engine.rules.state import PlayerState, Refused, Write

from .games import (
    BADGES,
    IMPACT,
    NOON,
    RANK,
    RANKING_UP,
    XP,
    achievement,
    action,
    certain,
    delta,
    deltas,
    game,
    items,
    metric_is,
    play,
    points,
    rank,
)

NO = Condition("or")
PAGES = Variable("pages", "int", required=True)


def refusal(plan, state=None, name="read", variables=None, **parts):
    with pytest.raises(Refused) as caught:
        play(plan, state, name, variables, **parts)
    return caught.value


# --- steps 1 to 3 -----------------------------------------------------------------------------------------------------


def test_an_unknown_action_is_refused():
    refused = refusal(game(actions=[action()]), name="write")
    assert (refused.code, refused.text) == ("action_not_found", "The action 'write' does not exist")


def test_a_hidden_action_is_refused_before_its_variables_and_its_rate_are_looked_at():
    hidden = action(requires=NO, variables=(PAGES,), rate=Rate(0, 60_000))
    assert refusal(game(actions=[hidden])).code == "access_denied"


def test_wrong_variables_are_refused_before_the_rate_is_looked_at():
    limited = action(variables=(PAGES,), rate=Rate(0, 60_000))
    refused = refusal(game(actions=[limited]))
    assert refused.code == "validation_exception"
    assert refused.report["errors"][0]["path"] == "/variables/pages"


def test_an_exhausted_action_is_refused_whole():
    plan = game(actions=[action(points(1), rate=Rate(5, 86_400_000, "FIXED"))])
    state = play(plan, count=4).state
    refused = refusal(plan, state, count=2)
    assert refused.code == "rate_limit_exceeded"
    assert refused.retry_at.isoformat() == "2024-03-06T00:00:00+00:00"
    assert play(plan, state).state.points == {"xp": 5}


def test_a_rate_counts_in_the_game_s_time_zone():
    plan = game(actions=[action(rate=Rate(1, 86_400_000, "FIXED"))], timezone="Asia/Tokyo")
    assert refusal(plan, play(plan).state).retry_at.isoformat() == "2024-03-05T15:00:00+00:00"


def test_an_unlimited_action_remembers_nothing():
    assert play(game(actions=[action()])).state.usage == {}


def test_visible_actions_are_sorted_and_include_exhausted_ones():
    plan = game(
        actions=[action(id="write", rate=Rate(0, 60_000)), action(id="read"), action(id="edit", requires=NO)],
    )
    assert [visible.id for visible in judge.visible_actions(plan, PlayerState(), NOON)] == ["read", "write"]


# --- steps 4 to 6 -----------------------------------------------------------------------------------------------------


def test_conditions_and_formulas_read_the_snapshot_and_rewards_the_running_score():
    two_rules = replace(
        action(),
        rules=(
            RewardRule(ALWAYS, (points(10), points("$scores.xp * 2"))),
            RewardRule(metric_is("xp", "ge", 15), (points(1000),)),
        ),
    )
    outcome = play(game(actions=[two_rules]), PlayerState(points={"xp": 5}))
    assert deltas(outcome) == [("xp", delta("5", "15")), ("xp", delta("15", "25"))]


def test_the_own_count_is_the_one_before_the_play_for_the_whole_call():
    first_time = Condition("action", id="read", operator="eq", number=0)
    welcome = replace(action(), rules=(RewardRule(first_time, (points(1),)),))
    plan = game(actions=[welcome])
    outcome = play(plan, count=3)
    assert outcome.state.points == {"xp": 3}
    assert deltas(play(plan, outcome.state)) == []


def test_every_rule_that_holds_pays():
    rules = tuple(RewardRule(condition, (points(1),)) for condition in (ALWAYS, NO, ALWAYS))
    assert len(deltas(play(game(actions=[replace(action(), rules=rules)])))) == 2


def test_each_reward_has_its_own_change_and_what_alters_nothing_has_none():
    outcome = play(
        game(actions=[action(points(5), points(0), items({"bookworm": 1, "star": 2}), rank("reader"), points(-5))])
    )
    assert deltas(outcome) == [
        ("xp", delta(None, "5")),
        ("badges", {"Bookworm": delta(None, "1"), "Star": delta(None, "2")}),
        ("rank", delta(None, "Reader")),
        ("xp", delta("5", "0")),
    ]


def test_count_is_one_play_of_that_weight():
    outcome = play(game(actions=[action(points(15), items({"bookmark": 1}))]), count=3)
    assert outcome.events[0].body["count"] == 3
    assert outcome.state.points == {"xp": 45}
    assert outcome.state.items == {"badges": {"bookmark": 3}}
    assert outcome.state.counts == {"read": 3}


def test_variables_reach_conditions_and_values():
    long = Condition("var", lhs=parse("$vars.pages"), operator="ge", value=parse("500"))
    rules = (RewardRule(ALWAYS, (points("$vars['pages'] / 10"),)), RewardRule(long, (points(25),)))
    plan = game(actions=[replace(action(), rules=rules, variables=(PAGES,))])
    assert play(plan, variables={"pages": "600"}).state.points == {"xp": 85}
    assert play(plan, variables={"pages": 499}).state.points == {"xp": 50}


# --- chance -----------------------------------------------------------------------------------------------------------


def chancy(probability=0.5):
    rules = (
        RewardRule(NO, (points(1, probability=0.5),)),
        RewardRule(ALWAYS, (points(1), points(2, probability=0.2), points(4, probability=0.3))),
    )
    return game(actions=[replace(action(), rules=rules, probability=probability)])


def test_rolls_are_made_in_order_for_what_is_considered_and_recorded():
    asked = []

    def dice(key):
        asked.append(key)
        return {"action": 0.1, "1.1": 0.2, "1.2": 0.29}[key]

    outcome = play(chancy(), dice=dice)
    assert asked == ["action", "1.1", "1.2"]
    assert outcome.rolls == {"action": 0.1, "1.1": 0.2, "1.2": 0.29}
    assert outcome.state.points == {"xp": 5}  # a roll succeeds below the probability, not at it


def test_a_failed_action_roll_pays_nothing_but_counts():
    plan = chancy()
    plan.actions["read"] = replace(plan.actions["read"], rate=Rate(5, 60_000))
    outcome = play(plan, dice=lambda key: 0.5)
    assert outcome.rolls == {"action": 0.5}
    assert [event.body["changes"] for event in outcome.events] == [[]]
    assert outcome.state.counts == {"read": 1}
    assert outcome.state.usage["read"]["plays"][0][1] == 1


def test_at_one_no_roll_is_made_and_at_zero_every_roll_fails():
    assert play(game(actions=[action(points(1))]), dice=certain).rolls == {}
    outcome = play(game(actions=[action(points(1, probability=0))]), dice=lambda key: 0.0)
    assert outcome.rolls == {"0.0": 0.0}
    assert outcome.state.points == {}


def test_a_roll_is_made_once_whatever_the_count():
    outcome = play(game(actions=[action(points(1, probability=0.5))]), dice=lambda key: 0.1, count=4)
    assert (outcome.rolls, outcome.state.points) == ({"0.0": 0.1}, {"xp": 4})


# --- outcome ----------------------------------------------------------------------------------------------------------


def test_the_action_event_has_the_shape_of_the_wire():
    plan = game(actions=[action(points(1), variables=(PAGES, Variable("genre", "string", default="fiction")))])
    event = play(plan, variables={"pages": "3", "mood": None}, count=2).events[0]
    assert not event.is_global
    assert event.body == {
        "event": "action",
        "action": {"id": "read", "name": "Read", "vars": {"pages": 3, "genre": "fiction", "mood": None}},
        "count": 2,
        "changes": [{"metric": {"id": "xp", "name": "Experience", "type": "point"}, "delta": delta(None, "2")}],
    }


def test_an_action_without_variables_has_empty_vars_and_its_event_comes_without_changes_too():
    body = play(game(actions=[action()])).events[0].body
    assert (body["action"]["vars"], body["changes"]) == ({}, [])


def quest_like():
    return game(
        XP,
        BADGES,
        RANK,
        IMPACT,
        level_rules=(RANKING_UP,),
        achievement_rules=[achievement("bookworm", {"bookworm": 1}, metric_is("xp", "ge", 60))],
        actions=[action(points(50), points(10), items({"bookmark": 1}))],
        bootstrap=(points(0, verb="set"),),
    )


def test_events_come_in_the_order_of_the_steps():
    outcome = play(quest_like())
    assert [(event.body["event"], event.is_global) for event in outcome.events] == [
        ("action", False),
        ("level", True),
        ("achievement", True),
    ]


def test_writes_are_the_net_difference_in_design_order():
    assert play(quest_like()).writes == (
        Write("xp", "", None, 60),
        Write("badges", "bookworm", None, 1),
        Write("badges", "bookmark", None, 1),
        Write("rank", "", None, "reader"),
        Write("impact", "", None, 56),
    )


def test_what_comes_back_to_where_it_was_is_not_written():
    assert play(game(actions=[action(points(5), points(-5))]), PlayerState(points={"xp": 7})).writes == ()


def test_the_given_state_is_left_as_it_is():
    plan = quest_like()
    state = PlayerState(
        points={"xp": 1}, items={"badges": {"bookmark": 1}}, counts={"read": 1}, compounds={"impact": 0}
    )
    before = state.copy()
    outcome = play(plan, state)
    assert state == before
    assert outcome.state.items["badges"] is not state.items["badges"]


def test_scores_of_metrics_the_design_has_lost_stay():
    state = PlayerState(points={"gone": 3}, items={"badges": {"gone": 2}}, states={"old": "x"})
    outcome = play(game(actions=[action(items({"star": 1}))]), state)
    assert outcome.state.points == {"gone": 3}
    assert outcome.state.items == {"badges": {"gone": 2, "star": 1}}
    assert outcome.writes == (Write("badges", "star", None, 1),)


# --- bootstrap, custom rules, administrators --------------------------------------------------------------------------


def test_a_bootstrap_is_silent_and_gives_levels_and_achievements():
    plan = replace(quest_like(), bootstrap=(points(60, verb="set"), points(1, probability=0.5)))
    outcome = judge.bootstrap(plan, PlayerState(), NOON, lambda key: {"0.1": 0.4}[key])
    assert outcome.events == ()
    assert outcome.rolls == {"0.1": 0.4}
    assert outcome.state.points == {"xp": 61}
    assert outcome.state.states == {"rank": "reader"}
    assert outcome.state.items == {"badges": {"bookworm": 1}}
    assert outcome.state.counts == {}


def weekly(*inner, variables=()):
    rule = CustomRule("weekly", "Weekly", tuple(variables), inner)
    return replace(quest_like(), custom_rules={"weekly": rule})


def test_a_custom_rule_pays_every_time():
    target = Variable("target", "int", required=True)
    reached = Condition("var", lhs=parse("$scores.xp"), operator="ge", value=parse("$vars.target * 10"))
    plan = weekly(RewardRule(reached, (points(50),)), variables=[target])
    outcome = judge.custom_rule(plan, PlayerState(points={"xp": 30}), "weekly", {"target": "3"}, NOON)
    assert [event.body["event"] for event in outcome.events] == ["custom_rule", "level", "achievement"]
    assert outcome.events[0].body == {
        "event": "custom_rule",
        "rule": {"id": "weekly", "name": "Weekly"},
        "changes": [
            {"metric": {"id": "xp", "name": "Experience", "type": "point"}, "delta": delta("30", "80")},
            {"metric": {"id": "impact", "name": "Impact", "type": "compound"}, "delta": delta("3", "8")},
        ],
    }
    again = judge.custom_rule(plan, outcome.state, "weekly", {"target": 3}, NOON)
    assert again.state.points == {"xp": 130}
    assert again.state.counts == {}


def test_a_custom_rule_without_a_match_has_no_event_and_with_one_it_has_even_without_changes():
    unmatched = judge.custom_rule(weekly(RewardRule(NO, (points(1),))), PlayerState(), "weekly", {}, NOON)
    assert unmatched.events == ()
    matched = judge.custom_rule(weekly(RewardRule(ALWAYS, ())), PlayerState(), "weekly", {}, NOON)
    assert [event.body["changes"] for event in matched.events] == [[]]


def test_a_custom_rule_knows_no_chance():
    plan = weekly(RewardRule(ALWAYS, (points(5, probability=0.0),)))
    assert judge.custom_rule(plan, PlayerState(), "weekly", {}, NOON).state.points == {"xp": 5}


def test_a_custom_rule_is_refused_like_a_play():
    with pytest.raises(Refused) as caught:
        judge.custom_rule(weekly(variables=[PAGES]), PlayerState(), "weekly", {}, NOON)
    assert caught.value.code == "validation_exception"
    with pytest.raises(Refused) as caught:
        judge.custom_rule(weekly(), PlayerState(), "monthly", {}, NOON)
    assert (caught.value.code, caught.value.text) == ("rule_not_found", "The rule 'monthly' does not exist")


def test_an_administrator_s_rewards_are_a_score_event_with_what_follows():
    outcome = judge.apply_rewards(quest_like(), PlayerState(), [points(60), items({"star": 1})], NOON)
    assert [event.body["event"] for event in outcome.events] == ["score", "level", "achievement"]
    assert deltas(outcome) == [
        ("xp", delta(None, "60")),
        ("badges", {"Star": delta(None, "1")}),
        ("impact", delta("0", "6")),
    ]
