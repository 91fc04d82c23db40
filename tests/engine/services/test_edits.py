"""What is no play: edited scores, custom rules, reverts, resets; each beside plays and undo (``engine.md`` §4, §9.3,
§10.2; steps 8 to 10 of the trace in §16.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import time_machine

from django_playlyfe.engine import history, selectors, services
from django_playlyfe.engine.models import ActionCount, Call, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import Conflict, InvalidRequest, NotFound, PlayerNotFound
from tests.engine.conftest import action, always, point, reward

NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
COINS = {"id": "coins", "type": "point"}
BADGES = {"id": "badges", "type": "set"}


@pytest.fixture
def players(quest: Realm) -> Iterator[Realm]:
    with time_machine.travel(NOON, tick=False):
        services.create_player(quest, "ines", alias="Ines")
        services.create_player(quest, "rui", alias="Rui")
        yield quest
        assert [found for found in history.check(quest) if found.differences] == []


def play(realm: Realm, action: str = "finish_book", key: str | None = None, **more: Any) -> services.Recorded:
    variables = {name: more.pop(name) for name in ("pages", "genre") if name in more}
    return services.play(realm, "ines", action, variables, dice=always(0.5), idempotency_key=key, **more)


def values(realm: Realm, player_id: str = "ines") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in selectors.profile(realm, player_id)["scores"]:
        value = entry["value"]
        if isinstance(value, list):
            value = {item["name"]: item["count"] for item in value}
        found[entry["metric"]["id"]] = value["name"] if isinstance(value, dict) and "name" in value else value
    return found


def told(recorded: services.Recorded | None, kind: str = "local") -> list[Any]:
    """(event, [(metric, delta)]) of an answer."""
    assert recorded is not None
    return [
        (event["event"], [(change["metric"]["id"], change["delta"]) for change in event["changes"]])
        for event in recorded.events[kind]
    ]


def five_books(realm: Realm) -> services.Recorded:
    """Steps 1 to 5 of the trace."""
    for _ in range(4):
        play(realm, pages=100)
    return play(realm, pages=600, genre="history", scopes=[{"id": "history", "entity_id": "ines"}])


def board(realm: Realm, **more: Any) -> list[tuple[str, str]]:
    page = selectors.leaderboard(realm, player_id="ines", **{"board": "by_genre", "scope_id": "history", **more})
    return [(row["player"]["id"], row["score"]) for row in page["data"]]


def test_steps_eight_to_ten_of_the_trace(players: Realm) -> None:
    fifth = five_books(players)
    assert board(players) == [("ines", "85")]
    [[rule]] = services.run_rule(players, "weekly_target", [{"variables": {"target": 1}, "player_ids": ["ines"]}])
    assert told(rule) == [("custom_rule", [("coins", {"old": None, "new": "40"})])]
    assert rule.events["local"][0]["rule"] == {"id": "weekly_target", "name": "Weekly target"}
    bought = play(players, "buy_bookmark", count=2)
    assert told(bought) == [
        ("action", [("coins", {"old": "40", "new": "0"}), ("badges", {"Bookmark": {"old": None, "new": "2"}})])
    ]
    reverted = services.revert(players, "ines", [fifth.events["local"][0]["id"]], admin="librarian")
    assert told(reverted) == [
        (
            "score",
            [
                ("xp", {"old": "125", "new": "100"}),
                ("xp", {"old": "100", "new": "40"}),
                ("impact", {"old": "63", "new": "54"}),
            ],
        )
    ]
    assert told(reverted, "global") == [("level", [("rank", {"old": "Reader", "new": "Visitor"})])]
    assert reverted is not None
    event = reverted.events["local"][0]
    assert (event["player"], event["admin"]) == ({"id": "ines", "alias": "Ines"}, "librarian")
    assert "actor" not in event
    assert values(players)["badges"] == {"Bookworm": "1", "Bookmark": "2"}
    assert board(players) == [("ines", "0")]
    assert board(players, board="top_readers", cycle="daily", scope_id=None) == [("ines", "40"), ("rui", "0")]


class TestEditedScores:
    def test_items_and_states_go_by_id_or_by_name(self, players: Realm) -> None:
        recorded = services.adjust_scores(
            players,
            "ines",
            [
                {"metric": COINS, "verb": "set", "value": "20"},
                {"metric": BADGES, "verb": "set", "value": {"night_owl": "1", "Bookmark": 3}},
                {"metric": {"id": "rank", "type": "state"}, "verb": "set", "value": "Scholar"},
            ],
            admin="librarian",
        )
        assert told(recorded)[0][0] == "score"
        assert values(players)["coins"] == "20"
        assert values(players)["badges"] == {"Night owl": "1", "Bookmark": "3"}

    def test_a_level_rule_has_the_last_word(self, players: Realm) -> None:
        rank = {"metric": {"id": "rank", "type": "state"}, "verb": "set", "value": "scholar"}
        recorded = services.adjust_scores(players, "ines", [rank])
        assert told(recorded, "global") == [("level", [("rank", {"old": "Scholar", "new": "Visitor"})])]

    def test_levels_follow(self, players: Realm) -> None:
        reward = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "600"}
        recorded = services.adjust_scores(players, "ines", [reward])
        assert told(recorded, "global") == [("level", [("rank", {"old": "Visitor", "new": "Scholar"})])]
        assert values(players)["impact"] == "60"

    def test_an_item_set_to_nothing_leaves_the_profile(self, players: Realm) -> None:
        for count in ("2", "0"):
            services.adjust_scores(players, "ines", [{"metric": BADGES, "verb": "set", "value": {"bookmark": count}}])
        assert "badges" not in values(players) or values(players)["badges"] == {}

    @pytest.mark.parametrize(
        ("reward", "path"),
        [
            ({"metric": {"id": "impact", "type": "compound"}, "verb": "set", "value": "1"}, "/rewards/0/metric/type"),
            ({"metric": {"id": "gold", "type": "point"}, "verb": "set", "value": "1"}, "/rewards/0/metric/id"),
            ({"metric": COINS, "verb": "steal", "value": "1"}, "/rewards/0/verb"),
            ({"metric": COINS, "verb": "set", "value": "1 +"}, "/rewards/0/value"),
            ({"metric": BADGES, "verb": "set", "value": {"medal": "1"}}, "/rewards/0/value/medal"),
            ("junk", "/rewards/0"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_changes(self, players: Realm, reward: Any, path: str) -> None:
        with pytest.raises(InvalidRequest) as refused:
            services.adjust_scores(players, "ines", [{"metric": COINS, "verb": "set", "value": "7"}, reward])
        paths = [problem["path"] for problem in (refused.value.data or {})["errors"]]
        assert path.replace("/0", "/1", 1) in paths
        assert "coins" not in values(players)

    def test_they_are_in_the_players_feed(self, players: Realm) -> None:
        services.adjust_scores(players, "ines", [{"metric": COINS, "verb": "set", "value": "7"}], admin="librarian")
        assert [event["event"] for event in selectors.activity(players, "ines")] == ["score"]


class TestCustomRules:
    def test_many_players_and_entries(self, players: Realm) -> None:
        five_books(players)
        data = [
            {"variables": {"target": 1}, "player_ids": ["rui", "ines"]},
            {"variables": {"target": 0}, "player_ids": ["ines"]},
        ]
        answers = services.run_rule(players, "weekly_target", data)
        assert [[recorded.player_id for recorded in entry] for entry in answers] == [["rui", "ines"], ["ines"]]
        assert told(answers[0][0]) == []
        assert values(players)["coins"] == "70"

    def test_an_unknown_player_stops_all_of_it(self, players: Realm) -> None:
        with pytest.raises(PlayerNotFound):
            services.run_rule(
                players, "weekly_target", [{"variables": {"target": 0}, "player_ids": ["ines", "nobody"]}]
            )
        assert "coins" not in values(players)

    def test_an_unknown_rule(self, players: Realm) -> None:
        with pytest.raises(NotFound) as refused:
            services.run_rule(players, "ranking_up", [{"player_ids": ["ines"]}])
        assert refused.value.code == "rule_not_found"

    @pytest.mark.parametrize("data", [[], {}, ["x"], [{"player_ids": "ines"}], [{"player_ids": [7]}]])
    def test_wrong_data(self, players: Realm, data: Any) -> None:
        with pytest.raises(InvalidRequest):
            services.run_rule(players, "weekly_target", data)

    def test_variables_are_checked_for_all(self, players: Realm) -> None:
        with pytest.raises(InvalidRequest):
            services.run_rule(players, "weekly_target", [{"variables": {"target": "many"}, "player_ids": ["ines"]}])

    def test_the_same_key_pays_once(self, players: Realm) -> None:
        data = [{"variables": {"target": 0}, "player_ids": ["ines", "rui"]}]
        first = services.run_rule(players, "weekly_target", data, idempotency_key="week 9")
        again = services.run_rule(players, "weekly_target", data, idempotency_key="week 9")
        assert [recorded.events for recorded in again[0]] == [recorded.events for recorded in first[0]]
        assert all(recorded.replayed for recorded in again[0])
        assert values(players)["coins"] == "40"
        with pytest.raises(Conflict):
            services.run_rule(
                players, "weekly_target", [{**data[0], "variables": {"target": -1}}], idempotency_key="week 9"
            )

    def test_the_same_key_for_other_players_is_a_conflict(self, players: Realm) -> None:
        def run(*player_ids: str) -> list[list[services.Recorded]]:
            data = [{"variables": {"target": 0}, "player_ids": list(player_ids)}]
            return services.run_rule(players, "weekly_target", data, idempotency_key="week 9")

        with pytest.raises(PlayerNotFound):  # a call that failed uses up no key
            run("ines", "nobody")
        run("ines")
        with pytest.raises(Conflict):
            run("rui")
        with pytest.raises(Conflict):
            run("ines", "rui")
        assert "coins" not in values(players, "rui")
        assert run("ines")[0][0].replayed

    def test_a_player_named_twice_is_paid_twice_each_time_on_what_the_time_before_left(self, players: Realm) -> None:
        entry = {"variables": {"target": 0}, "player_ids": ["ines", "rui", "ines"]}
        answer = services.run_rule(
            players, "weekly_target", [entry, {"variables": {"target": 0}, "player_ids": ["rui"]}]
        )
        coins = [[told(recorded)[0][1][0][1] for recorded in entry] for entry in answer]
        first, second = {"old": None, "new": "40"}, {"old": "40", "new": "70"}
        assert coins == [[first, first, second], [second]]
        assert {values(players, name)["coins"] for name in ("ines", "rui")} == {"70"}

    def test_the_queries_do_not_grow_with_the_players(self, players: Realm, count_queries: Any) -> None:
        def run(number: int) -> int:
            names = [f"p{number}-{index}" for index in range(number)]
            for name in names:
                services.create_player(players, name)
            with count_queries() as counted:
                services.run_rule(players, "weekly_target", [{"variables": {"target": 0}, "player_ids": names}])
            return len(counted)

        run(1)
        assert run(20) <= run(2)

    def test_scopes_are_credited(self, players: Realm) -> None:
        reward = {"metric": {"id": "xp", "type": "point"}, "verb": "set", "value": "500"}
        services.adjust_scores(players, "ines", [reward])
        scopes = [{"id": "history", "entity_id": "ines"}]
        [[recorded]] = services.run_rule(
            players, "weekly_target", [{"variables": {"target": 1}, "player_ids": ["ines"], "scopes": scopes}]
        )
        assert recorded.events["local"][0]["scopes"] == scopes


class TestReverts:
    def test_an_event_is_taken_back_once(self, players: Realm) -> None:
        event = play(players, pages=100).events["local"][0]["id"]
        assert services.revert(players, "ines", [event, event]) is not None
        assert services.revert(players, "ines", [event]) is None
        assert values(players)["xp"] == "0"
        assert ActionCount.objects.get(action="finish_book").count == 1

    def test_a_revert_can_be_reverted(self, players: Realm) -> None:
        event = play(players, pages=300, scopes=[{"id": "history", "entity_id": "ines"}]).events["local"][0]["id"]
        daily = {"board": "top_readers", "cycle": "daily", "scope_id": None, "timestamp": NOON}
        with time_machine.travel(datetime(2024, 3, 9, 12, tzinfo=timezone.utc), tick=False):
            reverted = services.revert(players, "ines", [event])
            assert reverted is not None
            assert (board(players), board(players, **daily)) == ([("ines", "0")], [("ines", "0"), ("rui", "0")])
            again = services.revert(players, "ines", [reverted.events["local"][0]["id"]])
            assert told(again) == [("score", [("xp", {"old": "0", "new": "30"}), ("impact", {"old": "0", "new": "3"})])]
            assert (board(players), board(players, **daily)) == ([("ines", "30")], [("ines", "30"), ("rui", "0")])
            assert services.revert(players, "ines", [event]) is None

    def test_an_undo_judges_the_revert_of_a_revert_again(self, players: Realm) -> None:
        event = play(players, key="first", pages=300).events["local"][0]["id"]
        reverted = services.revert(players, "ines", [event])
        assert reverted is not None
        services.revert(players, "ines", [reverted.events["local"][0]["id"]])
        services.undo(players, "ines", "finish_book", "first")
        assert values(players)["xp"] == "0"
        assert board(players, board="top_readers", cycle="daily", scope_id=None) == [("ines", "0"), ("rui", "0")]

    def test_an_achievement_goes_only_if_it_is_named(self, players: Realm) -> None:
        fifth = five_books(players)
        achievement = next(event for event in fifth.events["global"] if event["event"] == "achievement")
        reverted = services.revert(players, "ines", [achievement["id"]])
        assert told(reverted) == [
            ("score", [("badges", {"Bookworm": {"old": "1", "new": "0"}}), ("impact", {"old": "63", "new": "13"})])
        ]

    def test_an_achievement_that_was_taken_back_is_earned_again_by_the_next_play_that_finds_its_condition_met(
        self, players: Realm
    ) -> None:
        services.adjust_scores(players, "ines", [{"metric": COINS, "verb": "set", "value": "20"}])
        achievement = five_books(players).events["global"][-1]
        assert told(services.revert(players, "ines", [achievement["id"]]), "global") == []
        assert told(play(players, "buy_bookmark"), "global") == [
            (
                "achievement",
                [("badges", {"Bookworm": {"old": "0", "new": "1"}}), ("impact", {"old": "13", "new": "63"})],
            )
        ]

    def test_what_no_column_could_hold_is_no_change(self, activated: Callable[..., Realm]) -> None:
        realm = activated(metrics=[point("xp", min="-Infinity")], actions=[action("read", reward("xp", str(2**62)))])
        services.create_player(realm, "ada")
        event = services.play(realm, "ada", "read").events["local"][0]["id"]
        lowest = [{"metric": {"id": "xp", "type": "point"}, "verb": "set", "value": str(1 - 2**63)}]
        services.adjust_scores(realm, "ada", lowest)
        services.revert(realm, "ada", [event])
        assert values(realm, "ada")["xp"] == str(1 - 2**63)

    @pytest.mark.parametrize("event", ["e4716000-dae7-11ee-923a-5bd1e20c47f9", "nonsense", 7])
    def test_an_unknown_event_changes_nothing(self, players: Realm, event: Any) -> None:
        known = play(players, pages=100).events["local"][0]["id"]
        with pytest.raises((NotFound, InvalidRequest)):
            services.revert(players, "ines", [known, event])
        assert values(players)["xp"] == "10"

    def test_another_players_event_is_unknown(self, players: Realm) -> None:
        event = play(players, pages=100).events["local"][0]["id"]
        with pytest.raises(NotFound):
            services.revert(players, "rui", [event])

    def test_what_was_spent_since_is_clamped(self, players: Realm) -> None:
        services.adjust_scores(players, "ines", [{"metric": COINS, "verb": "set", "value": "20"}])
        bought = play(players, "buy_bookmark").events["local"][0]["id"]
        services.adjust_scores(players, "ines", [{"metric": BADGES, "verb": "set", "value": {"bookmark": "0"}}])
        services.revert(players, "ines", [bought])
        assert values(players)["coins"] == "20"
        assert values(players).get("badges", {}) == {}

    def test_in_the_cycle_that_was_credited(self, players: Realm) -> None:
        event = play(players, pages=300).events["local"][0]["id"]
        with time_machine.travel(datetime(2024, 3, 9, 12, tzinfo=timezone.utc), tick=False):
            services.revert(players, "ines", [event])
            daily = {"board": "top_readers", "cycle": "daily", "scope_id": None}
            assert board(players, timestamp=NOON, **daily) == [("ines", "0"), ("rui", "0")]
            assert board(players, **daily) == []


class TestResets:
    def test_the_player_is_as_new(self, players: Realm) -> None:
        new = values(players, "rui")
        five_books(players)
        recorded = services.reset_player(players, "ines")
        assert values(players) == new
        assert recorded.events == {"local": [], "global": []}
        assert not ActionCount.objects.exists()
        assert play(players, pages=10).kind == "play"

    def test_it_is_in_no_feed(self, players: Realm) -> None:
        services.reset_player(players, "ines")
        assert selectors.activity(players, "ines") == []
        assert Call.objects.filter(kind=Call.Kind.RESET).count() == 1

    def test_a_play_before_it_can_be_undone_and_what_was_played_since_stays(self, players: Realm) -> None:
        play(players, key="monday", pages=100)
        play(players, pages=200)
        with time_machine.travel(datetime(2024, 3, 9, 12, tzinfo=timezone.utc), tick=False):
            services.reset_player(players, "ines")
            play(players, pages=300)
            services.undo(players, "ines", "finish_book", "monday")
            assert values(players)["xp"] == "30"
            assert ActionCount.objects.get(player__player_id="ines").count == 1
            daily = {"board": "top_readers", "cycle": "daily", "scope_id": None}
            assert board(players, timestamp=NOON, **daily) == [("ines", "20"), ("rui", "0")]


class TestUndoBesideOtherCalls:
    """The state is that of a history without the play."""

    def scores(self) -> list[Any]:
        return sorted(Score.objects.filter(player__player_id="ines").values_list("metric", "item", "value", "state"))

    def history(self, realm: Realm, *, with_first: bool) -> None:
        if with_first:
            play(realm, key="first", pages=600, scopes=[{"id": "history", "entity_id": "ines"}])
        second = play(realm, pages=300)
        services.run_rule(realm, "weekly_target", [{"variables": {"target": 1}, "player_ids": ["ines"]}])
        reward = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "$scores.xp / 3"}
        services.adjust_scores(realm, "ines", [reward], admin="librarian")
        services.revert(realm, "ines", [second.events["local"][0]["id"]])
        play(realm, pages=100)

    def test_rules_edits_and_reverts_are_judged_again(self, players: Realm) -> None:
        self.history(players, with_first=True)
        services.undo(players, "ines", "finish_book", "first")
        undone, boards = self.scores(), board(players)
        services.delete_player(players, "ines")
        services.create_player(players, "ines", alias="Ines")
        self.history(players, with_first=False)
        assert undone == self.scores()
        assert boards == []

    def test_a_revert_of_the_undone_play_takes_nothing_back(self, players: Realm) -> None:
        first = play(players, key="first", pages=600)
        services.revert(players, "ines", [first.events["local"][0]["id"]])
        play(players, pages=100)
        services.undo(players, "ines", "finish_book", "first")
        assert values(players)["xp"] == "10"


def test_who_and_why_are_kept_in_the_log_and_in_no_event(players: Realm) -> None:
    why = {"admin": "librarian", "reason": "lost in the post"}
    play(players, pages=100, key="book")
    coins = [{"metric": COINS, "verb": "add", "value": "5"}]
    adjusted = services.adjust_scores(players, "ines", coins, **why)
    services.revert(players, "ines", [adjusted.events["local"][0]["id"]], **why)
    services.undo(players, "ines", "finish_book", "book", **why)
    services.reset_player(players, "ines", **why)
    calls = Call.objects.filter(player__player_id="ines", inputs__reason="lost in the post").order_by("pk")
    assert [call.kind for call in calls] == ["score", "revert", "undo", "reset"]
    assert {call.inputs["admin"] for call in calls} == {"librarian"}
    assert "lost in the post" not in str([call.events for call in calls])
    assert "lost in the post" in str(selectors.export(players, "ines"))


@pytest.mark.parametrize("reason", ["x" * 501, None])
def test_a_reason_is_a_short_text(players: Realm, reason: Any) -> None:
    with pytest.raises(InvalidRequest):
        services.reset_player(players, "ines", reason=reason)


def test_a_play_without_a_key_is_undone_by_its_row(players: Realm) -> None:
    before = values(players)
    recorded = play(players, pages=600)
    services.create_player(players, "eva")
    with pytest.raises(NotFound):
        services.undo_call(players, "eva", recorded.call_id)
    services.undo_call(players, "ines", recorded.call_id)
    assert values(players) == before
    with pytest.raises(NotFound):
        services.undo_call(players, "ines", recorded.call_id)


def test_a_rehearsal_says_what_would_change_and_changes_nothing(players: Realm) -> None:
    before, calls = values(players), Call.objects.count()
    rehearsal = services.rehearse(players, "ines", lambda: play(players, pages=600))
    assert {change["metric"]["id"] for change in rehearsal.changes} >= {"xp", "rank"}
    assert (values(players), Call.objects.count()) == (before, calls)
    services.if_unchanged(players, "ines", rehearsal.seen, lambda: play(players, pages=600))
    with pytest.raises(Conflict):
        services.if_unchanged(players, "ines", rehearsal.seen, lambda: play(players, pages=600))
