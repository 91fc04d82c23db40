"""The thread that ends what lasts too long (``reliability.md`` §2.2)."""

from __future__ import annotations

import sys
import threading
import types

import pytest

from django_playlyfe.client import watchdog as module
from django_playlyfe.client.watchdog import Watchdog, threads_can_run


def test_what_lasts_too_long_is_ended_and_what_ends_in_time_is_not():
    watchdog, ended = Watchdog(), []
    over = threading.Event()
    with watchdog.watching(0.02, lambda: ended.append("quick")):
        pass
    with (
        watchdog.watching(30, lambda: ended.append("long")),
        watchdog.watching(0.05, lambda: (ended.append("slow"), over.set())),
    ):
        assert over.wait(5)
    assert ended == ["slow"]


@pytest.mark.parametrize(
    ("options", "can"),
    [({}, False), ({b"master": b"true"}, False), ({"enable-threads": True}, True), ({b"threads": b"2"}, True)],
)
def test_uwsgi_runs_threads_only_if_told_so(monkeypatch, options, can):
    assert threads_can_run()
    monkeypatch.setitem(sys.modules, "uwsgi", types.SimpleNamespace(opt=options))
    assert threads_can_run() is can


def test_where_no_thread_runs_calls_are_made_without_the_limit(monkeypatch):
    monkeypatch.setattr(module, "threads_can_run", lambda: False)
    watchdog = Watchdog()
    with watchdog.watching(0.0, lambda: pytest.fail("nobody is there to end it")):
        assert watchdog._thread is None
