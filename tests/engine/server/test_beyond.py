"""What our server adds without a client that does not ask noticing: CORS, ETags, compression (``http-api.md`` §12)."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm

from .conftest import Api, ask_for_token

METRICS = "/runtime/definitions/metrics"
ACTION = "/design/versions/latest/actions/finish_book"  # long enough to be compressed
PACKED = {"Accept_Encoding": "gzip"}


class TestOtherOrigins:
    def test_any_origin_may_read_answers_and_refusals(self, ines: Api) -> None:
        for response in (ines.get("/runtime/player"), Browser().get("/v2/nowhere")):
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            exposed = response.headers["Access-Control-Expose-Headers"]
            assert exposed == "ETag, Retry-After, X-Request-ID, Idempotency-Replayed, Playlyfe-Features"
            assert "Access-Control-Allow-Credentials" not in response.headers

    @pytest.mark.parametrize("path", ["/v2/runtime/player", "/v1/player", "/v2/nowhere", "/v2/logout"])
    def test_asking_first_needs_no_token(self, quest: Realm, path: str) -> None:
        response = Browser().options(path)
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE"
        assert response.headers["Access-Control-Allow-Headers"] == (
            "Content-Type, Authorization, Idempotency-Key, If-None-Match, X-Request-ID"
        )
        assert response.headers["Access-Control-Allow-Origin"] == "*"

    def test_a_host_may_name_the_origins(self, ines: Api, settings: Any) -> None:
        settings.PLAYLYFE_SERVER = {"CORS_ORIGINS": ["https://app.example"]}
        shared = ines.get("/runtime/player", Origin="https://app.example")
        kept = ines.get("/runtime/player", Origin="https://evil.example")
        assert shared.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Access-Control-Allow-Origin" not in kept.headers
        assert "Origin" in shared.headers["Vary"]
        assert "Origin" in kept.headers["Vary"]

    def test_or_none(self, ines: Api, settings: Any) -> None:
        settings.PLAYLYFE_SERVER = {"CORS_ORIGINS": []}
        assert "Access-Control-Allow-Origin" not in ines.get("/runtime/player").headers

    def test_the_token_endpoint_is_for_servers(self, register: Any) -> None:
        register("app")
        assert "Access-Control-Allow-Origin" not in ask_for_token("app").headers


class TestETags:
    def test_what_the_caller_has_is_not_sent_again(self, ines: Api) -> None:
        first = ines.get(METRICS)
        tag = first.headers["ETag"]
        assert tag.startswith('"')
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = ines.get(METRICS, If_None_Match=f'"other", {tag}')
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert ines.get(METRICS, If_None_Match='"other"').status_code == 200

    @pytest.mark.parametrize(
        ("base", "path"),
        [
            ("/v2", "/runtime/definitions/metrics/xp"),
            ("/v2", "/runtime/definitions/teams"),
            ("/v2", "/runtime/assets/game"),
            ("/v2", "/design/versions/latest/rules"),
            ("/v2", "/design/versions/1/bootstrap"),
            ("/v2", "/design/issues"),
            ("/v2", "/design/images"),
            ("/v2", "/design/images/default-game"),
            ("/v1", "/definitions/processes"),
            ("/v1", "/assets/metrics/badges"),
        ],
    )
    def test_definitions_designs_and_images_have_one(self, enter: Any, ines: Api, base: str, path: str) -> None:
        token = enter(["runtime:read", "design:read"]).token
        there = f"{base}{path}?player_id=ines"
        first = Browser().get(there, headers={"Authorization": f"Bearer {token}"})
        known = {"Authorization": f"Bearer {token}", "If-None-Match": first.headers["ETag"]}
        again = Browser().get(there, headers=known)
        assert (first.status_code, again.status_code) == (200, 304)
        for answer in (first, again):
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert answer.headers["Playlyfe-Features"] == "idempotency, played-at, streaks"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["X-Request-ID"]

    @pytest.mark.parametrize("written", ["W/{tag}", 'W/"other", W/{tag}', "*"])
    def test_tags_are_compared_weakly(self, ines: Api, written: str) -> None:
        """Proxies that compress make a tag weak."""
        tag = ines.get(METRICS).headers["ETag"]
        assert ines.get(METRICS, If_None_Match=written.replace("{tag}", tag)).status_code == 304

    def test_other_answers_are_not_kept(self, ines: Api) -> None:
        response = ines.get("/runtime/player")
        assert "ETag" not in response.headers
        assert response.headers["Cache-Control"] == "private, no-store"

    def test_a_refusal_has_none(self, ines: Api) -> None:
        assert "ETag" not in ines.get(f"{METRICS}/nothing").headers

    def test_the_head_of_it_has_the_same(self, ines: Api) -> None:
        head = ines("HEAD", METRICS)
        assert head.headers["ETag"] == ines.get(METRICS).headers["ETag"]
        assert head.content == b""


class TestCompression:
    @pytest.fixture
    def many(self, quest: Realm) -> None:
        for number in range(60):
            services.create_player(quest, f"player-{number}")

    def test_a_long_answer_is_compressed_for_whoever_reads_that(self, site: Api, many: None) -> None:
        plain = site.get("/admin/players?limit=50")
        packed = site.get("/admin/players?limit=50", Accept_Encoding="br, gzip")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        content = b"".join(packed.streaming_content) if packed.streaming else packed.content
        expected = b"".join(plain.streaming_content) if plain.streaming else plain.content
        assert gzip.decompress(content) == expected
        assert len(json.loads(expected)["data"]) == 50

    @pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "gzip;q=0.0, br"])
    def test_not_for_others(self, site: Api, many: None, accepts: str) -> None:
        response = site.get("/admin/players?limit=50", Accept_Encoding=accepts)
        assert "Content-Encoding" not in response.headers

    def test_short_answers_stay_as_they_are(self, ines: Api) -> None:
        assert "Content-Encoding" not in ines.get("/runtime/activity", Accept_Encoding="gzip").headers

    def test_the_token_endpoint_never_compresses(self, register: Any) -> None:
        register("app")
        assert "Content-Encoding" not in ask_for_token("app").headers

    def test_each_form_of_an_answer_has_its_own_tag(self, enter: Any) -> None:
        desk: Api = enter(["design:read"])
        plain, packed, again = desk.get(ACTION), desk.get(ACTION, **PACKED), desk.get(ACTION, **PACKED)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["ETag"] not in ("", plain.headers["ETag"])
        assert again.content == packed.content  # a strong tag names every byte
        for known, accepted in ((plain, {}), (packed, PACKED)):
            tag = known.headers["ETag"]
            unchanged = desk.get(ACTION, If_None_Match=tag, **accepted)
            assert (unchanged.status_code, unchanged.headers["ETag"]) == (304, tag)
            assert unchanged.headers["Vary"] == known.headers["Vary"]  # RFC 9110 §15.4.5

    def test_what_is_never_compressed_does_not_vary_unchanged_either(self, ines: Api) -> None:
        for path in ("/runtime/assets/game", f"{METRICS}/xp"):  # an image, and a short answer
            first = ines.get(path)
            again = ines.get(path, If_None_Match=first.headers["ETag"])
            assert again.status_code == 304
            assert again.headers.get("Vary") == first.headers.get("Vary")
