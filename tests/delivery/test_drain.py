"""What is owed arrives: in order, once, whatever happens in between."""

from __future__ import annotations

import contextlib
import datetime as dt
import json

import pytest
import time_machine
from django.db import OperationalError, connection, transaction

from django_playlyfe import services, signals
from django_playlyfe.delivery import claim, drain
from django_playlyfe.models import Delivery, PlayerLink, Queue
from tests.client.servers import PLAYED, Reply, raw_server, reset

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2024, 3, 5, 12, tzinfo=dt.timezone.utc)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def user(site, make_user):
    """A user whose creation is delivered."""
    user = make_user()
    drain()
    return user


def refusal(name, status=400, text="no", **headers):
    return Reply(status, {"error": name, "error_description": text}, headers or None)


def play_row():
    return Delivery.objects.filter(kind="play").latest("pk")


def test_a_creation_is_sent_with_the_key_of_its_row_and_links_the_user(site, remote, make_user):
    user = make_user()
    drain()
    sent = next(seen for seen in remote.requests if seen.method == "POST")
    row = Delivery.objects.get()
    assert sent.path == "/v2/admin/players"
    assert sent.json == {"id": str(user.pk), "alias": user.get_username()}
    assert sent.headers["Idempotency-Key"] == sent.headers["X-Request-ID"] == str(row.key)
    assert (row.state, row.attempts, row.sends) == ("delivered", 1, 1)
    assert user.playlyfe_links.get().state == PlayerLink.State.LINKED


def test_inside_a_transaction_it_waits_for_the_commit(site, remote, user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        services.play(user, "wave")
        assert drain().attempts == 0
        assert play_row().state == "pending"
    assert play_row().state == "delivered"


def test_what_is_rolled_back_is_never_sent(site, remote, user):
    sent = len(remote.requests)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        services.play(user, "wave")
        drain()
        raise ZeroDivisionError
    drain()
    assert len(remote.requests) == sent


def test_a_player_who_exists_already_is_brought_up_to_date_and_linked(site, remote, make_user):
    user = make_user()
    remote.replies.append(refusal("player_exists", 409))
    drain()
    assert [seen.method for seen in remote.requests] == ["POST", "PATCH"]
    assert user.playlyfe_links.get().state == PlayerLink.State.LINKED


def test_rows_of_a_player_go_in_their_order(site, remote, make_user):
    user = make_user()
    services.play(user, "wave")
    services.play(user, "finish_book", {"pages": 1})
    assert drain().attempts == 3
    paths = [seen.path for seen in remote.requests if seen.method == "POST"]
    assert paths == [
        "/v2/admin/players",
        "/v2/runtime/actions/wave/play",
        "/v2/runtime/actions/finish_book/play",
    ]


def test_a_row_waits_for_an_earlier_one_of_the_same_player_only(site, remote, make_user, states):
    ada, grace = make_user(), make_user()
    Delivery.objects.filter(subject=str(ada.pk)).update(not_before=NOW + dt.timedelta(days=36500))
    services.play(ada, "wave")
    services.play(grace, "wave")
    drain()
    assert states() == [
        ("create", "pending"),
        ("create", "delivered"),
        ("play", "pending"),
        ("play", "delivered"),
    ]


def test_a_failed_creation_blocks_the_players_plays_until_it_is_tried_again(site, remote, make_user, states):
    user = make_user()
    remote.replies.append(refusal("validation_exception"))
    services.play(user, "wave")
    drain()
    assert states() == [("create", "dead"), ("play", "pending")]
    assert user.playlyfe_links.get().state == PlayerLink.State.FAILED
    services.ensure_player(user)
    drain()
    assert states() == [("create", "delivered"), ("play", "delivered")]


def test_an_answer_is_stored_and_told_to_receivers(user, remote, hear, django_capture_on_commit_callbacks):
    heard = hear(signals.action_played)
    services.play(user, "finish_book", {"pages": 320})
    with django_capture_on_commit_callbacks(execute=True):
        drain()
    assert play_row().answer["events"]["local"] == PLAYED["events"]["local"]
    (news,) = heard
    assert (news["user"], news["player_id"], news["game"]) == (user, str(user.pk), "default")
    assert news["result"].earned[0].amount == 32


def test_a_lost_player_is_created_and_the_play_sent_once_more(user, remote):
    remote.replies.append(refusal("player_not_found", 404))
    services.play(user, "wave")
    drain()
    assert [seen.path for seen in remote.requests if seen.method == "POST"][-3:] == [
        "/v2/runtime/actions/wave/play",
        "/v2/admin/players",
        "/v2/runtime/actions/wave/play",
    ]
    assert play_row().state == "delivered"


def test_a_player_nobody_is_linked_to_is_not_made_up(site, remote):
    remote.replies.extend([Reply(200, {}), refusal("player_not_found", 404)])
    services.play("nobody", "wave")
    drain()
    assert (play_row().state, play_row().error_code) == ("dead", "player_not_found")


def test_nothing_arrives_while_the_game_is_gone_and_all_of_it_later(gone, remote, configure, make_user, clock, states):
    user = make_user()
    services.play(user, "wave")
    drain()
    row = Delivery.objects.earliest("pk")
    assert (row.state, row.sends, row.error_code) == ("pending", 0, "not_sent")
    assert row.not_before > NOW
    configure(remote.auth_url, remote.api_url)
    clock.shift(3600)
    drain()
    assert states() == [("create", "delivered"), ("play", "delivered")]


def test_a_lost_answer_is_asked_for_again_with_the_same_key(user, remote, clock):
    remote.replies.append(Reply(500, {"error": "internal_error", "error_description": "oops"}))
    services.play(user, "wave")
    drain()
    row = play_row()
    assert (row.state, row.keyed) == ("pending", True)
    clock.shift(3600)
    drain()
    keys = [seen.headers["Idempotency-Key"] for seen in remote.requests if seen.path.endswith("/play")]
    assert keys == [str(row.key)] * 2
    assert play_row().state == "delivered"


@pytest.mark.parametrize(("policy", "state", "evidence"), [("hold", "uncertain", ""), ("resend", "pending", "resent")])
def test_without_keys_a_lost_answer_waits_for_a_person_or_is_resent(
    remote, configure, make_user, policy, state, evidence
):
    remote.headers = {}
    configure(remote.auth_url, remote.api_url, UNCERTAIN={"wave": policy})
    user = make_user()
    drain()
    remote.replies.extend([Reply(200, {}), Reply(500, {"error": "internal_error", "error_description": "oops"})])
    services.play(user, "wave")
    drain()
    row = play_row()
    assert (row.state, row.evidence, row.keyed) == (state, evidence, False)


def test_an_uncertain_play_does_not_hold_up_the_player(remote, configure, make_user, states):
    remote.headers = {}
    configure(remote.auth_url, remote.api_url)
    user = make_user()
    drain()
    remote.replies.extend([Reply(200, {}), Reply(500, b"")])
    services.play(user, "wave")
    services.play(user, "wave")
    drain()
    assert states()[1:] == [("play", "uncertain"), ("play", "delivered")]


def test_a_refusal_of_the_game_is_an_answer_and_shown_once(user, remote):
    services.play(user, "finish_book", {"pages": 320})
    drain()
    services.feedback(user)
    remote.replies.append(refusal("rate_limit_exceeded", 503, "only once a day"))
    services.play(user, "finish_book", {"pages": 1})
    drain()
    assert play_row().state == "refused"
    (news,) = services.feedback(user)
    assert (news.status, news.action.name, str(news.error.description)) == (
        "refused",
        "Finish a book",
        "only once a day",
    )
    assert services.feedback(user) == []


def test_an_answer_that_cannot_be_read_counts_as_done_and_shows_nothing(user, remote):
    remote.replies.append(Reply(200, b"<html>"))
    services.play(user, "wave")
    drain()
    row = play_row()
    assert (row.state, row.evidence, row.answer) == ("delivered", "unread", None)
    assert services.feedback(user) == []


def test_wrong_credentials_pause_the_queue_until_a_probe_succeeds(remote, site, make_user, clock, states):
    for _ in range(3):
        make_user()
    remote.token_replies.append(refusal("client_auth_fail", 401))
    assert drain().attempts == 1
    pause = Queue.objects.get()
    assert (pause.kind, pause.paused_until > NOW) == ("all", True)
    assert "client_auth_fail" in pause.reason or "authentication" in pause.reason.lower()
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}
    assert drain().attempts == 0
    clock.shift(120)
    drain()
    assert states() == [("create", "delivered")] * 3
    assert not Queue.objects.exists()


def test_one_of_many_drainers_is_elected_to_probe(site, make_user, clock):
    make_user()
    Queue.objects.create(game="default", paused_until=NOW - dt.timedelta(seconds=1), reason="tls")
    from django_playlyfe.delivery import pauses

    first, second = pauses.look(site), pauses.look(site)
    assert (len(first.probing), first.closed_until) == (1, None)
    assert second.closed_until is not None


def test_a_limit_of_players_pauses_creations_alone(user, remote, make_user, clock, states):
    make_user(username="late")
    services.play(user, "wave")
    remote.replies.append(refusal("player_limit_exceeded", 403))
    row = Delivery.objects.filter(kind="create", state="pending")
    row.update(not_before=NOW - dt.timedelta(days=1))
    drain()
    assert Queue.objects.get().kind == "create"
    assert Delivery.objects.get(kind="create", state="pending").attempts == 0
    drain()
    assert play_row().state == "delivered"


def test_five_equal_failures_pause_the_queue_and_are_owed_again(site, remote, make_user, clock):
    for _ in range(6):
        make_user()
    remote.replies.extend([refusal("validation_exception", text="wrong base")] * 5)
    drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert "5 deliveries in a row failed with validation_exception" in Queue.objects.get().reason
    assert set(PlayerLink.objects.values_list("state", flat=True)) == {"pending"}


def test_a_row_that_breaks_our_own_code_is_given_up_after_three_attempts(user, monkeypatch, clock, caplog):
    def explode(*_args, **_kwargs):
        raise ZeroDivisionError("secret-canary-0123456789")

    services.play(user, "wave")
    monkeypatch.setattr("django_playlyfe.backends.http.HttpBackend.play", explode)
    for _ in range(3):
        drain()
        clock.shift(3600)
    row = play_row()
    assert (row.state, row.evidence, row.error_code) == ("dead", "poison", "ZeroDivisionError")
    assert "canary" not in caplog.text


def test_trouble_that_lasts_two_weeks_is_the_end(user, remote, clock):
    services.play(user, "wave")
    clock.shift(15 * 86400)
    remote.replies.append(Reply(500, b""))
    drain()
    assert (play_row().state, play_row().evidence) == ("dead", "expired")


class TestWhenToComeBack:
    def test_nothing_owed_is_no_reason_to_come_back(self, user):
        assert drain().resume_at is None

    def test_a_row_that_waits_for_another_one_gives_no_time(self, gone, make_user, clock):
        services.play(make_user(), "wave")
        drain()
        create = Delivery.objects.get(kind="create")
        assert drain().resume_at == create.not_before > NOW

    def test_paused_creations_come_back_with_the_end_of_the_pause(self, site, make_user, clock):
        make_user()
        Queue.objects.create(game="default", kind="create", paused_until=NOW + dt.timedelta(minutes=5))
        assert drain().resume_at == NOW + dt.timedelta(minutes=5)


def test_what_was_on_its_way_when_the_player_was_forgotten_is_scrubbed_with_the_deletion(user, site, states):
    services.play(user, "finish_book", {"pages": 321})
    row = claim.take(site)
    user.delete()
    assert drain().attempts == 0
    claim.settle(row, {"state": "delivered", "answer": {"events": {"local": ["321"]}}}, also=lambda: None)
    drain()
    assert states()[-1] == ("delete", "delivered")
    assert "321" not in str(list(Delivery.objects.values_list("payload", "answer")))


class TestWhenItHappened:
    def test_a_play_that_is_sent_at_once_lets_the_game_look_at_its_clock(self, user, remote, clock):
        services.play(user, "wave")
        drain()
        assert "played_at" not in remote.requests[-1].json

    def test_a_late_play_says_when_it_happened(self, user, remote, clock):
        services.play(user, "wave")
        clock.shift(7200)
        drain()
        assert remote.requests[-1].json["played_at"] == "2024-03-05T12:00:00.000Z"

    def test_a_play_of_yesterday_says_so(self, user, remote, clock):
        services.play(user, "wave", at=NOW - dt.timedelta(days=1))
        drain()
        assert remote.requests[-1].json["played_at"] == "2024-03-04T12:00:00.000Z"

    def test_a_second_send_says_what_the_first_one_said(self, user, remote, clock):
        remote.replies.append(Reply(500, b""))
        services.play(user, "wave")
        drain()
        clock.shift(7200)
        drain()
        sent = [seen.json for seen in remote.requests if seen.path.endswith("/play")]
        assert sent[0] == sent[1]

    def test_a_server_that_does_not_announce_it_is_told_nothing(self, remote, configure, make_user, clock):
        remote.headers = {}
        configure(remote.auth_url, remote.api_url)
        services.play(make_user(), "wave", at=NOW - dt.timedelta(days=1))
        drain()
        assert "played_at" not in remote.requests[-1].json


class TestClaims:
    def test_two_drainers_never_have_the_same_row(self, user, site):
        services.play(user, "wave")
        services.play(user, "wave")
        assert claim.take(site) is not None
        assert claim.take(site) is None

    def test_a_row_whose_sender_died_is_sent_again_with_its_key(self, user, remote, site):
        services.play(user, "wave")
        row = claim.take(site)
        Delivery.objects.filter(pk=row.pk).update(lease_until=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))
        drain()
        assert (play_row().state, play_row().attempts) == ("delivered", 2)
        assert remote.requests[-1].headers["Idempotency-Key"] == str(row.key)

    def test_without_keys_it_waits_for_a_person(self, user, remote, site):
        services.play(user, "wave")
        row = claim.take(site)
        Delivery.objects.filter(pk=row.pk).update(
            keyed=False, lease_until=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
        )
        drain()
        assert play_row().state == "uncertain"

    def test_an_answer_that_comes_after_the_lease_is_believed_until_the_row_has_a_new_owner(self, user, site, caplog):
        services.play(user, "wave")
        row = claim.take(site)
        Delivery.objects.filter(pk=row.pk).update(lease_until=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))
        again = claim.take(site)
        assert again.pk == row.pk
        assert not claim.settle(row, {"state": "delivered"}, also=lambda: None)
        assert "delivery.late" in caplog.text
        assert claim.settle(again, {"state": "delivered"}, also=lambda: None)

    def test_no_transaction_is_open_while_the_game_is_called(self, user, remote, site, monkeypatch):
        inside = connection.savepoint_ids[:]
        seen = []
        original = type(site).play

        def look(self, *args, **kwargs):
            seen.append(connection.savepoint_ids[:])
            return original(self, *args, **kwargs)

        monkeypatch.setattr(type(site), "play", look)
        services.play(user, "wave")
        drain()
        assert seen == [inside]


def test_a_connection_that_breaks_after_the_request_is_not_taken_for_unsent(remote, configure, make_user, clock):
    def script(server, connection, number):
        server.read_request(connection)
        reset(connection)

    with raw_server(script) as broken:
        configure(remote.auth_url, f"{broken.url}/v2")
        make_user()
        drain()
    row = Delivery.objects.get()
    assert (row.state, row.sends, row.error_code) == ("pending", 1, "response_lost")


def test_payloads_are_json(user):
    services.play(user, "wave", {"pages": 1})
    assert json.loads(json.dumps(play_row().payload))["variables"] == {"pages": 1}


def test_a_disabled_user_becomes_a_disabled_player(site, remote, make_user):
    make_user(is_active=False)
    drain()
    assert [(seen.method, seen.json) for seen in remote.requests][1:] == [("PATCH", {"enabled": False})]


def test_a_server_that_does_not_let_an_existing_player_be_changed_has_the_player_all_the_same(
    site, remote, make_user, states
):
    make_user()
    remote.replies.extend([refusal("player_exists", 409), refusal("route_not_found", 404)])
    drain()
    assert states() == [("create", "delivered")]
    assert not Queue.objects.exists()


def test_a_database_that_is_locked_for_a_moment_is_asked_again(user, site, monkeypatch):
    monkeypatch.setattr(claim, "_SETTLE_EVERY", 0)
    monkeypatch.setattr(claim, "_is_in_transaction", lambda: False)
    services.play(user, "wave")
    row, tries = claim.take(site), []

    def effect():
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("database is locked")

    assert claim.settle(row, {"state": "delivered"}, also=effect)
    assert len(tries) == 3


def test_a_question_that_fails_leaves_the_play_unsent(remote, configure, make_user):
    remote.headers = {}
    configure(remote.auth_url, remote.api_url)
    user = make_user()
    drain()
    remote.replies.extend([Reply(500, b"")] * 2)  # a question may be repeated in the background
    services.play(user, "wave")
    drain()
    row = play_row()
    assert (row.state, row.sends, row.attempts) == ("pending", 0, 1)
    assert not any(seen.path.endswith("/play") for seen in remote.requests)
