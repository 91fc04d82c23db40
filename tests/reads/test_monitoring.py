"""What monitoring learns: facts, conditions, exit codes, checks, names of log events."""

from __future__ import annotations

import io
import json
import re
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import timezone

import django_playlyfe
from django_playlyfe.checks import remote_games
from django_playlyfe.management import monitoring
from django_playlyfe.models import Delivery, Queue

PACKAGE = Path(django_playlyfe.__file__).parent
DOCS = Path(__file__).parent.parent.parent / "docs" / "operations.rst"


def status(*arguments):
    """Exit code and output."""
    out = io.StringIO()
    try:
        call_command("playlyfe_status", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def owe(**fields):
    now = timezone.now()
    values = {"kind": "play", "subject": "ada", "action": "finish_book", "payload": {}}
    return Delivery.objects.create(**{**values, "not_before": now, "created_at": now, **fields})


def identifiers(**options):
    return [message.id for message in run_checks(tags=["django_playlyfe"], **options)]


@pytest.mark.django_db
class TestStatus:
    def test_it_measures_the_queue(self, site):
        ago = timezone.now() - timedelta(minutes=10)
        owe(created_at=ago, not_before=ago)
        owe(subject="grace", kind="create", state="dead")
        owe(subject="grace")
        owe(state="uncertain")
        owe(state="delivered", sent_at=timezone.now(), settled_at=timezone.now(), evidence="resent")
        Queue.objects.create(kind="all", paused_until=timezone.now() + timedelta(hours=1), reason="quota")
        code, said = status("--json")
        facts = json.loads(said)
        queue = facts["queue"]
        assert code == 0
        assert queue["rows"] == {"pending": 2, "sending": 0, "uncertain": 1, "dead": 1}
        assert 600 <= queue["oldest_seconds"] < 900
        assert 600 <= queue["overdue_seconds"] < 900
        assert queue["sends_per_minute"] == 1
        assert queue["uncertain"] == {"held": 1, "resent": 1}
        assert queue["blocked_players"] == 1
        assert [(pause["kind"], pause["why"]) for pause in queue["paused"]] == [("all", "quota")]
        assert queue["last_success"]
        assert facts["client"]["token"]["expires_in"] > 0
        assert facts["client"]["throttle"] is None
        assert facts["client"]["tokens_of_this_process"] == {"requests": 1, "refused": 0}
        assert "secret-canary" not in said
        assert "token-canary" not in said

    def test_tokens_that_the_game_refuses_are_counted(self, site, remote):
        site.client.status()
        remote.revoke()
        _code, said = status("--json")
        assert json.loads(said)["client"]["tokens_of_this_process"] == {"requests": 2, "refused": 1}

    def test_tokens_are_counted_by_all_processes_where_they_share_a_cache(self, site, remote, settings, tmp_path):
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
                "LOCATION": str(tmp_path),
            }
        }
        site.client.status()
        remote.revoke()
        facts = json.loads(status("--json")[1])["client"]["tokens_of_all_processes"]
        assert {name: sum(day[name] for day in facts.values()) for name in ("requests", "refused")} == {
            "requests": 2,
            "refused": 1,
        }
        assert "tokens of all processes: today: " in status()[1]

    def test_it_tells_how_far_the_clock_of_the_server_is_from_ours(self, site, remote):
        remote.clock_ahead = 3600
        facts = json.loads(status("--json")[1])["client"]
        assert abs(facts["clock_offset_seconds"] - 3600) <= 2
        assert re.search(r"clock offset seconds: (3599|360\d)", status()[1])

    def test_an_idle_queue_is_measured_too(self, site):
        code, said = status()
        assert code == 0
        assert "oldest seconds: none" in said

    @pytest.mark.parametrize(
        ("conditions", "code"),
        [
            ("", 0),
            ("uncertain>0", 1),
            ("uncertain>1", 0),
            ("dead>0", 0),
            ("oldest>300", 1),
            ("oldest>300000", 0),
            ("paused", 0),
            ("dead>0, uncertain > 0", 1),
            ("uncertian>0", 2),
            ("oldest<3", 2),
        ],
    )
    def test_its_exit_code_is_for_monitoring(self, site, conditions, code):
        owe(created_at=timezone.now() - timedelta(hours=1))
        owe(state="uncertain")
        ended, said = status(*(["--fail-if", conditions] if conditions else []))
        assert ended == code, said

    def test_a_paused_queue_can_raise_an_alarm(self, site):
        Queue.objects.create(kind="all", paused_until=timezone.now() + timedelta(hours=1), reason="quota")
        code, said = status("--fail-if", "paused")
        assert code == 1
        assert "paused is 1 (limit 0)" in said

    def test_a_game_that_is_gone_is_said_and_its_queue_still_measured(self, configure, closed_port):
        configure(closed_port)
        code, said = status("--json")
        assert code == 1
        assert '"oldest_seconds": null' in said


@pytest.mark.django_db
def test_an_embedded_game_owes_nothing(game):
    assert status("--fail-if", "oldest>0,paused")[0] == 0


def test_a_wrong_name_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'uncertain'"):
        monitoring.parse("uncertian")


class TestChecks:
    @pytest.mark.parametrize(
        ("cache", "expected"),
        [
            ({"BACKEND": "django.core.cache.backends.redis.RedisCache"}, ["W003"]),
            (
                {"BACKEND": "django.core.cache.backends.redis.RedisCache", "OPTIONS": {"socket_timeout": 1}},
                [],
            ),
            ({"BACKEND": "django_redis.cache.RedisCache"}, ["W003"]),
            (
                {
                    "BACKEND": "django_redis.cache.RedisCache",
                    "OPTIONS": {"CONNECTION_POOL_KWARGS": {"socket_timeout": 1}},
                },
                [],
            ),
            ({"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache"}, ["W004"]),
            (
                {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "OPTIONS": {"timeout": 1}},
                ["W004"],
            ),
            (
                {
                    "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
                    "OPTIONS": {"timeout": 1, "connect_timeout": 1},
                },
                [],
            ),
            ({"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "/nowhere"}, []),
        ],
    )
    def test_a_cache_that_may_hang_is_named(self, site, settings, cache, expected):
        settings.CACHES = {"default": {"LOCATION": "redis://127.0.0.1:1", **cache}}
        found = [message.id for message in remote_games.check_caches()]
        assert found == [f"django_playlyfe.{name}" for name in expected]

    def test_uwsgi_without_threads_is_named(self, site, monkeypatch):
        monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(opt={}))
        assert [message.id for message in remote_games.check_threads()] == ["django_playlyfe.W002"]

    def test_uwsgi_with_threads_is_fine(self, site):
        assert remote_games.check_threads() == []

    @pytest.mark.django_db
    def test_a_missing_table_of_the_cache_is_named(self, site, settings):
        settings.CACHES = {
            "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "no_such_table"}
        }
        (message,) = remote_games.check_stored(databases=["default"])
        assert message.id == "django_playlyfe.W005"
        assert "createcachetable" in message.hint
        assert remote_games.check_stored(databases=None) == []

    @pytest.mark.django_db
    def test_a_row_that_nobody_delivers_is_named(self, site):
        owe(not_before=timezone.now() - timedelta(seconds=200))
        assert remote_games.check_stored(databases=["default"]) == []
        owe(not_before=timezone.now() - timedelta(seconds=400))
        assert [m.id for m in remote_games.check_stored(databases=["default"])] == ["django_playlyfe.W006"]

    @pytest.mark.parametrize(("mode", "expected"), [(None, ["W007"]), ("DEFERRED", ["W007"]), ("IMMEDIATE", [])])
    def test_sqlite_without_immediate_is_named(self, site, monkeypatch, mode, expected):
        given = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": mode}}
        monkeypatch.setattr(remote_games, "settings", SimpleNamespace(DATABASES={"default": given}))
        found = [message.id for message in remote_games.check_sqlite()]
        assert found == [f"django_playlyfe.{name}" for name in expected]

    def test_an_embedded_game_needs_none_of_them(self, settings):
        settings.CACHES = {
            "default": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": "x:1"}
        }
        assert remote_games.check_caches() == []

    def test_each_check_is_in_the_table(self):
        used = set(re.findall(r'id="django_playlyfe\.([EW]\d+)"', "".join(_sources())))
        listed = set(re.findall(r"``([EW]\d{3})``", (PACKAGE / "checks" / "__init__.py").read_text()))
        assert used <= listed
        assert used <= set(re.findall(r"``([EW]\d{3})``", DOCS.read_text())) | {n for n in used if n.startswith("E")}


@pytest.mark.django_db
def test_the_recipe_for_a_task_queue_delivers(site, make_user):
    text = DOCS.read_text()
    recipe = textwrap.dedent(text[text.index("    @shared_task") : text.index("SIGTERM ends")])
    names = {"shared_task": lambda **options: lambda function: function}
    exec(compile(recipe, str(DOCS), "exec"), names)
    make_user()
    names["deliver"]()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_the_names_of_log_events_are_those_of_the_docs():
    pattern = r'"((?:token|cache|throttle|delivery|queue|registration)\.[a-z_]+|call)"'
    used = set()
    for source in _sources():
        for line in source.splitlines():
            if "event" in line or "State" in line:
                used |= set(re.findall(pattern, line))
    text = DOCS.read_text()
    section = text[text.index(".. events begin") : text.index(".. events end")]
    listed = set(re.findall(r"``((?:[a-z]+\.)?[a-z_]+)``", section))
    assert used == listed


def _sources():
    folders = [PACKAGE, *(PACKAGE / name for name in ("client", "client/tokens", "delivery", "backends", "reading"))]
    return [path.read_text() for folder in folders for path in folder.glob("*.py")]
