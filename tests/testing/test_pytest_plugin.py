"""The plugin in a project of its own: another pytest, in another process."""

from __future__ import annotations

import socket
import threading

import pytest

from django_playlyfe.client import calls_in_line
from django_playlyfe.pytest_plugin import is_loopback
from django_playlyfe.reading import bulkhead

pytest_plugins = ["pytester"]

SETTINGS = """
SECRET_KEY = "not secret"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_playlyfe"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
PLAYLYFE = {
    "default": {
        "BACKEND": "django_playlyfe.backends.http.HttpBackend",
        "CLIENT_ID": "site",
        "CLIENT_SECRET": "a-secret-of-many-characters-000000000000",
        "OPTIONS": {"AUTH_URL": "https://192.0.2.1/auth/token", "API_URL": "https://192.0.2.1/v2"},
    }
}
"""
CONFTEST = """
pytest_plugins = ["django_playlyfe.pytest_plugin"]
"""
TESTS = """
import threading
import pytest
from django.contrib.auth.models import User
from django.core.signals import request_started
from django_playlyfe import services
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.testing import assert_played, drain

@pytest.mark.django_db
@pytest.mark.playlyfe(actions={"post_comment": {"points": 10}})
def test_the_fixture_gives_the_game_that_the_marker_describes(playlyfe_game):
    user = User.objects.create_user("ada")
    services.play(user, "post_comment")
    assert drain() == {"delivered": 2}
    assert services.profile(user).points("points") == 10
    assert_played(user, "post_comment")

@pytest.mark.django_db
def test_calls_another_machine():
    request_started.send(None)
    before = set(threading.enumerate())
    with pytest.raises(Exception):
        services.profile("ada")
    assert set(threading.enumerate()) == before, "a thread was started"
"""


@pytest.fixture
def project(pytester, monkeypatch):
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "CACHE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(site_settings=SETTINGS, test_site=TESTS)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nDJANGO_SETTINGS_MODULE = site_settings\n")
    return pytester


def test_the_fixture_works_and_a_call_of_another_machine_fails_the_test_that_made_it(project):
    ran = project.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly")
    outcomes = ran.parseoutcomes()
    assert (outcomes["passed"], outcomes["errors"]) == (2, 1), ran.stdout.str()
    ran.stdout.fnmatch_lines(["*called another machine: 192.0.2.1*"])


def test_a_wrong_setting_is_named(project):
    project.makeini("[pytest]\nplaylyfe_network = most\n")
    ran = project.runpytest_subprocess()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*playlyfe_network should be one of ours, all, any, not 'most'*"])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), (None, True), (b"", True),
        ("0.0.0.0", True), ("::1%lo", True), ("192.0.2.1", False), ("example.org", False), (b"example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)  # fmt: skip
def test_loopback_is_this_machine_alone(host, expected):
    assert is_loopback(host) is expected


def test_work_of_a_pool_is_done_in_line():
    with calls_in_line():
        assert bulkhead.call_within(1, threading.current_thread) is threading.current_thread()
    assert bulkhead.call_within(5, threading.current_thread) is not threading.current_thread()


def test_no_test_of_this_suite_reaches_another_machine(request):
    from django_playlyfe import pytest_plugin

    with socket.socket() as probe, pytest.raises(pytest_plugin.NetworkRefused, match=r"192\.0\.2\.1"):
        probe.connect(("192.0.2.1", 9))
    with pytest.raises(pytest_plugin.NetworkRefused, match="example"):
        socket.getaddrinfo("playlyfe.example", 443)
    assert pytest_plugin._guard.take_refused() == ["192.0.2.1", "playlyfe.example"]
