"""Kills drainers at named points and lets a fresh one go on. Run by ``test_processes.py``, once for each database.

``python -m tests.faults.killing CASE…`` prints what became of the rows of each case as JSON. Every drainer is a process
of its own, forked from this one; "a minute later" is the end of its lease, set by hand.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import select
import signal
import sys
import threading
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.site_settings"
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.models.query import QuerySet
from django.utils import timezone

from django_playlyfe import services
from django_playlyfe.client.connections import _WatchedConnection
from django_playlyfe.delivery import claim, drain, sending, wake
from django_playlyfe.models import Delivery
from django_playlyfe.services import queue
from tests.clusters import Cluster

KILLED = 9
MODE = os.environ["FAULT_MODE"]
"""In the names of players, so that two runs against one server have players of their own."""
_LONG_AGO = timezone.datetime(2020, 1, 1, tzinfo=timezone.get_default_timezone())


def die() -> None:
    os._exit(KILLED)


# points ---------------------------------------------------------------------------------------------------------------


def before(owner, name, hits=2):
    """Die when ``owner.name`` is called for the ``hits``-th time."""
    original, seen = getattr(owner, name), []

    def replacement(*arguments, **options):
        seen.append(1)
        if len(seen) == hits:
            die()
        return original(*arguments, **options)

    setattr(owner, name, replacement)


def after(owner, name, hits=2):
    """Die when it has returned."""
    original, seen = getattr(owner, name), []

    def replacement(*arguments, **options):
        found = original(*arguments, **options)
        seen.append(1)
        if len(seen) == hits:
            die()
        return found

    setattr(owner, name, replacement)


def half_a_request():
    """Die with half of the head of a play, or of an edit, on the wire."""
    original = _WatchedConnection.send

    def send(self, data):
        if isinstance(data, bytes) and any(end in data.partition(b"\r\n")[0] for end in (b"/play?", b"/scores ")):
            if self.sock is None:
                self.connect()
            self.sock.sendall(data[: len(data) // 2])
            die()
        original(self, data)

    _WatchedConnection.send = send


def answer_on_its_way():
    """Die when the server has answered a play, or an edit, and nothing of that was read."""
    original_request, original = _WatchedConnection.request, _WatchedConnection.getresponse

    def request(self, method, url, *arguments, **options):
        self.counts_twice = url.partition("?")[0].endswith(("/play", "/scores"))
        original_request(self, method, url, *arguments, **options)

    def getresponse(self, *arguments, **options):
        if self.counts_twice:
            select.select([self.sock], [], [], 20)
            die()
        return original(self, *arguments, **options)

    _WatchedConnection.request, _WatchedConnection.getresponse = request, getresponse


POINTS = {
    "D5": [lambda: before(claim, "_claim")],
    "D6": [lambda: after(claim, "_claim")],
    "D7": [lambda: before(sending, "_send")],
    "D8": [half_a_request],
    "D9": [answer_on_its_way],
    "D10": [lambda: before(claim, "settle")],
    "D11": [lambda: before(sending, "take_effect")],
    "D12": [answer_on_its_way, lambda: before(claim, "next_in_line", hits=1)],
}


# processes ------------------------------------------------------------------------------------------------------------


def fork(work) -> int:
    """A child that does ``work`` and exits with what it returns."""
    connections.close_all()
    if child := os.fork():
        return child
    code = 1
    try:
        code = work() or 0
    finally:
        connections.close_all()
        os._exit(code)


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def drain_all() -> int:
    """What is due now, until nothing is."""
    while drain().attempts:
        pass
    return 0


def a_minute_later() -> None:
    Delivery.objects.filter(state="sending").update(lease_until=_LONG_AGO)


def owe(case: str) -> None:
    """A user whose creation and two plays are owed, and a player with two plays; or edits, in cases that say so."""
    user = get_user_model().objects.create(username=case)
    for action in ("a1", "a2"):
        for who in (user, f"{MODE}{case}-player"):
            if case.endswith("-score"):
                metric = {"id": action, "type": "point"}
                services.adjust_scores(who, [{"metric": metric, "verb": "add", "value": "1"}])
            else:
                services.play(who, action)


def seen(case: str) -> dict:
    """What became of the rows of a case."""
    user = get_user_model().objects.get(username=case)
    rows = Delivery.objects.filter(subject__in=(str(user.pk), f"{MODE}{case}-player")).order_by("pk")
    return {
        "user": str(user.pk),
        "rows": [[row.subject, row.kind, action_of(row), row.state, str(row.key)] for row in rows],
    }


def action_of(row: Delivery) -> str:
    """The action of a play; the metric of an edit."""
    return row.payload["rewards"][0]["metric"]["id"] if row.kind == "score" else row.action


# cases ----------------------------------------------------------------------------------------------------------------


def killed_at(case: str) -> dict:
    owe(case)
    exits = []
    for install in POINTS[case.removesuffix("-score")]:

        def work(install=install):
            install()
            drain_all()

        exits.append(exit_code(fork(work)))
        a_minute_later()
    exits.append(exit_code(fork(drain_all)))
    return {"exits": exits, **seen(case)}


def killed_before_the_kick(case: str) -> dict:
    def work():
        wake.kick = lambda game: die()
        with transaction.atomic():
            owe(case)

    exits = [exit_code(fork(work)), exit_code(fork(drain_all))]
    return {"exits": exits, **seen(case)}


def killed_while_a_person_settles(case: str) -> dict:
    owe(case)

    def lose_a_play():
        half_a_request()
        drain_all()

    def person_is_killed():
        after(QuerySet, "update", hits=1)
        queue.send_again(Delivery.objects.filter(state="uncertain"))

    exits = [exit_code(fork(lose_a_play))]
    a_minute_later()
    exits += [exit_code(fork(drain_all)), exit_code(fork(person_is_killed))]
    held = Delivery.objects.filter(state="uncertain").count()
    queue.send_again(Delivery.objects.filter(state="uncertain"))
    exits.append(exit_code(fork(drain_all)))
    return {"exits": exits, "held": held, **seen(case)}


def four_drainers(case: str) -> dict:
    owe(case)
    for action in ("a3", "a4", "a5"):
        for player in range(4):
            services.play(f"{MODE}{case}-{player}", action)
    services.play(f"{MODE}{case}-player", "a3")

    def work():
        give_up_at = time.monotonic() + 30
        while Delivery.objects.filter(state__in=("pending", "sending")).exists() and time.monotonic() < give_up_at:
            with contextlib.suppress(Exception):  # a database that is locked for a moment
                drain()

    children = [fork(work) for _ in range(4)]
    exits = [exit_code(child) for child in children]
    others = Delivery.objects.filter(subject__startswith=f"{MODE}{case}-").order_by("pk")
    found = seen(case)
    found["rows"] = [row for row in found["rows"] if not row[0].startswith(f"{MODE}{case}-")]
    found["rows"] += [[row.subject, row.kind, row.action, row.state, str(row.key)] for row in others]
    return {"exits": exits, **found}


def stopped_with_the_answer_in_hand(case: str) -> dict:
    owe(case)

    def work():
        events = []
        handler = logging.Handler()
        handler.emit = lambda record: events.append(getattr(record, "event", ""))
        logging.getLogger("django_playlyfe.delivery").addHandler(handler)
        call = sending._call

        def stop(backend, row):
            answer = call(backend, row)
            sending._call = call
            os.kill(os.getpid(), signal.SIGSTOP)
            return answer

        sending._call = stop
        drain(most=1)
        return 7 if "delivery.late" in events else 1

    child = fork(work)
    os.waitpid(child, os.WUNTRACED)
    a_minute_later()
    exits = [exit_code(fork(drain_all))]
    settled = list(Delivery.objects.order_by("pk").values_list("state", "settled_at", "attempts"))
    os.kill(child, signal.SIGCONT)
    exits.append(exit_code(child))
    is_untouched = settled == list(Delivery.objects.order_by("pk").values_list("state", "settled_at", "attempts"))
    return {"exits": exits, "untouched": is_untouched, **seen(case)}


def lost_between_send_and_settle(case: str) -> dict:
    """The server of the database ends our session, as a failover does; or is restarted, or stopped, if it is ours."""
    owe(case)
    lose = LOSSES[case]

    def work():
        call, done = sending._call, []

        def and_then_lose(backend, row):
            answer = call(backend, row)
            if row.kind == "play" and not done:
                done.append(1)
                lose()
            return answer

        sending._call = and_then_lose
        with contextlib.suppress(DatabaseError):  # the drainer ends; the loop of playlyfe_deliver would go on
            drain_all()

    exits = [exit_code(fork(work))]
    if case == "D17-stopped":
        Cluster(os.environ["CLUSTER"]).start()
    between = list(Delivery.objects.filter(kind="play").values_list("state", flat=True))
    a_minute_later()
    exits.append(exit_code(fork(drain_all)))
    return {"exits": exits, "between": between, **seen(case)}


def restart() -> None:
    cluster = Cluster(os.environ["CLUSTER"])
    cluster.stop()
    cluster.start()


def stop() -> None:
    Cluster(os.environ["CLUSTER"]).stop()


def end_our_session() -> None:
    statement, own = {
        "postgresql": ("SELECT pg_terminate_backend(%s)", "SELECT pg_backend_pid()"),
        "mysql": ("KILL %s", "SELECT CONNECTION_ID()"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(own)
        (number,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(statement, [number])
    other.close()


def locked_while_settling(case: str) -> dict:
    """Another session holds the row (SQLite: the file) for longer than ours waits. The first exit code is how often
    settling failed."""
    owe(case)

    def work() -> int:
        call, failures, done = sending._call, [], []
        drop = claim.drop_broken_connections

        def and_then_lock(backend, row):
            answer = call(backend, row)
            if row.kind == "play" and not done:
                done.append(1)
                lock_for_a_moment(row.pk)
            return answer

        def count():
            failures.append(1)
            drop()

        sending._call, claim.drop_broken_connections = and_then_lock, count
        drain_all()
        return min(len(failures), 99)

    exits = [exit_code(fork(work)), exit_code(fork(drain_all))]
    return {"exits": exits, **seen(case)}


def lock_for_a_moment(pk: int) -> None:
    """Lock a row in another session, and be impatient in ours."""
    impatience, seconds = {
        "sqlite": ("PRAGMA busy_timeout = 50", 0.6),
        "postgresql": ("SET lock_timeout = '50ms'", 0.6),
        "mysql": ("SET SESSION innodb_lock_wait_timeout = 1", 1.6),
    }[connection.vendor]
    is_locked = threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            else:
                cursor.execute("BEGIN")
                cursor.execute(f"SELECT id FROM {Delivery._meta.db_table} WHERE id = %s FOR UPDATE", [pk])
            is_locked.set()
            time.sleep(seconds)
            cursor.execute("ROLLBACK")
        connection.close()

    threading.Thread(target=hold).start()
    is_locked.wait()
    with connection.cursor() as cursor:
        cursor.execute(impatience)


LOSSES = {"D17": end_our_session, "D17-restarted": restart, "D17-stopped": stop}


def told_to_stop(case: str) -> dict:
    """SIGTERM while a row is being sent; then, for a second worker, two of them."""
    found = {}
    for name, signals in (("one", 1), ("two", 2)):
        owe(f"{case}-{name}")
        in_hand, tell = os.pipe()

        def work(tell=tell, signals=signals):
            call = sending._call

            def slowly(backend, row):
                os.write(tell, b"x")
                time.sleep(0.3 if signals == 1 else 20)
                return call(backend, row)

            sending._call = slowly
            call_command("playlyfe_deliver", skip_checks=True, stdout=io.StringIO())

        child = fork(work)
        os.read(in_hand, 1)
        started = time.monotonic()
        for _ in range(signals):
            os.kill(child, signal.SIGTERM)
            time.sleep(0.1)
        code = exit_code(child)
        seconds = time.monotonic() - started
        states = sorted(Delivery.objects.filter(user_pk=seen(f"{case}-{name}")["user"]).values_list("state", flat=True))
        a_minute_later()
        exits = [code, exit_code(fork(drain_all))]
        found[name] = {"exits": exits, "seconds": seconds, "states": states, **seen(f"{case}-{name}")}
    return found


CASES = {
    "D4": killed_before_the_kick,
    **dict.fromkeys(POINTS, killed_at),
    **dict.fromkeys((f"{point}-score" for point in POINTS), killed_at),
    "D13": killed_while_a_person_settles,
    "D13-score": killed_while_a_person_settles,
    "D14": four_drainers,
    "D15": stopped_with_the_answer_in_hand,
    "D16": locked_while_settling,
    **dict.fromkeys(LOSSES, lost_between_send_and_settle),
    "D30": told_to_stop,
}


def main() -> None:
    logging.disable(logging.INFO)
    logging.getLogger("django_playlyfe").addHandler(logging.NullHandler())
    call_command("migrate", verbosity=0, skip_checks=True)
    results = {}
    for case in sys.argv[1:]:
        Delivery.objects.all().delete()
        get_user_model().objects.all().delete()
        Delivery.objects.all().delete()
        results[case] = CASES[case](case)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
