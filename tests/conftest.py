"""Fixtures for any test project: whatever the user model, make users; whatever the test needs, load the game."""

from __future__ import annotations

import itertools
import re
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, router, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

import tests.examples  # noqa: F401 - registers the profile that --hypothesis-profile names
from django_playlyfe import conf

pytest_plugins = ["django_playlyfe.pytest_plugin"]  # as installed; also where this checkout is not

DESIGNS = Path(__file__).parent / "designs"
_BOOKKEEPING = re.compile(r"(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b", re.IGNORECASE)


def pytest_configure(config):
    """A thread that is busy when the cache of its test goes leaves its socket to the garbage collector; only Memcached
    has one for each thread."""
    if "Memcache" in settings.CACHES["default"]["BACKEND"]:
        left = "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
        config.addinivalue_line("filterwarnings", left)


def pytest_collection_modifyitems(items):
    """Tests marked ``postgresql`` need it: threads that wait for each other's rows. Where a test project has several
    databases, a test may use all of them."""
    if len(settings.DATABASES) > 1:
        for item in items:
            if (marker := item.get_closest_marker("django_db")) is not None:
                item.add_marker(pytest.mark.django_db(**{**marker.kwargs, "databases": "__all__"}), append=False)
    if connection.vendor == "postgresql":
        return
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.skip(reason="DATABASE_URL names no PostgreSQL server"))


@pytest.fixture(autouse=True)
def cache_of_its_own(settings):
    """Nothing in the cache is another test's, on Redis too: ports come back, and a token or a refusal that is kept for
    the server of one test must not be met by the next one that listens there."""
    prefix = uuid.uuid4().hex
    settings.CACHES = {alias: {**values, "KEY_PREFIX": prefix} for alias, values in settings.CACHES.items()}


@pytest.fixture(autouse=True)
def histograms_of_its_own(monkeypatch):
    """No test knows the large boards of another one; and none looks for new ones in the middle of counting queries."""
    if apps.is_installed("django_playlyfe.engine"):
        from django_playlyfe.engine.boards import histograms

        histograms.forget()
        monkeypatch.setattr(histograms, "LEASE", 3600.0)


@pytest.fixture(autouse=True)
def the_sites_own_language():
    """A request in another language leaves it active in its thread; the next test must not speak it."""
    yield
    translation.deactivate()


@pytest.fixture
def make_user():
    """``make_user(**fields)`` saves a new user of the site's own model: any primary key, with or without a username."""
    numbers = itertools.count(1)

    def make(**fields):
        model = get_user_model()
        number = next(numbers)
        names = {field.name for field in model._meta.get_fields()}
        if "username" in names:
            fields.setdefault("username", f"reader{number}")
        if "email" in names:
            fields.setdefault("email", f"reader{number}@example.org")
        return model._default_manager.create_user(password=None, **fields)

    return make


@pytest.fixture
def game(db):
    """The game of engine.md §16, active in production, and in staging if a game of the site is there."""
    if not apps.is_installed("django_playlyfe.engine"):
        pytest.skip("the engine is not installed in this test project")
    from django_playlyfe.engine.design.load import read
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.engine.versions.activation import activate

    design = read(DESIGNS / "library_quest.json")
    for given in conf.games().values():
        if given.options.get("ENVIRONMENT") == "staging":
            activate(Realm("library_quest", "staging"), design)
    return activate(Realm("library_quest"), design)


@pytest.fixture
def reading_log(db):
    """The demo's game, loaded as ``run.py demo`` does."""
    call_command("playlyfe_engine_load", "testproject/reading_log.json", verbosity=0)


@pytest.fixture
def remote_game(game, live_server, settings):
    """The same game behind HTTP: the mounted server on loopback, and a site that is its client.

    Nothing is sent by itself: ``drain()``, or ``wait=True``. Gives the alias of the game.
    """
    from django_playlyfe.backends import games
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.engine.server.auth import clients
    from django_playlyfe.engine.server.auth.access import FOR_SITE

    made = clients.register(Realm("library_quest"), "site", client_id="site", scopes=list(FOR_SITE))
    settings.PLAYLYFE = {
        "default": {
            "BACKEND": "django_playlyfe.backends.http.HttpBackend",
            "CLIENT_ID": "site",
            "CLIENT_SECRET": made.secret,
            "BROWSER_ACTIONS": {"buy_bookmark": {"variables": []}},
            "OPTIONS": {
                "AUTH_URL": f"{live_server.url}/auth/token",
                "API_URL": f"{live_server.url}/v2",
                "DELIVERY_RATE": 1000,
                "PAGE_BUDGET": 10,  # a loaded machine must not decide about a test
                "SEND_BUDGET": 10,
            },
        }
    }
    yield "default"
    games["default"].close()


@pytest.fixture
def noon():
    """It is noon in Lisbon on 5 March 2024 (engine.md §16.2), and stays so unless the test moves the clock."""
    with time_machine.travel("2024-03-05T12:00:00+00:00", tick=False) as clock:
        yield clock


@pytest.fixture
def rolled_back():
    """``with rolled_back(): …`` is a transaction that comes to nothing."""

    @contextmanager
    def transaction_for_nothing():
        using = router.db_for_write(get_user_model())
        with transaction.atomic(using=using):
            yield
            transaction.set_rollback(True, using=using)

    return transaction_for_nothing


@pytest.fixture
def queries_in_full(monkeypatch):
    """No query is the name of a prepared statement, so a test can see what it does."""
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)


@pytest.fixture
def count_queries(queries_in_full):
    """``with count_queries() as counted: …; len(counted)``: the queries, savepoints and transactions left out
    (interface.md §4). Each in full, however often other tests have run it before."""

    @contextmanager
    def count():
        counted = []
        with CaptureQueriesContext(connection) as captured:
            yield counted
        counted += [query["sql"] for query in captured if not _BOOKKEEPING.match(query["sql"])]

    return count


@pytest.fixture
def hear():
    """``hear(signal)``: a list that fills with what the signal says."""
    connected = []

    def listen(signal):
        heard = []

        def receive(**arguments):
            heard.append(arguments)

        signal.connect(receive)
        connected.append((signal, receive))
        return heard

    yield listen
    for signal, receive in connected:
        signal.disconnect(receive)
