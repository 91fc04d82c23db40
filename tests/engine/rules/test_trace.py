"""The example of engine.md §16: its design, and what its trace says of scores and events."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.load import normalise, read
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.state import PlayerState, Refused

from .games import NOON, delta, deltas, play

LIBRARY_QUEST = Path(__file__).resolve().parents[2] / "designs" / "library_quest.json"

XP = {"id": "xp", "name": "Experience", "type": "point"}
IMPACT = {"id": "impact", "name": "Impact", "type": "compound"}


@pytest.fixture(scope="module")
def plan():
    return compile_design(normalise(read(LIBRARY_QUEST)))


def unlucky(key: str) -> float:
    return 0.2


class Ines:
    """Plays one step after the other, a minute apart."""

    def __init__(self, plan):
        self.plan = plan
        self.at = NOON
        self.state = judge.bootstrap(plan, PlayerState(), NOON, unlucky).state

    def play(self, name, variables=None, count=1):
        self.at += timedelta(minutes=1)
        outcome = play(self.plan, self.state, name, variables, count=count, at=self.at, dice=unlucky, thorough=False)
        self.state = outcome.state
        return outcome


@pytest.fixture
def ines(plan):
    return Ines(plan)


@pytest.fixture
def after_five(ines):
    """Ines after step 5."""
    for _ in range(4):
        ines.play("finish_book", {"pages": 100})
    ines.play("finish_book", {"pages": 600, "genre": "history"})
    return ines


def test_step_0_a_new_player_is_a_visitor(plan, ines):
    assert ines.state.points == {"xp": 0}
    assert ines.state.states == {"rank": "visitor"}
    assert ines.state.compounds == {"impact": 0}
    assert ines.state.items == {}
    meta = judge.level_meta(plan, "rank", "visitor")
    assert meta == {"low": "0", "high": "49", "next": "Reader", "base_metric": {"id": "xp", "name": "Experience"}}


def test_steps_1_to_4_each_book_is_worth_ten(ines):
    outcomes = [ines.play("finish_book", {"pages": 100}) for _ in range(4)]
    assert [len(outcome.events) for outcome in outcomes] == [1, 1, 1, 1]
    assert deltas(outcomes[0]) == [("xp", delta("0", "10")), ("impact", delta("0", "1"))]
    assert ines.state.points == {"xp": 40}
    assert ines.state.compounds == {"impact": 4}


def test_step_5_brings_a_level_and_a_badge(ines):
    for _ in range(4):
        ines.play("finish_book", {"pages": 100})
    outcome = ines.play("finish_book", {"pages": 600, "genre": "history"})
    local = [event.body for event in outcome.events if not event.is_global]
    shared = [event.body for event in outcome.events if event.is_global]
    assert local == [
        {
            "event": "action",
            "action": {"id": "finish_book", "name": "Finish a book", "vars": {"pages": 600, "genre": "history"}},
            "count": 1,
            "changes": [
                {"metric": XP, "delta": delta("40", "100")},
                {"metric": XP, "delta": delta("100", "125")},
                {"metric": IMPACT, "delta": delta("4", "13")},
            ],
        }
    ]
    assert shared == [
        {
            "event": "level",
            "changes": [
                {"metric": {"id": "rank", "name": "Rank", "type": "state"}, "delta": delta("Visitor", "Reader")}
            ],
            "rule": {"id": "ranking_up"},
        },
        {
            "event": "achievement",
            "changes": [
                {
                    "metric": {"id": "badges", "name": "Badges", "type": "set"},
                    "delta": {"Bookworm": delta(None, "1")},
                },
                {"metric": IMPACT, "delta": delta("13", "63")},
            ],
            "rule": {"id": "earn_bookworm"},
        },
    ]
    assert outcome.rolls == {"0.1": 0.2}


def test_step_6_a_sixth_book_of_a_day_is_refused(plan, after_five):
    with pytest.raises(Refused) as caught:
        after_five.play("finish_book", {"pages": 10})
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.text == "The Action 'finish_book' can only be triggered 5 times every day"
    assert caught.value.retry_at.isoformat() == "2024-03-06T00:00:00+00:00"
    visible = judge.visible_actions(plan, after_five.state, after_five.at)
    assert [action.id for action in visible] == ["finish_book"]
    assert after_five.state.counts == {"finish_book": 5}


def test_step_7_coins_never_earned_compare_as_their_default(after_five):
    with pytest.raises(Refused) as caught:
        after_five.play("buy_bookmark")
    assert caught.value.code == "access_denied"


def test_step_8_the_weekly_target_pays_coins(plan, after_five):
    outcome = judge.custom_rule(plan, after_five.state, "weekly_target", {"target": 1}, after_five.at)
    assert deltas(outcome) == [("coins", delta(None, "40"))]
    assert [event.body["event"] for event in outcome.events] == ["custom_rule"]


def test_step_9_two_bookmarks_are_bought_at_once(plan, after_five):
    after_five.state = judge.custom_rule(plan, after_five.state, "weekly_target", {"target": 1}, after_five.at).state
    outcome = after_five.play("buy_bookmark", count=2)
    assert outcome.events[0].body["count"] == 2
    assert deltas(outcome) == [("coins", delta("40", "0")), ("badges", {"Bookmark": delta(None, "2")})]


def test_the_night_owl_reads_after_ten_in_lisbon(ines):
    ines.at = NOON.replace(month=7, hour=20, minute=58)
    assert ines.play("finish_book", {"pages": 1}).state.items == {}  # 21:59 in summer time
    assert ines.play("finish_book", {"pages": 1}).state.items == {"badges": {"night_owl": 1}}


def test_a_host_or_a_scholar_may_host_a_meeting(plan, after_five):
    assert not after_five.state.teams
    after_five.state.states["rank"] = "scholar"
    assert deltas(after_five.play("host_meeting")) == [("xp", delta("125", "140")), ("impact", delta("63", "64"))]
