"""Playing: what is refused and how, what a key protects, and what a play costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import transaction

from django_playlyfe.engine import selectors, services, signals
from django_playlyfe.engine.models import ActionCount, Call, FeedEntry, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import issues
from django_playlyfe.exceptions import (
    AccessDenied,
    ActionNotFound,
    ConfigurationError,
    Conflict,
    InvalidRequest,
    PlayerNotFound,
)
from tests.costs import queries_of_a_play
from tests.engine.conftest import action, board, point, reward, rolled_back

Activate = Callable[..., Realm]
PAGES = {"name": "pages", "type": "int", "required": True}
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(small: Realm) -> Realm:
    services.create_player(small, "ada", alias="Ada")
    return small


def experience(realm: Realm, player_id: str = "ada") -> int | None:
    return Score.objects.filter(player__player_id=player_id, metric="xp").values_list("value", flat=True).first()


def test_a_play_changes_scores_counts_and_the_log(ada: Realm) -> None:
    recorded = services.play(ada, "ada", "read", {"mood": "calm"}, count=2)
    assert experience(ada) == 20
    assert ActionCount.objects.get(action="read").count == 2
    call = Call.objects.get(kind=Call.Kind.PLAY)
    assert recorded.call_id == call.pk
    assert recorded.kind == "play"
    assert not recorded.replayed
    assert call.inputs == {"variables": {"mood": "calm"}, "count": 2, "scopes": [], "at": None}
    assert call.writes == [["xp", "", None, None, 20]]
    assert recorded.events["local"][0]["action"]["vars"] == {"mood": "calm"}


def test_an_unknown_player_is_named_as_such(small: Realm) -> None:
    with pytest.raises(PlayerNotFound):
        services.play(small, "nobody", "read")


@pytest.mark.parametrize("player_id", ["", ":ada", "a\0", "-ada", "a" * 129, "a b", "ada\n", 7, None])
def test_what_cannot_be_a_player_id_is_wrong_input(small: Realm, player_id: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.play(small, player_id, "read")
    assert refusal.value.data["errors"][0]["path"] == "/player_id"


@pytest.mark.parametrize("unknown", ["swim", "", "re ad", "read\0", "a" * 500, None, 3])
def test_an_unknown_action_is_named_as_such(ada: Realm, unknown: Any) -> None:
    with pytest.raises(ActionNotFound):
        services.play(ada, "ada", unknown)
    with pytest.raises(ActionNotFound):
        services.play(ada, "ada", unknown, idempotency_key="one")


def test_a_disabled_player_may_not_play(ada: Realm) -> None:
    services.update_player(ada, "ada", enabled=False)
    with pytest.raises(AccessDenied):
        services.play(ada, "ada", "read")


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", True, None, 2**31])
def test_a_count_is_a_positive_integer(ada: Realm, count: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.play(ada, "ada", "read", count=count)
    assert refusal.value.data["errors"][0]["path"] == "/count"
    assert "count" in str(refusal.value)


@pytest.mark.parametrize(
    "scopes",
    ["history", 3, None, [{"id": "history"}], ["history"], [{"id": "", "entity_id": "a"}], [{"id": 1, "entity_id": 2}]],
)
def test_scopes_have_an_id_and_an_entity(ada: Realm, scopes: Any) -> None:
    with pytest.raises(InvalidRequest):
        services.play(ada, "ada", "read", scopes=scopes)


def test_a_missing_variable_is_reported_with_its_path(activated: Activate) -> None:
    realm = activated(actions=[action("read", reward("xp", "$vars['pages']"), variables=[PAGES])])
    services.create_player(realm, "ada")
    with pytest.raises(InvalidRequest) as refusal:
        services.play(realm, "ada", "read")
    assert refusal.value.data["valid"] is False
    assert refusal.value.data["errors"][0]["path"] == "/variables/pages"
    assert "pages is required" in str(refusal.value)
    assert not Call.objects.filter(kind=Call.Kind.PLAY).exists()


@pytest.mark.parametrize(
    "value",
    ["\0", "\ud800", float("nan"), object(), {1: 2}, {"a": b"bytes"}, datetime(2024, 1, 1, tzinfo=timezone.utc)],
)
def test_a_variable_that_no_database_keeps_is_refused(ada: Realm, value: Any) -> None:
    with pytest.raises(InvalidRequest):
        services.play(ada, "ada", "read", {"thing": value})
    with pytest.raises(InvalidRequest):
        services.play(ada, "ada", "read", {"thing": value}, idempotency_key="one")


@pytest.mark.parametrize("variables", ["pages", 3, ["pages"]])
def test_variables_are_an_object(ada: Realm, variables: Any) -> None:
    with pytest.raises(InvalidRequest):
        services.play(ada, "ada", "read", variables)


def test_a_game_that_is_not_there_names_the_command(db: None) -> None:
    for realm in (Realm("small"), Realm.only()):
        with pytest.raises(ConfigurationError, match="playlyfe_engine_load starter"):
            services.play(realm, "ada", "read")


# --- the caller's transaction -----------------------------------------------------------------------------------------


def test_a_play_goes_with_the_callers_transaction(ada: Realm) -> None:
    with rolled_back():
        services.play(ada, "ada", "read")
    assert experience(ada) is None
    assert not Call.objects.filter(kind=Call.Kind.PLAY).exists()


def test_a_refused_play_leaves_the_callers_transaction_usable(ada: Realm) -> None:
    with transaction.atomic():
        with pytest.raises(ActionNotFound):
            services.play(ada, "ada", "swim")
        services.play(ada, "ada", "read")
    assert experience(ada) == 10


def test_the_signal_is_sent_after_the_commit(ada: Realm, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[services.Recorded] = []

    def listen(sender: type, call: services.Recorded, **kwargs: Any) -> None:
        heard.append(call)

    signals.recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            recorded = services.play(ada, "ada", "read", idempotency_key="one")
            assert heard == []
        assert heard == [recorded]
        with django_capture_on_commit_callbacks(execute=True):
            services.play(ada, "ada", "read", idempotency_key="one")
        assert heard == [recorded]
    finally:
        signals.recorded.disconnect(listen)


def test_a_receiver_that_fails_hurts_nobody(
    ada: Realm, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("receiver")

    signals.recorded.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.play(ada, "ada", "read")
    finally:
        signals.recorded.disconnect(fail)
    assert experience(ada) == 10
    assert "receiver" in caplog.text


# --- idempotency ------------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_events_once(ada: Realm) -> None:
    first = services.play(ada, "ada", "read", {"mood": "calm"}, idempotency_key="book:1")
    again = services.play(ada, "ada", "read", {"mood": "calm"}, idempotency_key="book:1")
    assert again.replayed
    assert again.events == first.events
    assert again.call_id == first.call_id
    assert experience(ada) == 10


def test_a_replay_shows_the_players_present_name(ada: Realm) -> None:
    services.play(ada, "ada", "read", idempotency_key="book:1")
    services.update_player(ada, "ada", alias="Countess")
    again = services.play(ada, "ada", "read", idempotency_key="book:1")
    assert again.events["local"][0]["actor"] == {"id": "ada", "alias": "Countess"}


@pytest.mark.parametrize(
    "other",
    [
        {"variables": {"mood": "wild"}},
        {"variables": {"mood": b"no JSON"}},
        {"count": 2},
        {"scopes": [{"id": "history", "entity_id": "ada"}]},
    ],
)
def test_other_content_under_a_used_key_is_a_conflict(ada: Realm, other: dict[str, Any]) -> None:
    services.play(ada, "ada", "read", {"mood": "calm"}, idempotency_key="book:1")
    with pytest.raises(Conflict) as refusal:
        services.play(ada, "ada", "read", **{"variables": {"mood": "calm"}, **other}, idempotency_key="book:1")
    assert refusal.value.code == "idempotency_key_reused"
    assert experience(ada) == 10


def test_another_instant_under_a_used_key_is_a_conflict(ada: Realm) -> None:
    at = datetime.now(timezone.utc) - timedelta(hours=1)
    services.play(ada, "ada", "read", at=at, idempotency_key="book:1")
    assert services.play(ada, "ada", "read", at=at, idempotency_key="book:1").replayed
    with pytest.raises(Conflict):
        services.play(ada, "ada", "read", idempotency_key="book:1")


def test_a_key_counts_per_player_and_action(activated: Activate) -> None:
    realm = activated(actions=[action("read", reward("xp", "10")), action("write", reward("xp", "1"))])
    for player_id in ("ada", "grace"):
        services.create_player(realm, player_id)
        for name in ("read", "write"):
            assert not services.play(realm, player_id, name, idempotency_key="one").replayed
    assert experience(realm) == 11


def test_a_refused_play_does_not_use_up_its_key(activated: Activate) -> None:
    realm = activated(actions=[action("read", reward("xp", "$vars['pages']"), variables=[PAGES])])
    services.create_player(realm, "ada")
    with pytest.raises(InvalidRequest):
        services.play(realm, "ada", "read", {"pages": "many"}, idempotency_key="one")
    assert not services.play(realm, "ada", "read", {"pages": 5}, idempotency_key="one").replayed


@pytest.mark.parametrize("key", ["", "k" * 201, "a\0b", "a\nb", "\ud800", 5])
def test_a_key_has_1_to_200_printable_characters(ada: Realm, key: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.play(ada, "ada", "read", idempotency_key=key)
    assert refusal.value.data["errors"][0]["path"] == "/idempotency_key"
    assert services.play(ada, "ada", "read", idempotency_key="ü" * 200).call_id


# --- cost -------------------------------------------------------------------------------------------------------------


def many_rules(number: int) -> list[dict[str, Any]]:
    """Achievements that nobody reaches, one metric condition each."""
    return [
        {
            "id": f"rule_{index}",
            "name": f"Rule {index}",
            "type": "achievement",
            "achievement": {"metric": {"id": "badges"}, "items": [{"key": f"item_{index}", "value": "1"}]},
            "requires": {
                "type": "metric",
                "context": {"id": "xp", "type": "point", "operator": "ge", "value": str(10**9 + index)},
            },
        }
        for index in range(number)
    ]


def badges(number: int) -> dict[str, Any]:
    items = [{"id": f"item_{index}", "name": f"Item {index}", "max": "1"} for index in range(number)]
    return {"id": "badges", "name": "Badges", "type": "set", "constraints": {"items": items}}


@pytest.mark.parametrize("rules", [3, 300])
@pytest.mark.parametrize("past_plays", [1, 500])
def test_a_play_costs_the_same_whatever_the_design_and_the_past(
    activated: Activate, count_queries: Any, rules: int, past_plays: int
) -> None:
    realm = activated(metrics=[point("xp"), badges(rules)], rules=many_rules(rules))
    services.create_player(realm, "ada")
    services.play(realm, "ada", "read")
    call = Call.objects.get(kind=Call.Kind.PLAY)
    Call.objects.bulk_create(copies(call, past_plays - 1))
    with count_queries() as counted:
        services.play(realm, "ada", "read")
    # player with game and version, scores, counts; call, score, count
    assert len(counted) == queries_of_a_play(6, together=3), counted
    with count_queries() as counted:
        services.play(realm, "ada", "read", idempotency_key="one")
    assert len(counted) == queries_of_a_play(7, together=4), counted


def copies(call: Call, number: int) -> list[Call]:
    from django_playlyfe.engine.ledger import log

    rows = []
    for _ in range(number):
        row = Call.objects.get(pk=call.pk)
        row.pk, row.seed = None, log.new_seed(call.at)
        rows.append(row)
    return rows


def test_a_play_with_a_level_and_a_badge_costs_a_fixed_number_too(ines: str, quest: Realm, count_queries: Any) -> None:
    for _ in range(4):
        services.play(quest, ines, "finish_book", {"pages": 100})
    with count_queries() as counted:
        recorded = services.play(quest, ines, "finish_book", {"pages": 600})
    assert [event["event"] for event in recorded.events["global"]] == ["level", "achievement"]
    # as above, the feed; rows of cycles and scopes read and stored
    assert len(counted) == queries_of_a_play(9, together=3), counted
    assert FeedEntry.objects.count() == 2


def test_another_players_past_is_not_looked_at(ada: Realm, count_queries: Any) -> None:
    services.play(ada, "ada", "read")
    for number in range(20):
        services.create_player(ada, f"p{number}")
        services.play(ada, f"p{number}", "read")
    with count_queries() as counted:
        services.play(ada, "ada", "read")
    assert len(counted) == queries_of_a_play(6, together=3), counted
    assert Player.objects.count() == 21


def test_the_only_game_needs_no_name_and_no_further_query(ada: Realm, count_queries: Any) -> None:
    services.play(ada, "ada", "read")
    with count_queries() as counted:
        services.play(Realm.only(), "ada", "read")
    assert len(counted) == queries_of_a_play(6, together=3), counted
    assert experience(ada) == 20


def test_a_new_design_judges_at_the_next_play(ada: Realm, activated: Activate) -> None:
    services.play(ada, "ada", "read")
    activated(actions=[action("read", reward("xp", "1"))], leaderboards=[board("top", "xp")])
    services.play(ada, "ada", "read")
    assert experience(ada) == 11


def test_a_rule_that_a_new_design_adds_is_judged_at_the_next_play_whatever_it_touches(activated: Activate) -> None:
    actions = [action("read", reward("xp", "10")), action("wave")]
    realm = activated(actions=actions)
    services.create_player(realm, "ada")
    services.play(realm, "ada", "read")
    services.play(realm, "ada", "wave")
    rule = {
        "id": "reader",
        "name": "Reader",
        "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": [{"key": "item_0", "value": "1"}]},
        "requires": {"type": "action", "context": {"id": "read", "operator": "ge", "value": "1"}},
    }
    activated(actions=actions, metrics=[point("xp"), badges(1)], rules=[rule])
    waved = services.play(realm, "ada", "wave")
    assert [event["event"] for event in waved.events["global"]] == ["achievement"]


def test_scores_of_a_metric_that_the_design_lost_are_skipped(
    ada: Realm, activated: Activate, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.play(ada, "ada", "read")
    # As if that had been played between the look for issues and the activation.
    monkeypatch.setattr(issues, "find", lambda *_: [])
    activated(metrics=[point("coins")], actions=[action("read", reward("coins", "1"))], leaderboards=[])
    services.play(ada, "ada", "read")
    assert [entry["metric"]["id"] for entry in selectors.profile(ada, "ada")["scores"]] == ["coins"]
    assert len(selectors.activity(ada, "ada")) == 2
    assert experience(ada) == 10
