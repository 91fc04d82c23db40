"""Guessing secrets is slow, and a host may limit calls (``http-api.md`` §7.6, §12)."""

from __future__ import annotations

from typing import Any

import time_machine
from django.test import Client as Browser

from django_playlyfe.engine.models import ClientUsage
from django_playlyfe.engine.server.auth.throttle import WRONG_SECRETS

from .conftest import SECRET, Api, ask_for_token, error

NOON = "2024-03-05T12:00:10+00:00"


def test_after_ten_wrong_secrets_even_the_right_one_waits(register: Any) -> None:
    register("app")
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(WRONG_SECRETS):
            assert error(ask_for_token("app", "wrong")) == (401, "client_auth_fail")
        refused = ask_for_token("app")
        assert error(refused) == (429, "rate_limit_exceeded")
        assert refused.headers["Retry-After"] == "50"
        clock.shift(50)
        assert ask_for_token("app").status_code == 200


def test_another_client_and_another_address_do_not_wait(register: Any) -> None:
    register("app")
    register("other")
    with time_machine.travel(NOON, tick=False):
        for _ in range(WRONG_SECRETS):
            ask_for_token("app", "wrong")
        assert ask_for_token("other").status_code == 200
        body = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET}
        elsewhere = Browser(REMOTE_ADDR="203.0.113.7").post("/auth/token", body, content_type="application/json")
        assert elsewhere.status_code == 200


def test_right_secrets_are_never_counted(register: Any) -> None:
    register("app")
    with time_machine.travel(NOON, tick=False):
        assert {ask_for_token("app").status_code for _ in range(WRONG_SECRETS + 2)} == {200}


def test_without_a_limit_nothing_is_counted(ines: Api) -> None:
    ines.get("/runtime/player")
    assert not ClientUsage.objects.exists()


def test_a_client_has_so_many_calls_a_day(ines: Api, settings: Any) -> None:
    settings.PLAYLYFE_SERVER = {"CALL_LIMIT": 2}
    with time_machine.travel("2024-03-05T22:00:00+00:00", tick=False) as clock:
        token = ask_for_token("production-admin:read-admin:write-runtime:read-runtime:write").json()["access_token"]
        api = Api(token, "ines")
        assert [api.get("/runtime/player").status_code for _ in range(2)] == [200, 200]
        refused = api.get("/runtime/player")
        assert error(refused) == (429, "plan_limit_exceeded")
        assert refused.json()["error_description"] == (
            "Your production API usage has exceeded the limit of 2 API calls. Please upgrade your plan."
        )
        assert refused.headers["Retry-After"] == "7200"
        clock.shift(7200)
        assert api.get("/runtime/player").status_code == 200
