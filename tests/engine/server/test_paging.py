"""Lists of any length, a few rows in memory (``http-api.md`` §4.4)."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.http import QueryDict
from django.test import AsyncClient

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.selectors import feeds
from django_playlyfe.engine.server.kit import paging
from django_playlyfe.engine.server.kit.paging import Page, Stream, paged
from django_playlyfe.engine.server.kit.parameters import Query

from .conftest import Api


class Numbers:
    """A list of numbers that remembers which pages were read of it."""

    def __init__(self, length: int) -> None:
        self.rows = [{"n": number} for number in range(length)]
        self.pages: list[tuple[int, int]] = []

    def __call__(self, skip: int, limit: int) -> Page:
        self.pages.append((skip, limit))
        return {"data": self.rows[skip : skip + limit], "total": len(self.rows)}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "CHUNK", 3)


def read(numbers: Numbers, query: str) -> dict[str, Any]:
    answer = paged(Query(QueryDict(query)), numbers)()
    body = b"".join(answer.parts()) if isinstance(answer, Stream) else json.dumps(answer).encode()
    parsed: dict[str, Any] = json.loads(body)
    return parsed


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 6, 7, 20])
def test_a_list_is_the_same_in_chunks_as_in_one_piece(length: int) -> None:
    for limit, skip in product([-1, 0, 1, 2, 3, 4, 5, 6, 7, 100, 10**12], [0, 1, 3, 5, 50]):
        numbers = Numbers(length)
        wanted = numbers.rows[skip:] if limit == -1 else numbers.rows[skip : skip + limit]
        assert read(numbers, f"skip={skip}&limit={limit}") == {"data": wanted, "total": length}
        assert all(0 <= size <= paging.CHUNK for _, size in numbers.pages)


def test_ten_rows_are_the_default() -> None:
    numbers = Numbers(20)
    assert len(read(numbers, "")["data"]) == 10


def test_later_pages_are_read_while_the_answer_is_sent() -> None:
    numbers = Numbers(10)
    answer = paged(Query(QueryDict("limit=-1")), numbers)()
    assert isinstance(answer, Stream)
    assert numbers.pages == [(0, 3)]
    parts = answer.parts()
    next(parts)
    assert numbers.pages == [(0, 3)]
    next(parts)
    assert numbers.pages == [(0, 3), (3, 3)]


@pytest.fixture
def crowd(ines: Api, quest: Realm) -> Api:
    for number in range(10):
        services.create_player(quest, f"p{number}", alias="error" if number == 9 else "")
    return ines


def test_a_long_list_is_streamed(crowd: Api) -> None:
    response = crowd.get("/admin/players?limit=-1")
    assert response.streaming
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "private, no-store"
    content = b"".join(response.streaming_content)
    assert b'"error"' not in content
    body = json.loads(content)
    assert [player["id"] for player in body["data"]] == ["ines", *(f"p{number}" for number in range(10))]
    assert body["total"] == 11


def test_a_long_board_is_streamed(crowd: Api) -> None:
    body = json.loads(
        b"".join(crowd.get("/runtime/leaderboards/top_readers?cycle=alltime&limit=100").streaming_content)
    )
    assert len(body["data"]) == body["total"] == 11


def test_a_short_list_is_not(crowd: Api) -> None:
    assert not crowd.get("/admin/players?limit=3").streaming
    assert not crowd.get("/admin/players?limit=-1&skip=9").streaming


def test_head_of_a_long_list_reads_no_further(crowd: Api) -> None:
    response = crowd("HEAD", "/admin/players?limit=-1")
    assert (response.status_code, b"".join(response.streaming_content)) == (200, b"")


def test_a_long_list_is_streamed_under_asgi_too(crowd: Api) -> None:
    async def collect() -> bytes:
        response = await AsyncClient().get(
            "/v2/admin/players?limit=-1", headers={"Authorization": f"Bearer {crowd.token}"}
        )
        assert response.is_async
        return b"".join([part async for part in response.streaming_content])

    assert json.loads(async_to_sync(collect)())["total"] == 11


def test_a_failure_in_the_middle_is_logged_with_the_request_id(
    crowd: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django_playlyfe.engine import selectors

    response = crowd.get("/admin/players?limit=-1", X_Request_ID="r-17")
    content = response.streaming_content
    next(content)
    monkeypatch.setattr(selectors.players, "__code__", (lambda realm, skip=0, limit=10: 1 / 0).__code__)
    with pytest.raises(ZeroDivisionError):
        next(content)
    assert "An answer broke off [r-17]" in caplog.text


# --- feeds: bare arrays -----------------------------------------------------------------------------------------------

FEEDS = ("/runtime/activity", "/admin/players/ines/activity", "/admin/activity")


@pytest.fixture
def _busy(ines: Api, quest: Realm) -> None:
    """Plays of several players, some at one instant; the first of each is an event of the game's feed, too."""
    for player, instant in (("ines", 0), ("a", 0), ("b", 0), ("ines", 0), ("c", 1), ("ines", 1), ("ines", 1)):
        with time_machine.travel(f"2024-03-05T12:00:0{instant}+00:00", tick=False):
            if player != "ines":
                services.create_player(quest, player)
            services.play(quest, player, "finish_book", {"pages": 600})


def feed(caller: Api, path: str) -> tuple[bool, Any]:
    response = caller.get(path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response.streaming, json.loads(content)


@pytest.mark.usefixtures("_busy")
@pytest.mark.parametrize("path", FEEDS)
def test_a_long_feed_is_streamed_and_the_same_in_parts(ines: Api, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_streamed, whole = feed(ines, f"{path}?start=0")
    assert not is_streamed
    assert len(whole) > 3
    for size in (1, 2, 3, 4, 5):
        monkeypatch.setattr(feeds, "PART", size)
        assert feed(ines, f"{path}?start=0") == (size <= 4, whole)  # there are four calls, or entries
        assert feed(ines, f"{path}?start=2999-01-01") == (False, [])


@pytest.mark.usefixtures("_busy")
def test_the_next_part_of_a_feed_is_read_while_the_answer_is_sent(
    ines: Api, monkeypatch: pytest.MonkeyPatch, count_queries: Any
) -> None:
    monkeypatch.setattr(feeds, "PART", 1)
    with count_queries() as before:
        response = ines.get("/admin/activity?start=0")
    with count_queries() as meanwhile:
        b"".join(response.streaming_content)
    assert len([query for query in before if "feedentry" in query]) == 2
    assert len([query for query in meanwhile if "feedentry" in query]) == 3
