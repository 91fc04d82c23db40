"""What a game says to people."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
import time_machine
from django.utils import timezone as clock
from django.utils import translation

from django_playlyfe import sentences, wire
from django_playlyfe.types import (
    Change,
    Earned,
    Event,
    Feedback,
    ItemChange,
    MetricRef,
    Progress,
    ProgressCondition,
    Ref,
    Reward,
)

XP = MetricRef("xp", "experience", "point")
BADGES = MetricRef("badges", "Badges", "set")
RANK = MetricRef("rank", "Rank", "state")
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
FINISH = Ref("finish_book", "Finish a book")


def event(kind, *changes, **fields):
    return Event(kind, "1", NOON, changes=changes, **fields)


@pytest.mark.parametrize(
    ("earned", "said"),
    [
        (Earned("points", XP, "experience", 32), "+32 experience"),
        (Earned("points", XP, "experience", -32), "−32 experience"),
        (Earned("points", XP, "experience", 12_500), "+12,500 experience"),
        (Earned("item", BADGES, "Bookworm"), "New badge: Bookworm"),
        (Earned("item", BADGES, "Bookmark", 2), "New badges: 2 × Bookmark"),
        (Earned("item", BADGES, "Bookworm", -1), "Badge lost: Bookworm"),
        (Earned("level", RANK, "Reader"), "You are now a Reader"),
        (Earned("level", RANK, "Expert"), "You are now an Expert"),
        (Earned("level", RANK, ""), "You have no level any more"),
    ],
)
def test_an_earning_is_news_for_the_player(earned, said):
    assert sentences.earning(earned) == said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (event("action", Change(XP, 0, 32), action=FINISH), "Finish a book: +32 experience"),
        (event("action", action=FINISH), "Finish a book"),
        (event("custom_rule", Change(XP, 10, 40), rule=Ref("weekly", "Weekly")), "Weekly: +30 experience"),
        (event("level", Change(RANK, "Visitor", "Reader")), "Became a Reader"),
        (event("level", Change(RANK, "Reader", "Expert")), "Became an Expert"),
        (event("level", Change(RANK, "Reader", None)), "Lost the level"),
        (event("achievement", Change(BADGES, items=(ItemChange("Bookworm", None, 1),))), "Earned the badge Bookworm"),
        (
            event("achievement", Change(BADGES, items=(ItemChange("A", None, 1), ItemChange("B", 0, 1)))),
            "Earned the badges A and B",
        ),
        (event("achievement"), "Achievement"),
        (event("score", Change(XP, 40, 8)), "Score corrected: −32 experience"),
        (event("join:request"), "Join request"),
        (event(""), ""),
    ],
)
def test_an_event_is_a_line_of_a_story(told, said):
    assert sentences.event(told) == said


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        (Reward(XP, "add", "5"), "+5 experience"),
        (Reward(XP, "remove", "20"), "−20 experience"),
        (Reward(XP, "set", "0"), "experience: 0"),
        (Reward(XP, "add", "$vars['pages'] / 10"), "experience"),
        (Reward(XP, "add", "5", 0.2), "+5 experience (20% chance)"),
        (Reward(BADGES, "add", {"Bookmark": "1"}), "Bookmark"),
        (Reward(BADGES, "add", {"Bookmark": "2", "Quill": "1"}), "2 × Bookmark, Quill"),
        (Reward(BADGES, "remove", {"Bookmark": "1"}), "−1 Bookmark"),
    ],
)
def test_a_reward_says_what_an_action_may_give(reward, said):
    assert sentences.reward(reward) == said


@clock.override("UTC")
@time_machine.travel(NOON, tick=False)
def test_a_limit_says_until_when():
    error = wire.make_error("rate_limit_exceeded", of_play=True, retry_at=NOON + timedelta(hours=12))
    said = sentences.news(Feedback("refused", FINISH, error=error))
    assert said == ["Finish a book: nothing earned, its limit is reached until tomorrow, midnight"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("rate_limit_exceeded", "its limit is reached for now"),
        ("access_denied", "something it asks for is missing"),
        ("internal_error", "could not count it"),
    ],
)
def test_a_refusal_says_why_without_the_words_of_the_game(name, part):
    error = wire.make_error(name, "The Action 'x' …", of_play=True)
    [said] = sentences.news(Feedback("refused", FINISH, error=error))
    assert part in said
    assert "The Action" not in said


def test_a_play_without_earnings_is_told_too():
    assert "nothing earned" in sentences.feedback(Feedback("applied", FINISH))
    assert "soon" in sentences.feedback(Feedback("pending", FINISH))


def test_a_play_with_earnings_speaks_by_them():
    assert sentences.news(Feedback("applied", FINISH, (Earned("points", XP, "experience", 3),))) == ["+3 experience"]


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(
    ("ago", "said"), [(timedelta(), "Today"), (timedelta(days=1), "Yesterday"), (timedelta(days=5), "Feb. 29, 2024")]
)
def test_a_day_is_named_as_people_do(ago, said):
    assert sentences.day(NOON - ago) == said


@time_machine.travel(NOON, tick=False)
def test_days_and_times_are_those_of_the_reader():
    late = datetime(2024, 3, 5, 23, 30, tzinfo=timezone.utc)
    with clock.override("Asia/Tokyo"):
        assert sentences.day(late) == "March 6, 2024"
        assert sentences.moment(late) == "tomorrow, 8:30 a.m."
        assert sentences.moment(NOON) == "9 p.m."
    with clock.override("UTC"):
        assert sentences.moment(NOON + timedelta(days=9)) == "March 14, 2024, noon"


def test_numbers_are_written_as_the_reader_writes_them():
    with translation.override("de"):
        assert sentences.signed(12_500) == "+12.500"


@pytest.mark.parametrize("hostile", ["\u202eevil", "مكتبة", "שלום"])
def test_a_name_from_right_to_left_cannot_turn_the_sentence(hostile):
    said = sentences.earning(Earned("item", BADGES, hostile))
    assert said == f"New badge: \u2068{hostile}\u2069"


def test_a_sign_stays_before_its_number_between_words_from_right_to_left():
    with translation.override("ar"):
        assert sentences.signed(32).startswith("\u200e+")
    assert sentences.signed(32) == "+32"


@pytest.mark.parametrize(
    ("key", "day", "said"),
    [
        ("weekly", None, "This week"),
        ("weekly", date(2024, 3, 5), "The week of March 5, 2024"),
        ("daily", date(2024, 3, 5), "March 5, 2024"),
        ("alltime", date(2024, 3, 5), "All time"),
        ("fortnightly", None, "fortnightly"),
    ],
)
def test_a_cycle_is_named_as_people_do(key, day, said):
    assert sentences.cycle(key, day) == said


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (0.0, "0% of players have it"),
        (0.004, "Fewer than 1% of players have it"),
        (0.126, "13% of players have it"),
        (1.0, "100% of players have it"),
    ],
)
def test_a_share_of_players_is_a_percentage(part, said):
    assert sentences.share(part) == said


def condition(**fields):
    plain = {"kind": "metric", "subject": Ref("coins", "coins"), "item": "", "operator": "ge"}
    return ProgressCondition(**{**plain, "have": 3, "need": 5, "fraction": 0.6, "is_met": False, **fields})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (condition(), ["3 of 5 coins"]),
        (condition(operator="gt", need=4), ["3 of 5 coins"]),
        (condition(item="Bookmark"), ["3 of 5 Bookmark"]),
        (condition(subject=Ref("coins")), ["3 of 5 coins"]),
        (condition(need=12000), ["3 of 12,000 coins"]),
        (condition(is_met=True), []),
        (condition(is_negated=True), []),
        (condition(operator="lt"), []),
        (condition(have=None), []),
        (condition(need="Reader", have="Visitor"), []),
    ],
)
def test_a_goal_says_what_it_still_takes(asked, said):
    assert sentences.needs(Progress("achievement", Ref("r"), BADGES, ("Bookworm",), conditions=(asked,))) == said
