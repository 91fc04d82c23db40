"""Players come, change and go."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import transaction

from django_playlyfe.engine import selectors, services, signals
from django_playlyfe.engine.models import ActionCount, Call, FeedEntry, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import (
    ConfigurationError,
    InvalidRequest,
    PlayerExists,
    PlayerNotFound,
    QuotaExceeded,
)
from tests.engine.conftest import design, rolled_back

# At noon: after ten in the evening the game gives a night owl more.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE players; --",
    "{{ 7*7 }} {% now %} ${7*7} %s %(x)s",
    "error",
    "‮evil‬",
    "👩‍🚀🏴‍☠️",
    "a" * 255,
    " ",
    '"\\',
]


def test_a_creation_answers_empty_lists_and_gives_the_bootstrap(quest: Realm) -> None:
    answer = services.create_player(quest, "grace", alias="Grace", email="grace@example.org")
    created = answer.pop("created")
    assert answer == {
        "id": "grace",
        "alias": "Grace",
        "scores": [],
        "teams": [],
        "enabled": True,
        "bootstrap": True,
    }
    profile = selectors.profile(quest, "grace")
    assert profile["created"] == created
    assert profile["email"] == "grace@example.org"
    assert [entry["metric"]["id"] for entry in profile["scores"]] == ["xp", "rank", "impact"]
    (call,) = Call.objects.filter(kind=Call.Kind.CREATE)
    assert call.events == []
    assert [write[0] for write in call.writes] == ["xp", "rank", "impact"]


def test_without_an_alias_it_is_the_id(small: Realm) -> None:
    assert services.create_player(small, "ada")["alias"] == "ada"
    assert services.create_player(small, "grace", alias="")["alias"] == "grace"


@pytest.mark.parametrize("player_id", ["a", "7", "_", "ada.b@c+d-e", "A" * 128])
def test_ids_that_are_accepted(small: Realm, player_id: str) -> None:
    assert services.create_player(small, player_id)["id"] == player_id


@pytest.mark.parametrize("player_id", ["", ".a", "@a", "ä", "a/b", "a b", "a\n", "A" * 129, 3, None])
def test_ids_that_are_refused(small: Realm, player_id: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.create_player(small, player_id)
    assert "player_id" in str(refusal.value)
    assert not Player.objects.exists()


@pytest.mark.parametrize("alias", HOSTILE)
def test_a_hostile_alias_is_kept_verbatim(small: Realm, alias: str) -> None:
    services.create_player(small, "ada", alias=alias)
    recorded = services.play(small, "ada", "read")
    assert recorded.events["local"][0]["actor"]["alias"] == alias
    assert selectors.leaderboard(small, "top")["data"][0]["player"]["alias"] == alias


@pytest.mark.parametrize("alias", ["a\0b", "a\nb", "\x1b[31m", "\x85", "\ud800", "a" * 256, 5, b"ada"])
def test_control_characters_and_endless_names_are_refused(small: Realm, alias: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.create_player(small, "ada", alias=alias)
    assert refusal.value.data["errors"][0]["path"] == "/alias"
    assert not Player.objects.exists()


@pytest.mark.parametrize("email", ["no address", "a@b\n", 5])
def test_what_is_no_address_is_refused(small: Realm, email: Any) -> None:
    with pytest.raises(InvalidRequest):
        services.create_player(small, "ada", email=email)


def test_an_id_is_given_once(small: Realm) -> None:
    services.create_player(small, "ines", alias="Ines")
    with transaction.atomic():
        with pytest.raises(PlayerExists, match="A player with ID 'ines' already exists"):
            services.create_player(small, "ines", alias="Another")
        services.create_player(small, "rui")  # the caller's transaction is not broken
    assert selectors.players(small)["data"] == [
        {"id": "ines", "alias": "Ines", "enabled": True},
        {"id": "rui", "alias": "rui", "enabled": True},
    ]


def test_a_creation_goes_with_the_callers_transaction(small: Realm) -> None:
    with rolled_back():
        services.create_player(small, "ada")
        services.play(small, "ada", "read")
    assert not Player.objects.exists()
    assert not Call.objects.exclude(kind=Call.Kind.ACTIVATION).exists()


def test_a_player_may_have_joined_long_ago_but_not_tomorrow(small: Realm) -> None:
    long_ago = datetime(2009, 5, 1, 8, 30, 15, 123456, tzinfo=timezone.utc)
    assert services.create_player(small, "ada", at=long_ago)["created"] == "2009-05-01T08:30:15.123Z"
    with pytest.raises(InvalidRequest):
        services.create_player(small, "grace", at=datetime.now(timezone.utc) + timedelta(days=1))
    with pytest.raises(InvalidRequest):
        services.create_player(small, "grace", at=datetime(2020, 1, 1))  # noqa: DTZ001 - a naive one is the point


def test_there_is_nothing_to_join_before_a_design_is_active(small: Realm) -> None:
    with pytest.raises(ConfigurationError, match="playlyfe_engine_load starter --game small --environment staging"):
        services.create_player(Realm("small", "staging"), "ada")
    with pytest.raises(ConfigurationError, match="playlyfe_engine_load starter"):
        services.create_player(Realm("other"), "ada")


def test_several_games_must_be_told_apart(small: Realm, quest: Realm) -> None:
    services.create_player(small, "ada")
    for use in (
        lambda: services.create_player(Realm.only(), "grace"),
        lambda: services.play(Realm.only(), "ada", "read"),
        lambda: selectors.profile(Realm.only(), "ada"),
        lambda: selectors.metrics(Realm.only()),
    ):
        with pytest.raises(ConfigurationError, match=r'small, library_quest.*"OPTIONS": {"GAME": "small"}'):
            use()


def test_environments_are_worlds_apart(small: Realm) -> None:
    staging = Realm("small", "staging")
    activate(staging, design())
    services.create_player(small, "ada")
    with pytest.raises(PlayerNotFound):
        services.play(staging, "ada", "read")
    services.create_player(staging, "ada")
    services.play(staging, "ada", "read")
    assert selectors.leaderboard(small, "top")["total"] == 0
    assert selectors.leaderboard(staging, "top")["total"] == 1


def test_a_limit_of_players(small: Realm, settings: Any) -> None:
    settings.PLAYLYFE_SERVER = {"PLAYER_LIMIT": 1}
    services.create_player(small, "ada")
    with pytest.raises(QuotaExceeded) as refusal:
        services.create_player(small, "grace")
    assert refusal.value.code == "player_limit_exceeded"


def test_a_creation_costs_a_fixed_number_of_queries(small: Realm, quest: Realm, count_queries: Any) -> None:
    for realm, cost in ((small, 3), (quest, 5)):  # game, player, call; a bootstrap: scores, and rows of boards
        services.create_player(realm, "ines")  # the design is compiled
        with count_queries() as counted:
            services.create_player(realm, "ada")
        assert len(counted) == cost, counted


# --- changes ----------------------------------------------------------------------------------------------------------


def test_only_what_is_given_changes(small: Realm) -> None:
    services.create_player(small, "ada", alias="Ada", email="ada@example.org")
    services.update_player(small, "ada", alias="Countess")
    profile = services.update_player(small, "ada", enabled=False)
    assert (profile["alias"], profile["email"], profile["enabled"]) == ("Countess", "ada@example.org", False)
    profile = services.update_player(small, "ada", alias="", email="")
    assert profile["alias"] == "ada"
    assert "email" not in profile


def test_wrong_changes_change_nothing(small: Realm) -> None:
    services.create_player(small, "ada", alias="Ada")
    for wrong in ({"alias": "a\0"}, {"email": "x"}, {"enabled": "no"}):
        with pytest.raises(InvalidRequest):
            services.update_player(small, "ada", **wrong)  # type: ignore[arg-type] # wrong on purpose
    assert selectors.profile(small, "ada")["alias"] == "Ada"
    with pytest.raises(PlayerNotFound):
        services.update_player(small, "nobody", alias="x")


# --- erasure ----------------------------------------------------------------------------------------------------------


def test_an_erased_player_leaves_nameless_calls(quest: Realm, ines: str) -> None:
    services.create_player(quest, "rui")
    for number in range(5):
        variables = {"pages": 100, "diary": "secret thoughts"}
        key = f"ines:{number}"
        services.play(quest, ines, "finish_book", variables, idempotency_key=key, dice=lambda _key: 0.9)
    services.undo(quest, ines, "finish_book", "ines:0")
    calls = Call.objects.filter(player__player_id=ines).count()
    services.delete_player(quest, ines)
    with pytest.raises(PlayerNotFound):
        selectors.profile(quest, ines)
    assert not Score.objects.filter(player__player_id=ines).exists()
    assert not ActionCount.objects.exists()
    assert not FeedEntry.objects.exists()
    tombstones = Call.objects.filter(player=None).exclude(kind=Call.Kind.ACTIVATION)
    assert tombstones.count() == calls
    for call in tombstones:
        everything = repr({field.name: getattr(call, field.name) for field in Call._meta.fields})
        assert "ines" not in everything.lower()
        assert "secret" not in everything
        assert call.idempotency_key is None
    assert [write[0] for call in tombstones.filter(kind="play", status="applied")[:1] for write in call.writes] == [
        "xp",
        "impact",
    ]
    assert selectors.leaderboard(quest, "top_readers")["total"] == 1


def test_an_id_may_return_after_an_erasure_and_starts_anew(quest: Realm, ines: str) -> None:
    services.play(quest, ines, "finish_book", {"pages": 100}, idempotency_key="one")
    services.delete_player(quest, ines)
    services.create_player(quest, ines)
    assert not services.play(quest, ines, "finish_book", {"pages": 200}, idempotency_key="one").replayed
    assert selectors.profile(quest, ines)["scores"][0]["value"] == "20"


def test_an_unknown_player_cannot_be_erased(small: Realm) -> None:
    with pytest.raises(PlayerNotFound):
        services.delete_player(small, "nobody")


def test_others_keep_what_is_theirs(quest: Realm, ines: str) -> None:
    services.create_player(quest, "rui")
    services.play(quest, "rui", "finish_book", {"pages": 600})
    before = selectors.profile(quest, "rui"), selectors.activity(quest, "rui"), selectors.game_activity(quest)
    services.delete_player(quest, ines)
    assert before == (selectors.profile(quest, "rui"), selectors.activity(quest, "rui"), selectors.game_activity(quest))


def test_a_creation_is_announced(small: Realm, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[services.Recorded] = []

    def listen(call: services.Recorded, **kwargs: Any) -> None:
        heard.append(call)

    signals.recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.create_player(small, "ada")
    finally:
        signals.recorded.disconnect(listen)
    (call,) = heard
    assert (call.kind, call.player_id, call.events) == ("create", "ada", {"local": [], "global": []})
