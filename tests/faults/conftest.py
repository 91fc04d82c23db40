"""A site whose game is the misbehaving server, a clock that moves all of it, a search for secrets after each test."""

from __future__ import annotations

import functools
import logging
import pickle
import tempfile
import time

import pytest
import time_machine
from django.core.cache import caches
from django.urls import reverse

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.client import PlaylyfeClient
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError
from django_playlyfe.models import Delivery, PlayerLink, Queue
from tests.client.clocks import MemoryCache, Middle
from tests.faultserver.handle import FaultServer

CLIENT_ID = "site-of-the-tests"
CLIENT_SECRET = "secret-canary-0123456789"
CANARY = "canary"
ROOMY = {"TIMEOUT": (20, 20), "HARD_LIMIT": 30, "PAGE_BUDGET": 20, "SEND_BUDGET": 20, "DELIVERY_RATE": 10_000}
"""A loaded machine must not decide about a test; those about time give their own limits."""
NOW = "2024-03-05T12:00:00+00:00"


@pytest.fixture(scope="session")
def fault_process():
    server = FaultServer()
    yield server
    server.close()


@pytest.fixture
def remote(fault_process):
    """The misbehaving server with an empty script. What the script had left at the end never happened."""
    fault_process.reset()
    yield fault_process
    record = fault_process.record()
    fault_process.reset()
    assert record["left"] == 0, "a fault of the script never happened"


@pytest.fixture(autouse=True)
def own_temporary_directory(tmp_path, monkeypatch):
    """Lock files stay in the test's own directory."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))


class Clock:
    """The client's clock and the site's, moved together; nobody waits."""

    def __init__(self, travel):
        self._travel = travel
        self._monotonic = 1000.0
        self.slept = []

    def now(self):
        return time.time()

    def monotonic(self):
        return self._monotonic

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.move(seconds)

    def move(self, seconds):
        self._monotonic += seconds
        self._travel.shift(seconds)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travel:
        yield Clock(travel)


@pytest.fixture
def site(settings, monkeypatch, clock):
    """``site(url, **options)``: the site's game is there. Gives the backend."""
    monkeypatch.setattr(
        "django_playlyfe.backends.http.PlaylyfeClient",
        functools.partial(PlaylyfeClient, clock=clock, chance=Middle()),
    )

    def configure(url, **options):
        secret = options.pop("CLIENT_SECRET", CLIENT_SECRET)
        settings.PLAYLYFE = {
            "default": {
                "BACKEND": "django_playlyfe.backends.http.HttpBackend",
                "CLIENT_ID": CLIENT_ID,
                "CLIENT_SECRET": secret,
                "OPTIONS": {"AUTH_URL": f"{url}/auth/token", "API_URL": f"{url}/v2", **ROOMY, **options},
            }
        }
        return games["default"]

    yield configure
    if not games["default"].transactional:
        games["default"].close()


@pytest.fixture
def processes(remote, clock):
    """``processes(3)``: clients as three processes of one site have them, with a cache that they share."""
    made = []
    cache = MemoryCache(clock)

    def make(number, *, shared=True, url=None, secret=CLIENT_SECRET, **options):
        url = url or remote.url
        found = [
            PlaylyfeClient(
                auth_url=f"{url}/auth/token",
                api_url=f"{url}/v2",
                client_id=CLIENT_ID,
                client_secret=secret,
                cache=(lambda: cache) if shared else None,
                hmac_key="key of the site",
                **{"timeout": (20, 20), "hard_limit": 30.0, "clock": clock, "chance": Middle(), **options},
            )
            for _ in range(number)
        ]
        made.extend(found)
        return found

    make.cache = cache
    yield make
    for client in made:
        client.close()


def raised(call, *arguments, **options):
    """The error of a call: shown, logged and pickled it gives nothing away."""
    with pytest.raises((PlaylyfeError, ConfigurationError)) as caught:
        call(*arguments, **options)
    error = caught.value
    shown = f"{error} {error!r} {vars(error)} {error.__cause__!r}"
    assert CANARY not in shown, shown
    assert CANARY.encode() not in pickle.dumps(error)
    return error


@pytest.fixture
def player(make_user, remote, site):
    """``player()``: a user who is a player of the remote game, without a request for it."""

    def make(**fields):
        user = make_user(**fields)
        Delivery.objects.filter(subject=str(user.pk)).delete()
        PlayerLink.objects.filter(user=user).update(state=PlayerLink.State.LINKED)
        return user

    return make


@pytest.fixture
def page(client):
    """``page(user)``: what the user is shown while all this goes on. Never an error."""

    def show(user, name="profile", *arguments):
        client.force_login(user)
        answer = client.get(reverse(f"playlyfe:{name}", args=arguments))
        assert answer.status_code == 200
        text = answer.content.decode()
        assert CANARY not in text
        return text

    return show


def rows():
    """Kind and state of all rows, in their order."""
    return [(row.kind, row.state) for row in Delivery.objects.order_by("pk")]


def the_play():
    return the_row("play")


def the_row(kind):
    """The newest row of a kind."""
    return Delivery.objects.filter(kind=kind).latest("pk")


of_each_kind = pytest.mark.parametrize("kind", ["play", "score"])
"""A row of the table that speaks of plays, for edited scores too (``reliability.md`` §2.3: "play, score")."""


def owe(kind, user, **options):
    """Owe a play, or five more coins."""
    if kind == "play":
        return services.play(user, "wave", **options)
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "5"}
    return services.adjust_scores(user, [coins], **options)


in_each_mode = pytest.mark.parametrize("mode", ["announced", "hold", "resend"])


@pytest.fixture
def events(caplog):
    """``events()``: the names of what was logged so far (``docs/operations.rst``), in order."""
    return lambda: [record.event for record in caplog.records if hasattr(record, "event")]


@pytest.fixture
def once_star(remote, site, player, page, clock, caplog, events):
    """``once_star(mode, *steps)``: one play that meets a fault, and an hour later another drainer. Asserts what "once*"
    means, what was logged and what the user saw. Gives the row.

    Args:
        kind: ``score`` for an edit instead of a play.
        mode: the server has announced that it honours keys; or not, and the site holds or resends.
        late: when a request that hangs takes effect: "before" or "after" the second drainer.
    """

    def run(mode, *steps, kind="play", late="", **options):
        remote.reset(*steps, announces=mode == "announced")
        uncertain = {"*": "resend" if mode == "resend" else "hold"}
        site(remote.url, UNCERTAIN=uncertain, **options)
        user = player()
        owe(kind, user)
        drain()
        called = {"play": "/play", "score": "/scores"}[kind]
        assert any(
            called in record.getMessage() and "outcome=UNKNOWN" in record.getMessage() for record in caplog.records
        )
        assert events()[-1] == ("delivery.uncertain" if mode == "hold" else "delivery.sent")
        page(user)
        assert services.feedback(user) == [], "nothing has come of it yet"
        if late == "before":
            _release_and_wait(remote, kind)
        first = len(remote.applied(kind))
        site(remote.url, UNCERTAIN=uncertain)
        clock.move(3600)
        drain()
        if late == "after":
            _release_and_wait(remote, kind, more_than=len(remote.applied(kind)) - (mode == "announced"))
            first = 1
        row, sent = the_row(kind), remote.sent(kind)
        assert {request["headers"]["idempotency-key"] for request in sent} == {str(row.key)}
        told = services.feedback(user)
        if mode == "hold":
            assert (row.state, len(sent)) == ("uncertain", 1), "no second POST"
            assert len(remote.applied(kind)) == first
            assert told == [], "a person has to decide first"
        else:
            assert (row.state, len(sent)) == ("delivered", 2)
            assert len(remote.applied(kind)) == (1 if mode == "announced" else first + 1)
            assert row.evidence == ("" if mode == "announced" else "resent")
            assert "delivery.settled" in events()
            if kind == "play":
                assert row.answer["replayed"] is (mode == "announced" and first == 1 and late != "after")
                assert ([news.status for news in told], services.feedback(user)) == (["applied"], []), "told once"
            else:
                assert [score["metric"]["id"] for score in row.answer["player"]["scores"]] == ["xp"]
        return row

    return run


def _release_and_wait(remote, kind, more_than=0):
    """Let what hangs take effect."""
    remote.release()
    give_up_at = time.monotonic() + 20
    while len(remote.applied(kind)) <= more_than:
        assert time.monotonic() < give_up_at
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def cache_on_the_moved_clock(cache_of_its_own, settings):
    """In this process, whatever CACHE_URL names: the clock of these tests is moved, and a server keeps its own time.
    The tests of caches name theirs."""
    in_process = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {
        alias: {"BACKEND": in_process, "LOCATION": alias, "KEY_PREFIX": values["KEY_PREFIX"]}
        for alias, values in settings.CACHES.items()
    }


@pytest.fixture(autouse=True)
def nothing_secret_anywhere(request, caplog):
    """Neither the logs (ours and the libraries'), nor the tables that the admin shows, nor the keys of the cache."""
    caplog.set_level(logging.DEBUG)
    needs_database = request.node.get_closest_marker("django_db") is not None
    if needs_database:
        request.getfixturevalue("db" if not _is_transactional(request) else "transactional_db")
    yield
    for record in [*caplog.get_records("setup"), *caplog.get_records("call")]:
        text = f"{record.getMessage()} {record.exc_text or ''} {record.exc_info or ''}"
        assert CANARY not in text, text
    if needs_database:
        stored = [*Delivery.objects.values(), *Queue.objects.values()]
        assert CANARY not in str(stored)
    keys = getattr(caches["default"], "_cache", {})
    assert not any(CANARY in str(key) for key in keys)


def _is_transactional(request):
    marker = request.node.get_closest_marker("django_db")
    return bool(marker.kwargs.get("transaction"))
