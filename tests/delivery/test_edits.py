"""Edits by hand are owed to a game on a server as plays are: one row, in the caller's transaction, in order, once."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import DatabaseError, transaction

from django_playlyfe import services, signals
from django_playlyfe.delivery import claim, drain, retention
from django_playlyfe.exceptions import InvalidRequest, NotFound
from django_playlyfe.models import Delivery, Queue
from tests.client.servers import PROFILE, Reply

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2024, 3, 5, 12, tzinfo=dt.timezone.utc)
COINS = [{"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "20"}]
XP = {"metric": {"id": "xp", "name": "Experience", "type": "point"}, "value": "52"}


@pytest.fixture
def user(site, make_user):
    """A user whose creation is delivered."""
    user = make_user()
    drain()
    return user


@pytest.fixture
def answered(remote, user):
    """The profile with which the server answers every edit of the user."""
    profile = {**PROFILE, "id": str(user.pk), "scores": [XP]}
    for what in ("scores", "revert", "reset"):
        remote.answers[f"/v2/admin/players/{user.pk}/{what}"] = profile
    return profile


def edit_row():
    return Delivery.objects.filter(kind="score").latest("pk")


def failure():
    return Reply(500, {"error": "internal_error", "error_description": "oops"})


def sent_edits(remote):
    return [seen for seen in remote.requests if seen.path.rsplit("/", 1)[-1] in ("scores", "revert", "reset")]


EDITS = {
    "scores": (lambda user, **more: services.adjust_scores(user, COINS, **more), "PATCH", {"rewards": COINS}),
    "revert": (lambda user, **more: services.revert(user, ["e1"], **more), "POST", {"event_ids": ["e1"]}),
    "reset": (services.reset_player, "POST", {}),
}
each = pytest.mark.parametrize("what", EDITS)


@each
def test_an_edit_is_written_down_and_nobody_is_called(user, remote, states, what):
    seen = len(remote.requests)
    result = EDITS[what][0](user, by="vera", reason="lost in the post")
    row = edit_row()
    assert (result.status, result.player, result.key) == ("pending", None, str(row.key))
    assert (row.action, row.user_pk, row.payload["by"], row.payload["reason"]) == (
        "",
        str(user.pk),
        "vera",
        "lost in the post",
    )
    assert states()[-1] == ("score", "pending")
    assert len(remote.requests) == seen


@each
def test_it_is_sent_with_the_key_of_its_row_and_without_what_stays_here(user, remote, answered, what):
    edit, method, body = EDITS[what]
    edit(user, by="vera", reason="lost in the post")
    drain()
    (sent,) = sent_edits(remote)
    row = edit_row()
    assert (sent.method, sent.path) == (method, f"/v2/admin/players/{user.pk}/{what}")
    assert sent.json == body
    assert sent.headers["Idempotency-Key"] == sent.headers["X-Request-ID"] == str(row.key)
    assert (row.state, row.attempts, row.sends) == ("delivered", 1, 1)


@each
def test_who_waits_gets_the_profile(user, answered, what):
    result = EDITS[what][0](user, wait=True)
    assert (result.status, result.player.points("xp"), result.key) == ("applied", 52, str(edit_row().key))


def test_it_is_rolled_back_with_what_the_caller_wrote(user, rolled_back, states):
    with rolled_back():
        services.adjust_scores(user, COINS)
    assert states() == [("create", "delivered")]


def test_the_creation_and_the_plays_before_it_are_sent_first(site, remote, make_user):
    user = make_user()
    services.play(user, "wave")
    services.adjust_scores(user, COINS)
    services.play(user, "wave")
    assert drain().attempts == 4
    paths = [seen.path.removeprefix("/v2/") for seen in remote.requests if seen.method != "GET"]
    assert paths == [
        "admin/players",
        "runtime/actions/wave/play",
        f"admin/players/{user.pk}/scores",
        "runtime/actions/wave/play",
    ]


def test_who_was_never_a_player_is_told_at_once(site, make_user, settings, states):
    settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "CREATE_PLAYERS": False}}
    with pytest.raises(NotFound):
        services.adjust_scores(make_user(), COINS)
    assert states() == []


@pytest.mark.parametrize(
    "edit",
    [
        lambda user: services.adjust_scores(user, ["all"]),
        lambda user: services.adjust_scores(user, [{"value": object()}]),
        lambda user: services.adjust_scores(user, [{"value": "x" * 70_000}]),
        lambda user: services.reset_player(user, reason="x" * 501),
    ],
    ids=["no object", "no JSON", "too large", "long reason"],
)
def test_what_cannot_be_sent_is_refused_at_once(user, states, edit):
    with pytest.raises(InvalidRequest):
        edit(user)
    assert states() == [("create", "delivered")]


def test_an_edit_that_cannot_be_written_down_leaves_the_callers_transaction_usable(user, make_user, monkeypatch):
    def fail(*_args, **_kwargs):
        raise DatabaseError("disk full")

    with transaction.atomic():
        monkeypatch.setattr(Delivery, "save", fail)
        result = services.adjust_scores(user, COINS)
        with pytest.raises(DatabaseError):
            services.adjust_scores(user, COINS, strict=True)
        monkeypatch.undo()
        other = make_user(username="other")
    assert (bool(result), result.error.code) == (False, "not_written")
    assert other.pk


def test_a_lost_answer_is_asked_for_again_with_the_same_key(user, remote, answered):
    with time_machine.travel(NOW, tick=False) as clock:
        remote.replies.append(failure())
        services.adjust_scores(user, COINS)
        drain()
        row = edit_row()
        assert (row.state, row.keyed) == ("pending", True)
        clock.shift(3600)
        drain()
    assert [seen.headers["Idempotency-Key"] for seen in sent_edits(remote)] == [str(row.key)] * 2
    assert edit_row().state == "delivered"


@pytest.mark.parametrize(("policy", "state", "evidence"), [("hold", "uncertain", ""), ("resend", "pending", "resent")])
def test_without_keys_a_lost_answer_waits_for_a_person_or_is_resent(
    remote, configure, make_user, policy, state, evidence
):
    remote.headers = {}
    configure(remote.auth_url, remote.api_url, UNCERTAIN={"*": policy})
    user = make_user()
    drain()
    remote.replies.extend([Reply(200, {}), failure()])
    services.adjust_scores(user, COINS)
    drain()
    row = edit_row()
    assert (row.state, row.evidence, row.keyed, len(sent_edits(remote))) == (state, evidence, False, 1)
    assert services.pending(user) == 1


def test_what_the_server_announces_is_learnt_before_an_edit_is_sent_for_the_first_time(site, remote):
    services.adjust_scores("ada", COINS)
    drain()
    assert [seen.path for seen in remote.requests] == ["/v2/admin", "/v2/admin/players/ada/scores"]
    assert edit_row().keyed


def test_a_lost_player_is_created_and_the_edit_sent_once_more(user, remote, answered):
    remote.replies.append(Reply(404, {"error": "player_not_found", "error_description": "no"}))
    services.adjust_scores(user, COINS)
    drain()
    assert [seen.path for seen in remote.requests if seen.method != "GET"][-3:] == [
        f"/v2/admin/players/{user.pk}/scores",
        "/v2/admin/players",
        f"/v2/admin/players/{user.pk}/scores",
    ]
    assert edit_row().state == "delivered"


def test_a_wrong_edit_fails_and_the_next_row_is_sent(user, remote, hear, states, django_capture_on_commit_callbacks):
    heard = hear(signals.delivery_failed)
    remote.replies.append(Reply(400, {"error": "validation_exception", "error_description": "no such metric"}))
    services.adjust_scores(user, COINS)
    services.play(user, "wave")
    with django_capture_on_commit_callbacks(execute=True):
        drain()
    assert states()[1:] == [("score", "dead"), ("play", "delivered")]
    assert [(news["user"], news["event"].pk) for news in heard] == [(user, edit_row().pk)]


def test_who_waits_for_a_wrong_edit_gets_the_error(user, remote):
    remote.replies.append(Reply(404, {"error": "event_not_found", "error_description": "no"}))
    with pytest.raises(NotFound) as caught:
        services.revert(user, ["e1"], wait=True)
    assert caught.value.code == "event_not_found"


def test_a_limit_of_the_client_makes_it_wait(user, remote):
    remote.replies.append(Reply(503, {"error": "rate_limit_exceeded", "error_description": "no"}, {"Retry-After": "9"}))
    assert services.adjust_scores(user, COINS, wait=True).status == "pending"
    assert (edit_row().state, edit_row().attempts) == ("pending", 0)


def test_a_refused_client_pauses_the_queue(user, remote):
    text = "You are not allowed to access this api route"
    remote.replies.append(Reply(401, {"error": "access_denied", "error_description": text}))
    services.adjust_scores(user, COINS)
    drain()
    assert (edit_row().state, edit_row().attempts, Queue.objects.get().kind) == ("pending", 0, "all")


def test_an_answer_that_cannot_be_read_counts_as_done(user, remote):
    remote.replies.append(Reply(200, b"<html>"))
    result = services.adjust_scores(user, COINS, wait=True)
    assert (result.status, result.player, edit_row().evidence) == ("applied", None, "unread")


def test_what_is_owed_is_counted_as_pending(user, answered):
    services.adjust_scores(user, COINS)
    assert services.pending(user) == 1
    drain()
    assert services.pending(user) == 0


class TestTheEndOfARow:
    def test_a_forgotten_player_is_edited_no_more_and_nothing_personal_stays(self, user, answered, states):
        services.adjust_scores(user, COINS, reason="for Margaret", wait=True)
        services.adjust_scores(user, COINS, reason="for Margaret")
        user.delete()
        assert states() == [
            ("create", "delivered"),
            ("score", "delivered"),
            ("score", "cancelled"),
            ("delete", "pending"),
        ]
        assert "Margaret" not in str(list(Delivery.objects.values_list("payload", "answer")))

    def test_it_is_purged_after_thirty_days(self, user, answered):
        services.adjust_scores(user, COINS, wait=True)
        Delivery.objects.filter(kind="score").update(settled_at=NOW)
        assert retention.purge("default") == 1
        assert not Delivery.objects.filter(kind="score").exists()

    def test_after_a_restore_one_without_a_key_waits_for_a_person(self, user, site):
        services.adjust_scores(user, COINS)
        assert retention.hold_owed_plays("default") == 1
        assert edit_row().state == "uncertain"

    def test_one_whose_sender_died_is_sent_again_with_its_key(self, user, remote, site, answered):
        services.adjust_scores(user, COINS)
        row = claim.take(site)
        Delivery.objects.filter(pk=row.pk).update(lease_until=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))
        drain()
        assert (edit_row().state, edit_row().attempts) == ("delivered", 2)
        assert sent_edits(remote)[-1].headers["Idempotency-Key"] == str(row.key)

    def test_it_is_exported_with_all_that_is_stored_of_it(self, user, answered):
        services.adjust_scores(user, COINS, by="vera", wait=True)
        rows = services.export(user)["deliveries"]
        assert [(row["kind"], row["payload"]["by"]) for row in rows if row["kind"] == "score"] == [("score", "vera")]
