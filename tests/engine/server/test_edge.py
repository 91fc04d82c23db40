"""What holds for every answer, and what never leaves the server (``http-api.md`` §4.8, §12)."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.core import mail
from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connection, connections
from django.test import Client as Browser
from django.test import RequestFactory, override_settings
from django.urls import Resolver404, resolve

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ConfigurationError

from .conftest import SECRET, Api, ask_for_token, error

PLAY = "/runtime/actions/finish_book/play"
LOGGER = "django_playlyfe.engine.server"


# --- headers ----------------------------------------------------------------------------------------------------------


def test_every_api_answer_names_the_features_and_may_not_be_kept(ines: Api) -> None:
    answers = [
        ines.get("/runtime/player"),
        ines.post(PLAY, {"variables": {"pages": 1}}),
        ines.post(PLAY),
        ines.get("/nowhere"),
        ines("HEAD", "/runtime/player"),
        ines("OPTIONS", "/runtime/player"),
        Api("wrong").get("/admin"),
        Api(ines.token, base="/v1").get("/"),
        ines.post("/logout"),
    ]
    for answer in answers:
        assert answer.headers["Playlyfe-Features"] == "idempotency, played-at, streaks"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Request-ID"]


def test_a_harmless_request_id_comes_back(ines: Api) -> None:
    for given in ("r-1", "A.b_c-9", "x" * 64):
        assert ines.get("/runtime/player", X_Request_ID=given).headers["X-Request-ID"] == given
        assert Browser().get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    refused = Browser().post("/auth/token", headers={"X-Request-ID": "r-2"})
    assert refused.headers["X-Request-ID"] == "r-2"
    for page in ("/auth?client_id=x", "/logout", "/docs", "/openapi.yaml"):
        assert Browser().get(page, headers={"X-Request-ID": "r-3"}).headers["X-Request-ID"] == "r-3"
        assert len(Browser().get(page, headers={"X-Request-ID": "<b>"}).headers["X-Request-ID"]) == 32
    assert Browser().put("/auth").headers["X-Request-ID"]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "é", "a/b", "<b>"])
def test_another_request_id_is_replaced(db: None, given: str) -> None:
    sent = {"X-Request-ID": given}
    first, second = (Browser().get("/health", headers=sent).headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert len(first) == 32


# --- the site's habits ------------------------------------------------------------------------------------------------


def middleware(*more: str) -> Any:
    from django.conf import settings

    return override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, *more])


def test_no_csrf_token_is_needed(site: Api) -> None:
    strict = Browser(enforce_csrf_checks=True)
    bearer = {"Authorization": f"Bearer {site.token}"}
    created = strict.post("/v2/admin/players", {"id": "rui"}, content_type="application/json", headers=bearer)
    assert created.status_code == 200
    form = "application/x-www-form-urlencoded"
    assert error(strict.post("/auth/token", "grant_type=x", content_type=form)) == (400, "unsupported_grant_type")


def test_nobody_is_sent_to_a_login_page(ines: Api) -> None:
    with middleware("django.contrib.auth.middleware.LoginRequiredMiddleware"):
        assert ines.get("/runtime/player").status_code == 200
        assert error(Api("").get("/runtime/player")) == (401, "invalid_access_token")
        assert Browser().get("/health").status_code == 200
        assert Browser().post("/auth/token").status_code == 400
        for page in ("/logout", "/docs", "/openapi.yaml"):
            assert Browser().get(page).status_code == 200
        assert Browser().get("/auth?client_id=nobody").status_code == 400


def test_a_site_wide_cache_keeps_nothing(ines: Api) -> None:
    from django.conf import settings

    first, last = "django.middleware.cache.UpdateCacheMiddleware", "django.middleware.cache.FetchFromCacheMiddleware"
    with override_settings(MIDDLEWARE=[first, *settings.MIDDLEWARE, last]):
        before = ines.get("/runtime/player").json()
        ines.patch("/runtime/player", {"alias": "New"})
        assert ines.get("/runtime/player").json() == {**before, "alias": "New"}


@pytest.mark.django_db(transaction=True)
def test_no_transaction_surrounds_a_request(ines: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    seen = []
    monkeypatch.setattr(selectors, "metrics", lambda realm: seen.append(connection.in_atomic_block) or [])
    ines.get("/runtime/definitions/metrics")
    assert seen == [False]
    ines.post(PLAY, {"variables": {"pages": 100}})
    assert ines.get("/runtime/activity").json() != []


def test_it_can_be_mounted_under_a_prefix(site: Api) -> None:
    with override_settings(ROOT_URLCONF="tests.engine.server.urls"):
        assert Api(site.token, base="/game/v2").get("/admin").status_code == 200
        assert error(Api("", base="/game/v2").get("/nowhere")) == (401, "invalid_access_token")
        assert Browser().get("/game/health").status_code == 200
        assert error(Browser().get("/game/auth/token")) == (404, "route_not_found")
        with pytest.raises(Resolver404):
            resolve("/game/v3/admin")


@pytest.mark.parametrize("path", ["/runtime/player", "/player", "/v3/admin", "/auth/nothing", "/"])
def test_where_it_is_the_whole_site_every_other_address_is_no_route(site: Api, path: str) -> None:
    with override_settings(ROOT_URLCONF="django_playlyfe.engine.server.urls", DEBUG=False):
        for method in ("GET", "POST", "PATCH"):
            answer = Browser().generic(method, f"{path}?player_id=ines", headers={"X-Request-ID": "r-404"})
            assert error(answer) == (404, "route_not_found")
            assert answer.json()["error_description"] == "This route does not exist"
            assert answer.headers["X-Request-ID"] == "r-404"
        assert Browser().get("/health").status_code == 200
        assert run_checks(tags=[Tags.urls]) == []
    assert Browser().get(path if path != "/" else "/nothing").headers["Content-Type"].startswith("text/html")


# --- failures ---------------------------------------------------------------------------------------------------------


@override_settings(ADMINS=[("Admin", "admin@example.org")])
def test_an_unexpected_failure_shows_nothing_and_is_logged(
    ines: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("the inside of the server")

    monkeypatch.setattr(selectors, "profile", broken)
    response = ines.get("/runtime/player", X_Request_ID="r-9")
    assert error(response) == (500, "internal_error")
    assert "inside" not in response.content.decode()
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.name == LOGGER
    assert record.exc_info is not None
    assert "r-9" in record.getMessage()
    assert "/runtime/player" in record.getMessage()
    assert ines.token not in caplog.text
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (OperationalError("password of the database"), "service_unavailable"),
        (ConfigurationError("run manage.py inside"), "service_unavailable"),
        (ImproperlyConfigured("inside"), "internal_error"),
        (RecursionError("inside"), "internal_error"),
    ],
)
def test_failures_of_the_server_are_told_apart_without_details(
    ines: Api, monkeypatch: pytest.MonkeyPatch, failure: Exception, name: str
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise failure

    monkeypatch.setattr(services, "play", broken)
    response = ines.post(PLAY, {"variables": {"pages": 1}})
    assert error(response) == (503 if name == "service_unavailable" else 500, name)
    assert ("Retry-After" in response.headers) == (name == "service_unavailable")
    assert not any(word in response.content.decode() for word in ("inside", "password"))


def test_an_error_that_cannot_be_told_is_an_internal_one(ines: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from django_playlyfe.wire import make_error

    def broken(*args: object, **more: object) -> None:
        raise make_error("validation_exception", data={"errors": [object()]})

    monkeypatch.setattr(selectors, "profile", broken)
    assert error(ines.get("/runtime/player")) == (500, "internal_error")


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_health_tells_whether_the_database_answers(
    db: None, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    healthy = Browser().get("/health")
    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
    assert "private" in healthy.headers["Cache-Control"]
    assert Browser().head("/health").status_code == 200
    assert error(Browser().post("/health")) == (404, "route_not_found")

    def broken() -> None:
        raise failure("the address of the database")

    monkeypatch.setattr(transactions, "write_connection", broken)
    sick = Browser().get("/health/")
    assert (sick.status_code, sick.json()) == (503, {"status": "unavailable"})


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_neither_secret_nor_token_is_in_any_log_line(
    ines: Api, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.DEBUG = True  # the database then logs its queries too
    with caplog.at_level(logging.DEBUG):
        client_id = "production-admin:read-admin:write-runtime:read-runtime:write"
        token = ask_for_token(client_id).json()["access_token"]
        ask_for_token(client_id, SECRET + "x")
        for path in ("/v2/runtime/player?player_id=ines", "/v2/nowhere?a=1", "/v2/runtime/player?limit=1?x=1"):
            Browser().get(f"{path}&access_token={token}")
            Browser().get(f"{path}&access_token={token}x")
            Browser().get(path, headers={"Authorization": f"Bearer {token}"})
        Browser().get(f"/v2/admin/players?limit=5?access_token={token}")
        Browser().post(f"/v2/logout?access_token={token}")
    assert [record for record in caplog.records if record.name == LOGGER]
    assert SECRET not in caplog.text
    assert token not in caplog.text


def test_refusals_are_no_warnings(ines: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ines.get("/nowhere", X_Request_ID="r-1")
        Api("wrong").get("/admin", X_Request_ID="r-2")
    client = "production-admin:read-admin:write-runtime:read-runtime:write"
    assert [(record.levelname, record.getMessage()) for record in caplog.records if record.name == LOGGER] == [
        ("INFO", f"GET - 404 route_not_found, client {client} [r-1]"),
        ("INFO", "GET - 401 invalid_access_token, client - [r-2]"),
    ]
    assert not any(record.name == "django.request" for record in caplog.records)


def test_the_request_forgets_its_token(ines: Api) -> None:
    """So that error reports, broken-link mails and access logs made from it later show none."""
    token = ines.token
    path = f"/v2/runtime/player?player_id=ines&access_token={token}&jwt=c:{token}&x=1?access_token={token}"
    request = RequestFactory().get(
        path, headers={"Authorization": f"Bearer {token}"}, RAW_URI=path, REQUEST_URI="/v2/runtime/player"
    )
    match = resolve("/v2/runtime/player")
    assert match.func(request, **match.kwargs).status_code == 200
    seen = [request.get_full_path(), repr(request.GET), repr(request.META), request.build_absolute_uri()]
    assert not any(token in text for text in seen)
    assert request.GET["player_id"] == "ines"
    assert request.META["RAW_URI"].startswith("/v2/runtime/player?player_id=ines&x=")


@pytest.mark.parametrize("more", ["", "&" + "&".join(f"p{number}=1" for number in range(2000))])
def test_the_request_for_a_token_forgets_what_was_wrongly_put_into_its_address(more: str) -> None:
    path = f"/auth/token?client_id=c&client_secret={SECRET}{more}"
    request = RequestFactory().post(path, "{}", content_type="application/json", RAW_URI=path)
    match = resolve("/auth/token")
    assert match.func(request, **match.kwargs).status_code == 400
    assert not any(SECRET in text for text in (request.get_full_path(), repr(request.GET), repr(request.META)))


@pytest.mark.parametrize("name", ["access_token", "jwt", "client_secret"])
def test_a_report_does_not_repeat_a_secret_of_the_body(ines: Api, name: str) -> None:
    for method, path in (("PATCH", "/runtime/player"), ("POST", "/runtime/actions/finish_book/play")):
        response = ines(method, path, {name: SECRET, "variables": 7})
        assert error(response) == (400, "validation_exception")
        assert SECRET not in response.content.decode()
        assert response.json()["data"]["data"][name] == "***"


def test_a_query_that_is_too_long_to_read_is_forgotten_whole(ines: Api) -> None:
    fields = "&".join(f"p{number}=1" for number in range(2000))
    request = RequestFactory().get(f"/v2/admin?access_token={ines.token}&{fields}")
    match = resolve("/v2/admin")
    assert match.func(request, **match.kwargs).status_code == 400
    assert ines.token not in request.get_full_path()


def test_the_development_server_logs_no_token() -> None:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, logger = Keep(), logging.getLogger("django.server")
    logger.addHandler(handler)
    try:
        logger.info('"%s" %s %s', "GET /v2/x?a=1&access_token=T0KEN&b=2 HTTP/1.1", "200", "5")
        logger.info('"%s" %s %s', "GET /v2/x?jwt=id:T0KEN HTTP/1.1", 200, 5)
        logger.info("no arguments")
        logger.info("%(named)s", {"named": "an argument"})
    finally:
        logger.removeHandler(handler)
    assert lines == [
        '"GET /v2/x?a=1&access_token=***&b=2 HTTP/1.1" 200 5',
        '"GET /v2/x?jwt=*** HTTP/1.1" 200 5',
        "no arguments",
        "an argument",
    ]


def test_answers_hold_no_token(ines: Api) -> None:
    for path in ("/runtime/player", "/nowhere", "/runtime/player?detailed=x", "/runtime/players?limit=x"):
        joint = "&" if "?" in path else "?"
        response = Browser().get(f"/v2{path}{joint}player_id=ines&access_token={ines.token}")
        assert ines.token not in response.content.decode() + json.dumps(dict(response.headers))


def test_the_realm_of_a_log_line_is_told_by_the_client(ines: Api, quest: Realm, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG, logger=LOGGER):
        ines.get("/runtime/leaderboards/top_readers?cycle=alltime")
    assert "GET /runtime/leaderboards/:id 200 -, client production-" in caplog.text
