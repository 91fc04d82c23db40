"""Rules that pay once, for a player or for a player and a thing (``engine.md`` §17.1), through log, undo and replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_playlyfe.engine import history, selectors, services
from django_playlyfe.engine.models import Call, OnceGuard
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate, compiled
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.types import PlayOf

from .conftest import action, always, board, design, point, reward

ISBN = [{"name": "isbn", "type": "string"}, {"name": "copies", "type": "int"}]


def rule(value: str, once: Any, **more: Any) -> dict[str, Any]:
    return {"requires": {}, "rewards": [reward("xp", value, **more)], "once": once}


def library(**more: Any) -> dict[str, Any]:
    """Welcome pays 100 to a player, a book 10 for each isbn, every reading 1."""
    rules = [
        rule("100", "player"),
        rule("10", {"id": "book", "per": "isbn"}),
        {"requires": {}, "rewards": [reward("xp", "1")]},
    ]
    club = [{"requires": {}, "rewards": [reward("coins", "7")], "once": {"per": "copies"}}]
    parts: dict[str, Any] = {
        "metrics": [point("xp"), point("coins")],
        "actions": [action("read", rules=rules, variables=ISBN), action("browse", rules=[rule("3", "player")])],
        "rules": [{"id": "club", "name": "Club", "type": "custom", "variables": ISBN, "rules": club}],
        "leaderboards": [board("top", "xp", cycles=["alltime", "daily"])],
    }
    return design(**{**parts, **more})


@pytest.fixture
def reading(db: None) -> Realm:
    realm = Realm("small")
    activate(realm, library())
    services.create_player(realm, "ada")
    services.create_player(realm, "bob")
    return realm


def gained(recorded: services.Recorded, metric: str = "xp") -> list[int]:
    """What each change of the call's own event added."""
    event = recorded.events["local"][0] if recorded.events["local"] else {"changes": []}
    deltas = [change["delta"] for change in event["changes"] if change["metric"]["id"] == metric]
    return [int(delta["new"]) - int(delta["old"] or 0) for delta in deltas]


def read(realm: Realm, isbn: str | None, player: str = "ada", **more: Any) -> list[int]:
    return gained(services.play(realm, player, "read", {} if isbn is None else {"isbn": isbn}, **more))


def xp(realm: Realm, player: str = "ada") -> int:
    scores = selectors.profile(realm, player)["scores"]
    return next((int(score["value"]) for score in scores if score["metric"]["id"] == "xp"), 0)


def is_true_to_the_log(realm: Realm) -> None:
    assert [str(found) for checked in history.check(realm) for found in checked.differences] == []
    before = history.state_hash(realm)
    for _ in history.replay(realm):
        pass
    assert history.state_hash(realm) == before


def test_a_player_is_paid_once_and_once_for_each_thing(reading: Realm) -> None:
    assert read(reading, "a") == [100, 10, 1]
    assert read(reading, "a") == [1]
    assert read(reading, "A") == [10, 1]  # another text is another thing, on every database
    assert read(reading, "") == [10, 1]
    assert read(reading, None) == [1]  # no thing is named
    assert read(reading, "a", "bob") == [100, 10, 1]
    assert gained(services.play(reading, "ada", "browse")) == [3]  # each action has guards of its own
    is_true_to_the_log(reading)


def test_what_is_paid_once_is_paid_for_one_however_heavy_the_play(reading: Realm) -> None:
    assert read(reading, "a", count=3) == [100, 10, 3]


def test_it_counts_as_paid_once_its_condition_held_whatever_the_dice_said(activated: Callable[..., Realm]) -> None:
    late = {"type": "action", "context": {"id": "read", "operator": "ge", "value": "1"}}
    rules = [{**rule("10", "player", probability=0.5), "requires": late}]
    realm = activated(actions=[action("read", rules=rules)])
    services.create_player(realm, "ada")
    paid = [gained(services.play(realm, "ada", "read", dice=always(roll))) for roll in (0.1, 0.9, 0.1)]
    assert paid == [[], [], []]  # the condition did not hold; the dice failed; it had its chance
    realm = activated(actions=[action("read", rules=rules, probability=0.5)])
    services.create_player(realm, "bob")
    rolls = ({"action": 0.1}, {"action": 0.9}, {"action": 0.1, "0.0": 0.1}, {"action": 0.1, "0.0": 0.1})
    paid = [gained(services.play(realm, "bob", "read", dice=dice.__getitem__)) for dice in rolls]
    assert paid == [[], [], [10], []]  # where the action's own dice fail, no rule is looked at


def test_a_refused_play_uses_nothing_up(activated: Callable[..., Realm]) -> None:
    realm = activated(actions=[action("read", rules=[rule("10", "player")], rate=[1, 60_000])])
    services.create_player(realm, "ada")
    with pytest.raises(PlaylyfeError):
        services.play(realm, "ada", "read", count=2)
    assert gained(services.play(realm, "ada", "read")) == [10]


def test_an_undo_gives_it_back_and_a_later_play_takes_it(reading: Realm) -> None:
    read(reading, "a", idempotency_key="first")
    read(reading, "a", idempotency_key="second")
    read(reading, "b")
    services.undo(reading, "ada", "read", "first")
    assert xp(reading) == 100 + 10 + 1 + 10 + 1
    assert Call.objects.get(idempotency_key="second", kind="play").guards != []
    is_true_to_the_log(reading)
    services.undo(reading, "ada", "read", "second")
    assert xp(reading) == 100 + 10 + 1
    assert OnceGuard.objects.filter(player__player_id="ada").count() == 2
    assert read(reading, "a") == [10, 1]
    is_true_to_the_log(reading)


def test_a_custom_rule_pays_once_too_within_one_call_and_from_call_to_call(reading: Realm) -> None:
    def run(copies: int) -> list[list[int]]:
        data = [{"variables": {"copies": copies}, "player_ids": ["ada", "bob", "ada"]}]
        return [gained(recorded, "coins") for recorded in services.run_rule(reading, "club", data)[0]]

    assert run(1) == [[7], [7], []]
    assert run(1) == [[], [], []]
    assert run(2) == [[7], [7], []]
    is_true_to_the_log(reading)


def test_many_plays_are_paid_as_many_single_ones(reading: Realm) -> None:
    plays = [PlayOf(player, "read", {"isbn": isbn}) for player in ("ada", "bob") for isbn in "abab"]
    found = services.play_many(reading, plays)
    assert [gained(one) for one in found if not isinstance(one, PlaylyfeError)] == 2 * [
        [100, 10, 1],
        [10, 1],
        [1],
        [1],
    ]
    (again,) = services.play_many(reading, plays[:1])
    assert not isinstance(again, PlaylyfeError)
    assert gained(again) == [1]
    is_true_to_the_log(reading)


def test_a_reset_begins_anew(reading: Realm) -> None:
    read(reading, "a")
    services.reset_player(reading, "ada")
    is_true_to_the_log(reading)
    assert read(reading, "a") == [100, 10, 1]


def test_an_erased_player_leaves_no_trace_of_what_was_paid(reading: Realm) -> None:
    read(reading, "a")
    services.delete_player(reading, "ada")
    assert not OnceGuard.objects.exists()
    assert [call.guards for call in Call.objects.all() if call.guards] == []


def test_another_order_of_the_rules_and_another_design_keep_what_was_paid(reading: Realm) -> None:
    read(reading, "a")
    document = library()
    document["actions"][0]["rules"].reverse()
    activate(reading, document)
    assert read(reading, "a") == [1]
    document["actions"][0]["rules"][2]["once"] = {"id": "anniversary"}
    activate(reading, document)
    assert read(reading, "a") == [1, 100]
    is_true_to_the_log(reading)


def test_what_another_design_would_have_paid(reading: Realm) -> None:
    for isbn in "aab":
        read(reading, isbn)
    document = library()
    for one in document["actions"][0]["rules"]:
        one.pop("once", None)
    (ada, bob) = history.what_if(reading, compiled(reading, document))
    assert [(shift.metric, shift.old, shift.new) for shift in ada.shifts] == [("xp", 123, 333)]
    assert bob.shifts == ()
    assert [found.shifts for found in history.what_if(reading, compiled(reading, library()))] == [(), ()]


def test_it_is_explained_by_the_rule_that_paid(reading: Realm) -> None:
    read(reading, "a")
    read(reading, "a")
    movements = history.explain(reading, "ada", "xp")
    assert [[part.reward for part in movement.parts] for movement in movements] == [
        [(0, 0), (1, 0), (2, 0)],
        [(2, 0)],
    ]


def test_damage_is_found_and_repaired(reading: Realm) -> None:
    read(reading, "a")
    OnceGuard.objects.filter(thing="").delete()
    OnceGuard.objects.create(player=Call.objects.filter(kind="play").get().player, guard="action.read.none")
    said = [str(found) for checked in history.check(reading) for found in checked.differences]
    assert said == [
        "once action.read.once: stored nothing, by the log 1",
        "once action.read.none: stored 1, by the log nothing",
    ]
    list(history.repair(reading))
    is_true_to_the_log(reading)


def test_a_game_without_such_rules_pays_no_query_for_them(small: Realm, count_queries: Any) -> None:
    services.create_player(small, "ada")
    with count_queries() as counted:
        services.play(small, "ada", "read", idempotency_key="one")
        services.play_many(small, [PlayOf("ada", "read")])
        services.undo(small, "ada", "read", "one")
    assert [query for query in counted if "onceguard" in query] == []


def test_a_play_reads_only_the_guards_that_it_may_close(reading: Realm, count_queries: Any) -> None:
    read(reading, "a")
    with count_queries() as counted:
        read(reading, "b")
        gained(services.play(reading, "ada", "read", {"isbn": "c", "copies": "7"}))
    assert len([query for query in counted if "onceguard" in query]) == 4  # one to read and one to write for each


# --- the best attempt (§17.2) -----------------------------------------------------------------------------------------

QUIZ = [{"name": "points", "type": "int", "required": True}, {"name": "quiz", "type": "string"}]


@pytest.fixture
def quizzes(activated: Callable[..., Realm]) -> Realm:
    """A quiz pays what is better than the player's best in it; the season pays a tenth of the best of all."""
    best = reward("xp", "$vars['points']", best={"per": "quiz"})
    season = reward("coins", "$vars['points'] / 10", best={"id": "season"})
    rules = [{"id": "exam", "name": "Exam", "type": "custom", "variables": QUIZ, "rules": [{"rewards": [best]}]}]
    realm = activated(
        metrics=[point("xp", max="100"), point("coins", default="5")],
        actions=[action("answer", best, season, variables=QUIZ)],
        rules=rules,
    )
    services.create_player(realm, "ada")
    return realm


def answer(realm: Realm, points: int, quiz: str | None = "a", metric: str = "xp", **more: Any) -> list[int]:
    given = {"points": points} if quiz is None else {"points": points, "quiz": quiz}
    return gained(services.play(realm, "ada", "answer", given, **more), metric)


def test_an_attempt_pays_by_how_much_it_is_better(quizzes: Realm) -> None:
    assert [answer(quizzes, points) for points in (10, 7, 10, 25)] == [[10], [], [], [15]]
    assert answer(quizzes, 5, "b", count=3) == [5]  # an attempt is an attempt, however heavy
    assert answer(quizzes, -4, "c") == []
    assert answer(quizzes, 40, None) == []  # which quiz, nobody says
    is_true_to_the_log(quizzes)


def test_the_attempt_is_rounded_and_a_limit_keeps_it(quizzes: Realm) -> None:
    assert answer(quizzes, 14, metric="coins") == [6]  # 1.4 is 1, added to the default
    assert answer(quizzes, 15, metric="coins") == [1]  # 1.5 is 2
    assert answer(quizzes, 500) == [85]  # up to the limit of 100
    services.adjust_scores(quizzes, "ada", [reward("xp", "0", "set")])
    assert answer(quizzes, 500) == []
    assert answer(quizzes, 501) == [1]


def test_an_undone_attempt_pays_the_next_one_what_it_had_taken(quizzes: Realm) -> None:
    answer(quizzes, 10)
    answer(quizzes, 30, idempotency_key="good")
    answer(quizzes, 40)
    services.undo(quizzes, "ada", "answer", "good")
    assert xp(quizzes) == 40
    latest = Call.objects.filter(kind="play", status="applied").latest("pk")
    assert {tuple(guard[2:]) for guard in latest.guards} == {(10, 40), (1, 4)}
    is_true_to_the_log(quizzes)
    assert answer(quizzes, 41) == [1]


def test_a_custom_rule_has_best_attempts_of_its_own(quizzes: Realm) -> None:
    def run(points: int) -> list[int]:
        data = [{"variables": {"points": points, "quiz": "a"}, "player_ids": ["ada"]}]
        return gained(services.run_rule(quizzes, "exam", data)[0][0])

    answer(quizzes, 10)
    assert [run(10), run(12), run(11)] == [[10], [2], []]
    is_true_to_the_log(quizzes)


def test_a_chunk_of_attempts_is_paid_as_single_ones(quizzes: Realm) -> None:
    plays = [PlayOf("ada", "answer", {"points": points, "quiz": quiz}) for quiz in "ab" for points in (3, 9, 4)]
    found = [gained(one) for one in services.play_many(quizzes, plays) if not isinstance(one, PlaylyfeError)]
    assert found == [[3], [6], [], [3], [6], []]
    is_true_to_the_log(quizzes)
