"""D1 to D32 without a second process: the database, the drainer and the users (``reliability.md`` §5).

What is killed, stopped or restarted is in ``test_processes.py``.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import subprocess
import sys
import threading
import tracemalloc
import uuid
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from django_playlyfe import services
from django_playlyfe.delivery import claim, drain, retention
from django_playlyfe.exceptions import Conflict
from django_playlyfe.models import Delivery, PlayerLink
from django_playlyfe.services import queue
from tests.faultserver.game import played
from tests.faultserver.handle import ROOT
from tests.faultserver.steps import ALWAYS, Step

from .conftest import of_each_kind, owe, raised, rows, the_play, the_row

pytestmark = pytest.mark.django_db


def resident_memory():
    """Bytes of this process; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0


def order_of(remote, player_id):
    """Actions in the order in which they took effect."""
    return [entry["action"] for entry in remote.applied() if entry["player"] == str(player_id)]


@pytest.mark.django_db(transaction=True)
def test_D1_a_database_that_is_down_is_the_registrations_own_error(remote, site, make_user, monkeypatch):
    site(remote.url)

    def down(*_args, **_options):
        raise OperationalError("the database is down")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", down)
        with pytest.raises(OperationalError):
            make_user(username="margaret")
    assert rows() == []
    assert not get_user_model().objects.exists()
    assert remote.requests() == []


@pytest.mark.django_db(transaction=True)
def test_D2_without_its_table_users_are_saved_and_sync_repairs(remote, site, make_user, caplog):
    site(remote.url)
    table = Delivery._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(Delivery, table, "deliveries_that_are_away")
    try:
        user = make_user(username="margaret")
        assert get_user_model().objects.filter(pk=user.pk).exists()
        failed = [record for record in caplog.records if getattr(record, "event", "") == "registration.row_failed"]
        assert [record.levelname for record in failed] == ["CRITICAL"]
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Delivery, "deliveries_that_are_away", table)
    assert remote.requests() == []
    call_command("playlyfe_sync_players", verbosity=0)
    drain()
    assert rows() == [("create", "delivered")]
    assert remote.record()["players"] == [str(user.pk)]


def test_D3_a_registration_that_is_rolled_back_leaves_nothing_to_send(remote, site, make_user, rolled_back):
    site(remote.url)
    before = threading.active_count()
    with rolled_back():
        services.play(make_user(), "wave")
        assert len(rows()) == 2
    assert rows() == []
    drain()
    assert remote.requests() == []
    assert threading.active_count() == before


def test_D16_a_database_that_is_locked_while_settling_is_asked_again(remote, site, player, monkeypatch):
    monkeypatch.setattr(claim, "_SETTLE_EVERY", 0)
    monkeypatch.setattr(claim, "_is_in_transaction", lambda: False)
    from django_playlyfe.delivery import sending

    take_effect, tries = sending.take_effect, []

    def locked_twice(*arguments):
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("database is locked")
        take_effect(*arguments)

    monkeypatch.setattr(sending, "take_effect", locked_twice)
    site(remote.url)
    services.play(player(), "wave")
    drain()
    assert rows() == [("play", "delivered")]
    assert (len(tries), len(remote.applied())) == (3, 1)


def test_D16_one_that_stays_locked_leaves_the_row_to_its_lease(remote, site, player, monkeypatch):
    from django_playlyfe.delivery import sending

    monkeypatch.setattr(claim, "_SETTLE_FOR", 0)
    take_effect = sending.take_effect

    def locked(*_arguments):
        raise OperationalError("database is locked")

    monkeypatch.setattr(sending, "take_effect", locked)
    site(remote.url)
    services.play(player(), "wave")
    with pytest.raises(OperationalError):
        drain()
    assert the_play().state == "sending"
    Delivery.objects.update(lease_until=timezone.now() - timedelta(days=1))
    monkeypatch.setattr(sending, "take_effect", take_effect)
    drain()
    assert rows() == [("play", "delivered")]
    assert (len(remote.plays), len(remote.applied())) == (2, 1)
    assert the_play().answer["replayed"]


@of_each_kind
def test_D18_a_user_deleted_before_the_delivery_was_never_there(kind, remote, site, make_user):
    site(remote.url)
    user = make_user()
    owe(kind, user)
    user.delete()
    drain()
    assert rows() == [("create", "cancelled"), (kind, "cancelled")]
    assert remote.requests() == []


@of_each_kind
@pytest.mark.parametrize("choice", ["forget", "keep"])
def test_D19_a_user_deleted_after_the_creation_takes_the_plays_along(choice, kind, remote, site, make_user, settings):
    site(remote.url)
    settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "ON_USER_DELETE": choice}}
    user = make_user()
    drain()
    owe(kind, user)
    user.delete()
    drain()
    assert rows()[:2] == [("create", "delivered"), (kind, "cancelled")]
    assert rows()[2:] == ([("delete", "delivered")] if choice == "forget" else [])
    assert remote.record()["players"] == ([] if choice == "forget" else [str(Delivery.objects.first().subject)])
    assert remote.sent(kind) == []


def test_D20_a_payload_that_cannot_be_encoded_is_given_up_and_the_loop_goes_on(remote, site, player, clock, events):
    site(remote.url)
    poisoned, other = player(), player()
    services.play(poisoned, "wave")
    services.play(other, "wave")
    Delivery.objects.filter(subject=str(poisoned.pk)).update(payload={"variables": {}, "scopes": []})  # no count
    for _ in range(4):
        drain()
        clock.move(3600)
    assert rows() == [("play", "dead"), ("play", "delivered")]
    row = Delivery.objects.first()
    assert (row.evidence, row.attempts) == ("poison", 3)
    assert len(remote.plays) == 1
    assert events().count("delivery.dead") >= 3, "where it happened, each time"


def test_D21_what_was_owed_in_an_outage_is_drained_in_order_at_the_rate_in_flat_memory(
    remote, site, player, clock, page, caplog, capsys
):
    """Two hours of outage. Three hundred rows here, ten thousand under ``nox -s nightly`` (``OUTAGE_ROWS``)."""
    caplog.set_level(logging.ERROR)  # what pytest keeps of the log is not the drainer's memory
    remote.reset(Step(on="any", status=503, body="", times=ALWAYS))
    site(remote.url, DELIVERY_RATE=20)
    users = [player() for _ in range(10)]
    services.play(users[0], "wave")
    pattern = the_play()
    Delivery.objects.all().delete()
    count = int(os.environ.get("OUTAGE_ROWS", "300"))
    owed = [
        Delivery(
            game="default",
            subject=str(users[number % 10].pk),
            action=f"a{number:05d}",
            kind="play",
            payload=pattern.payload,
            played_at=pattern.played_at,
            not_before=pattern.not_before,
            created_at=pattern.created_at,
        )
        for number in range(count)
    ]
    Delivery.objects.bulk_create(owed)
    for _ in range(10):
        drain(clock=clock)
        page(users[0])
        clock.move(720)
    assert remote.applied() == []
    remote.reset()
    clock.move(600)
    started = clock.monotonic()
    drain(most=100, clock=clock)
    gc.collect()
    early, resident = len(gc.get_objects()), resident_memory()
    while drain(most=50, clock=clock).attempts:
        pass
    gc.collect()
    growth = len(gc.get_objects()) - early
    with capsys.disabled():
        rate = count / (clock.monotonic() - started)
        grown = (resident_memory() - resident) / 1e6
        print(
            f"\n    {count} rows owed in an outage: {rate:.1f} sends/s of 20, {growth} objects and {grown:.1f} MB more",
            end="",
        )
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert len(remote.applied()) == count
    for user in users:
        assert order_of(remote, user.pk) == sorted(order_of(remote, user.pk))
    assert count / (clock.monotonic() - started) <= 20 * 1.01
    assert growth < min(3 * (count - 150), 5000), f"{growth} objects more after {count} rows"


def test_D22_one_business_key_is_one_row(remote, site, player):
    site(remote.url)
    user = player()
    first = services.play(user, "wave", {"a": 1}, idempotency_key="book:17")
    again = services.play(user, "wave", {"a": 1}, idempotency_key="book:17")
    assert (again.key, again.replayed) == (first.key, True)
    assert isinstance(raised(services.play, user, "wave", {"a": 2}, idempotency_key="book:17"), Conflict)
    drain()
    assert len(remote.applied()) == 1
    assert services.play(user, "wave", {"a": 1}, idempotency_key="book:17").status == "applied"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_D22_also_when_both_come_at_once(remote, site, player):
    site(remote.url)
    user = player()
    barrier, keys = threading.Barrier(4), []

    def play():
        barrier.wait()
        keys.append(services.play(user, "wave", {}, idempotency_key="book:17").key)
        connections.close_all()

    threads = [threading.Thread(target=play) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(keys), len(set(keys))) == (4, 1)
    drain()
    assert len(remote.applied()) == 1


def test_D23_a_smaller_id_that_is_committed_late_is_neither_lost_nor_doubled(remote, site, player):
    site(remote.url)
    user = player()
    services.play(user, "later")
    first = the_play()
    Delivery.objects.filter(pk=first.pk).update(id=first.pk + 1000)
    drain()
    late = Delivery(
        pk=first.pk,
        game="default",
        subject=str(user.pk),
        action="earlier",
        kind="play",
        payload=first.payload,
        played_at=first.played_at,
        not_before=first.not_before,
        created_at=first.created_at,
    )
    late.save(force_insert=True)
    drain()
    assert order_of(remote, user.pk) == ["later", "earlier"], "id order is not commit order; the docs say so"
    assert rows() == [("play", "delivered"), ("play", "delivered")]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_D23_of_two_open_transactions_about_one_player_neither_play_is_lost_or_doubled(remote, site, player):
    site(remote.url)
    user = player()
    written, may_commit = threading.Event(), threading.Event()

    def commit_late():
        with transaction.atomic():
            services.play(user, "earlier")
            written.set()
            may_commit.wait(20)
        connections.close_all()

    late = threading.Thread(target=commit_late)
    late.start()
    assert written.wait(20)
    services.play(user, "later")
    drain()
    assert order_of(remote, user.pk) == ["later"], "it was committed first"
    may_commit.set()
    late.join(20)
    assert [row.action for row in Delivery.objects.order_by("pk")] == ["earlier", "later"], (
        "id order is not commit order"
    )
    drain()
    assert order_of(remote, user.pk) == ["later", "earlier"]
    assert rows() == [("play", "delivered"), ("play", "delivered")]


@pytest.mark.parametrize("jump", [3600, -3600])
def test_D24_a_clock_that_jumps_steals_no_lease_and_loses_nothing(jump, remote, site, player, clock):
    backend = site(remote.url)
    user = player()
    services.play(user, "wave")
    row = claim.take(backend)
    clock.move(jump)
    assert claim.take(backend) is None, "leases live by the clock of the database"
    services.play(user, "wave")
    assert claim.take(backend) is None
    assert claim.settle(row, {"state": "delivered", "settled_at": timezone.now()}, also=lambda: None)
    clock.move(-jump)
    drain()
    clock.move(3601)
    drain()
    assert rows() == [("play", "delivered"), ("play", "delivered")]
    assert len(remote.applied()) == 1


NULL_FEED = {"body": "null"}
FEEDS = [
    pytest.param(NULL_FEED, id="D25-null"),
    pytest.param({"status": 404, "body": {"error": "route_not_found", "error_description": "no"}}, id="D25-404"),
    pytest.param({"status": 403, "body": {"error": "access_denied", "error_description": "scope"}}, id="D25-scope"),
    pytest.param({"body": json.dumps([played("a", "wave", 1)["events"]["local"][0]] * 50_000)}, id="D25-50,000"),
]


@pytest.mark.parametrize("fault", FEEDS)
def test_D25_an_activity_feed_in_trouble_changes_no_row(fault, remote, site, player, page):
    site(remote.url)
    user = player()
    services.play(user, "wave")
    drain()
    before = rows()
    remote.then(Step(on="get", times=ALWAYS, **fault))
    tracemalloc.start()
    try:
        text = page(user, "activity")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "Nothing has happened yet." in text if fault == NULL_FEED else "Not available at the moment." in text
    assert peak < 40_000_000, "of which the server's two copies of the fault"
    assert rows() == before
    assert remote.requests("/activity")


def test_D26_the_same_action_by_somebody_else_decides_nothing(remote, site, player, clock):
    remote.reset(Step(on="play", do="close", apply=False), announces=False)
    site(remote.url)
    user = player()
    services.play(user, "wave")
    drain()
    remote.reset(announces=False)
    drain()
    clock.move(86400)
    drain()
    assert the_play().state == "uncertain"
    assert remote.requests("/activity") == []
    assert remote.plays == []
    assert queue.send_again(Delivery.objects.all()) == 1
    drain()
    assert (the_play().state, the_play().evidence) == ("delivered", "resent")
    assert len(remote.applied()) == 1


@pytest.mark.parametrize(
    "users", ["testproject.variants.uuid_users", "testproject.variants.email_users", "tests.faults.text_users"]
)
def test_D28_users_of_another_model_with_names_that_are_not_ascii_are_players_from_first_to_last(
    users, remote, tmp_path
):
    """In a process of its own: a site has one user model. The contract runs with the first two (``run.py``)."""
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.people"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}",
            "CACHE_URL": "locmemcache://",
            "FAULT_SERVER": remote.url,
            "FAULT_USERS": users,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "canary" not in finished.stdout + finished.stderr
    found = json.loads(finished.stdout)
    pk = found["pk"]
    if "uuid" in users:
        assert str(uuid.UUID(pk)) == pk
    assert (found["link"], found["read"], found["again"]) == ([pk, "linked"], pk, True)
    kinds = ["create", "play", "score", "update", "delete"]
    assert found["rows"] == [[kind, "delivered", pk, pk] for kind in kinds]
    assert remote.record()["players"] == []
    (creation,) = (request for request in remote.requests("/admin/players") if request["method"] == "POST")
    body = json.loads(creation["body"])
    assert body["id"] == pk
    assert body["alias"].startswith("Player ") if "email" in users else body["alias"] == "Юрий-日本-é"
    paths = [unquote(request["target"].partition("?")[0]) for request in remote.requests("/admin/players/")]
    assert paths[0] == f"/v2/admin/players/{pk}/scores"
    assert {entry["player"] for entry in remote.record()["applied"]} == {pk}


def test_D29_users_without_a_signal_are_found_by_sync(remote, site):
    site(remote.url)
    model = get_user_model()
    model.objects.bulk_create([model(username="bulk")])
    fixture = serializers.serialize("json", [model(pk=10_000, username="fixture")])
    for entry in serializers.deserialize("json", fixture):
        entry.save()
    assert rows() == []
    call_command("playlyfe_sync_players", verbosity=0)
    drain()
    assert rows() == [("create", "delivered"), ("create", "delivered")]
    assert PlayerLink.objects.filter(state=PlayerLink.State.LINKED).count() == 2


def test_D31_a_purge_while_draining_takes_only_what_was_settled_long_ago(remote, site, player, clock, monkeypatch):
    site(remote.url)
    user = player()
    services.play(user, "wave")
    services.play(user, "wave", {}, idempotency_key="book:17")
    drain()
    clock.move(31 * 86400)
    services.play(user, "wave")
    services.play(user, "wave")
    from django_playlyfe.delivery import sending

    call, purged = sending._call, []

    def purge_meanwhile(*arguments):
        purged.append(retention.purge("default"))
        return call(*arguments)

    monkeypatch.setattr(sending, "_call", purge_meanwhile)
    drain()
    assert purged == [1, 0]
    assert rows() == [("play", "delivered")] * 3, "the business key stays known"
    assert len(remote.applied()) == 4


WRONG = {"error": "validation_exception", "error_description": "no"}


@pytest.fixture
def requeue(client, make_user):
    """``requeue(*rows)``: somebody presses "try again" in the admin. Gives the page."""
    boss = make_user(username="boss", is_staff=True, is_superuser=True)
    Delivery.objects.all().delete()

    def press(*rows):
        client.force_login(boss)
        wanted = {"action": "requeue_selected", "_selected_action": [row.pk for row in rows]}
        return client.post(reverse("admin:django_playlyfe_delivery_changelist"), wanted, follow=True)

    return press


def keys_of(requests):
    return {request["headers"]["idempotency-key"] for request in requests}


@of_each_kind
def test_D32_a_failed_row_is_owed_again_in_the_admin_with_its_key_and_a_new_series(
    kind, remote, site, player, clock, requeue
):
    lost, refused = Step(on=kind, status=500, body=""), Step(on=kind, status=400, body=WRONG)
    remote.reset(lost, lost, refused)
    site(remote.url)
    owe(kind, player())
    for _ in range(3):
        drain()
        clock.move(3600)
    dead = the_row(kind)
    assert (dead.state, dead.attempts, dead.sends, dead.error_code) == ("dead", 3, 3, "validation_exception")
    clock.move(20 * 86400)
    page = requeue(dead)
    assert (page.status_code, "1 delivery was changed." in page.content.decode()) == (200, True)
    row = the_row(kind)
    assert (row.state, row.attempts, row.key, row.error_code) == ("pending", 0, dead.key, "")
    assert (row.settled_at, row.answer, row.owner, row.not_before) == (None, None, "", timezone.now())
    remote.then(Step(on=kind, status=500, body=""))
    drain()
    row = the_row(kind)
    assert (row.state, row.attempts) == ("pending", 1), "fourteen days from now on, not from when it was owed"
    assert row.not_before - timezone.now() <= timedelta(seconds=5), "the first wait of a series"
    clock.move(5)
    drain()
    assert (the_row(kind).state, the_row(kind).key) == ("delivered", dead.key)
    assert len(remote.sent(kind)) == 5
    assert keys_of(remote.sent(kind)) == {str(dead.key)}
    assert len(remote.applied(kind)) == 1
    assert "0 deliveries were changed." in requeue(dead).content.decode(), "what is delivered is left alone"


def test_D32_a_failed_creation_is_owed_again_and_what_waited_for_it_follows(remote, site, make_user, clock, requeue):
    remote.reset(Step(on="create", status=400, body=WRONG))
    site(remote.url)
    user = make_user()
    services.play(user, "wave")
    drain()
    assert rows() == [("create", "dead"), ("play", "pending")]
    dead = Delivery.objects.get(kind="create")
    clock.move(20 * 86400)
    requeue(dead)
    row = Delivery.objects.get(kind="create")
    assert (row.state, row.attempts, row.key) == ("pending", 0, dead.key)
    assert PlayerLink.objects.get(user=user).state == PlayerLink.State.PENDING
    drain()
    assert rows() == [("create", "delivered"), ("play", "delivered")]
    assert PlayerLink.objects.get(user=user).state == PlayerLink.State.LINKED
    assert keys_of(remote.requests("/admin/players")) == {str(dead.key)}


@of_each_kind
def test_a_persons_word_settles_an_uncertain_row_once(kind, remote, site, player):
    remote.reset(Step(on=kind, do="close", apply=True), announces=False)
    site(remote.url)
    owe(kind, player())
    drain()
    rows = Delivery.objects.all()
    assert (queue.confirm_applied(rows), queue.confirm_applied(rows)) == (1, 0)
    assert queue.send_again(rows) == 0
    drain()
    assert (the_row(kind).state, the_row(kind).evidence) == ("delivered", "person")
    assert (len(remote.sent(kind)), len(remote.applied(kind))) == (1, 1)


def test_a_worker_outlives_its_database(remote, site, make_user, monkeypatch):
    """The loop of ``playlyfe_deliver``, whose database fails once."""
    from django_playlyfe.management.commands import playlyfe_deliver

    site(remote.url)
    make_user()
    monkeypatch.setattr(playlyfe_deliver, "AFTER_AN_ERROR", 0)
    monkeypatch.setattr(playlyfe_deliver.connections, "close_all", lambda: None)
    turns = []

    def drain_or_fail(game, *, is_over):
        turns.append(game)
        if len(turns) == 1:
            raise DatabaseError("the server closed the connection")
        done = drain(game, is_over=is_over)
        stop[0].set()
        return done

    stop = []
    make_stop = playlyfe_deliver._Stop

    def keep(*arguments):
        stop.append(make_stop(*arguments))
        return stop[0]

    monkeypatch.setattr(playlyfe_deliver, "_Stop", keep)
    monkeypatch.setattr(playlyfe_deliver, "drain", drain_or_fail)
    call_command("playlyfe_deliver", verbosity=0)
    assert len(turns) == 2
    assert rows() == [("create", "delivered")]
