"""The remote game as a backend: what a page gets, and what it gets when the game is not there."""

from __future__ import annotations

import logging
import re

import pytest
from django.core.cache import cache as site_cache
from django.urls import reverse

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import AccessDenied, PlaylyfeError, Suppressed, TransportError
from django_playlyfe.models import Delivery, Queue
from tests.client.servers import Game, Reply
from tests.one_request import one_request

CANARY = "secret-canary-0123456789abcdefghijklmn"


@pytest.fixture
def user(remote_game, make_user):
    user = make_user()
    drain()
    return user


@pytest.fixture
def scripted(settings):
    """A site whose game is a scripted server. Gives the server."""
    server = Game()
    settings.PLAYLYFE = {
        "default": {
            "BACKEND": "django_playlyfe.backends.http.HttpBackend",
            "CLIENT_ID": "client-canary-id",
            "CLIENT_SECRET": CANARY,
            "OPTIONS": {"AUTH_URL": server.auth_url, "API_URL": server.api_url, "DELIVERY_RATE": 1000},
        }
    }
    yield server
    games["default"].close()
    server.close()


@pytest.fixture
def page():
    """Between the start and the end of a request, as far as budgets and memory go."""
    with one_request():
        yield


@pytest.mark.django_db(transaction=True)
class TestReads:
    def test_a_board_has_its_name_and_metric(self, user):
        services.play(user, "finish_book", {"pages": 100}, wait=True)
        board = services.leaderboard("top_readers", user)
        assert (board.name, board.metric.id, board.me.score) == ("Top readers", "xp", 10)

    def test_visitors_need_somebodys_eyes(self, user, settings):
        with pytest.raises(AccessDenied, match="READER_PLAYER_ID"):
            services.leaderboards()
        settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "READER_PLAYER_ID": str(user.pk)}}
        assert services.leaderboards()
        assert services.leaderboard("top_readers").me is None

    def test_a_server_without_notifications_has_none(self, user):
        assert list(services.notifications(user)) == []

    def test_a_server_that_announces_no_streaks_is_not_asked_for_any(self, user, monkeypatch):
        backend = games["default"]
        monkeypatch.setattr(type(backend.client), "features", frozenset({"idempotency"}))
        monkeypatch.setattr(type(backend.client), "streak", None)  # a call would be an error
        assert "streaks" not in services.abilities()
        assert services.streak(user) is None
        assert backend.streak_of(str(user.pk), "", "day") is None

    def test_status_is_a_proof(self, user):
        status = services.status()
        assert status["ok"] is True
        assert status["game_id"] == "library_quest"
        assert status["features"] == "idempotency, played-at, streaks"

    def test_status_names_a_missing_scope(self, remote_game):
        from django_playlyfe.engine.models import Client

        Client.objects.update(scopes=["admin:read", "runtime:read"])
        status = services.status()
        assert status["ok"] is False
        assert status["missing_scopes"] == "admin:write, runtime:write"

    def test_export_holds_what_site_and_game_know(self, user):
        services.play(user, "finish_book", {"pages": 321}, wait=True)
        exported = services.export(user)
        assert [row["kind"] for row in exported["deliveries"]] == ["create", "play"]
        assert "321" in str(exported["player"]["activity"])

    @pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity"])
    def test_every_page_answers(self, user, client, name):
        services.play(user, "finish_book", {"pages": 320}, wait=True)
        client.force_login(user)
        shown = client.get(reverse(f"playlyfe:{name}"))
        assert shown.status_code == 200


@pytest.mark.django_db
class TestBudget:
    def test_a_page_waits_for_all_its_reads_no_longer_than_the_budget(self, scripted, page):
        backend = games["default"]
        backend.profile("ada")  # the token is there
        scripted.replies.append(Reply(200, {}, delay=2.0))
        with pytest.raises(TransportError):
            backend.profile("ada")
        with pytest.raises(Suppressed) as caught:
            backend.profile("ada")
        assert caught.value.reason == "budget"

    def test_outside_a_page_there_is_none(self, scripted):
        scripted.replies.append(Reply(200, {"id": "ada"}, delay=1.0))
        assert games["default"].profile("ada").id == "ada"

    def test_what_was_found_before_the_time_was_over_is_shown(self, scripted):
        feed = [{"event": "level", "id": "1", "timestamp": "2024-03-05T12:00:00Z"}]
        scripted.replies.extend([Reply(200, feed), *[Reply(502, b"<html>")] * 2])
        assert [event.type for event in games["default"].activity("ada")] == ["level"]


@pytest.mark.django_db
class TestGone:
    @pytest.fixture
    def gone(self, settings):
        settings.PLAYLYFE = {
            "default": {
                "BACKEND": "django_playlyfe.backends.http.HttpBackend",
                "CLIENT_ID": "site",
                "CLIENT_SECRET": CANARY,
                "OPTIONS": {"AUTH_URL": "http://127.0.0.1:9/auth/token", "API_URL": "http://127.0.0.1:9/v2"},
            }
        }
        yield
        games["default"].close()

    def test_a_read_is_an_error_that_pages_expect(self, gone):
        with pytest.raises(PlaylyfeError):
            services.profile("ada")

    @pytest.mark.parametrize("name", ["profile", "actions", "leaderboards", "activity"])
    def test_pages_answer_all_the_same(self, gone, make_user, client, name):
        client.force_login(make_user())
        assert client.get(reverse(f"playlyfe:{name}")).status_code == 200

    def test_status_says_so(self, gone):
        assert services.status()["ok"] is False


def keys_of_the_cache():
    """All keys of the test's cache: in this process, or in Redis or Memcached where CACHE_URL names it."""
    inner = site_cache._cache
    if hasattr(inner, "get_client"):
        keys = inner.get_client().keys("*")
    elif hasattr(inner, "clients"):
        keys = [key for server in inner.clients.values() for key in keys_of_memcached(server)]
    else:
        keys = list(inner)
    return [text for text in map(str, keys) if site_cache.key_prefix in text]


def keys_of_memcached(server):
    classes = {name.split(b":")[1].decode() for name in server.stats("items")}
    return [key for number in classes for key in server.stats("cachedump", number, "0")]


@pytest.mark.django_db
def test_no_secret_is_in_any_log_row_error_or_cache_key(scripted, make_user, caplog, admin_client):
    """The canary: the secret and every token the server gave out are looked for wherever we leave traces."""
    caplog.set_level(logging.DEBUG)
    user = make_user()
    drain()
    scripted.replies.extend(
        [
            Reply(400, {"error": "validation_exception", "error_description": f"secret {CANARY} is wrong"}),
            Reply(500, CANARY.encode()),
            Reply(302, b"", {"Location": f"https://evil.example/?access_token={CANARY}"}),
        ]
    )
    texts = []
    for _ in range(3):
        try:
            services.play(user, "wave", wait=True)
        except PlaylyfeError as error:
            texts += [str(error), repr(error), str(error.details)]
    texts += [str(services.status()), repr(games["default"].client), repr(games["default"].settings)]
    texts += [str(list(model.objects.values())) for model in (Delivery, Queue)]
    texts += [admin_client.get(reverse("admin:index")).content.decode()]
    texts += [record.getMessage() + str(record.exc_text) for record in caplog.records if _is_ours(record)]
    texts += keys_of_the_cache()
    everything = "\n".join(texts)
    assert CANARY not in everything
    assert not re.search(r"token-canary-\d+", everything)


def _is_ours(record):
    return record.name.startswith("django_playlyfe")
