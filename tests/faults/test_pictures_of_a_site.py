"""R8 as a site's visitors meet it: ``services.picture`` (``reliability.md`` §2.9, §2.10, §4)."""

from __future__ import annotations

import base64
import threading
import time

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.http import StreamingHttpResponse

from django_playlyfe import services
from django_playlyfe.client.images import IMAGE_LIMITS
from django_playlyfe.client.limits import Limits
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import BadResponse, NotFound, PlaylyfeError, ResponseLost, Suppressed
from django_playlyfe.reading import bulkhead
from django_playlyfe.reading.background import reader
from tests.faultserver.steps import ALWAYS, Step
from tests.one_request import one_request

from .conftest import raised

pytestmark = [pytest.mark.django_db, pytest.mark.fault("R8")]

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 1000
LARGE = PNG + bytes(2_000_000)
MISSING = {"error": "image_not_found", "error_description": "The player has no display image"}
HOUR, DAY = 3600, 24 * 3600


@pytest.fixture(autouse=True)
def threads_of_its_own():
    bulkhead._bulkhead.renew()
    reader.renew()


@pytest.fixture
def visit(site, remote):
    """``with visit(): …`` is one request to a site that has this game."""
    site(remote.url)
    return one_request


def shown(data, content_type="image/png", **values):
    headers = {"Content-Type": content_type, **values.pop("headers", {})}
    return Step(on="get", base64=base64.b64encode(data).decode(), headers=headers, **values)


def asked(remote):
    return len(remote.requests("/assets"))


def wait_until(condition):
    give_up_at = time.perf_counter() + 20
    while not condition():
        assert time.perf_counter() < give_up_at
        time.sleep(0.005)


def end_of(response):
    """What a server does when the browser is gone. As in Django's test client, the test's connection stays open."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)


def was_cut(remote):
    (request,) = remote.requests("/assets")
    return request["was_cut"]


def test_a_picture_is_fetched_once_a_day(visit, remote, clock):
    remote.reset(shown(PNG, headers={"ETag": '"a1"'}, times=2))
    for _ in range(3):
        with visit():
            found = services.picture("player", "ada", size="small")
            assert (found.content_type, found.etag, found.length) == ("image/png", '"a1"', len(PNG))
            assert b"".join(StreamingHttpResponse(found, headers=found.headers())) == PNG
    assert asked(remote) == 1
    (request,) = remote.requests("/assets")
    assert request["target"] == "/v2/runtime/assets/players/ada?size=small&player_id=ada"
    clock.move(DAY + 1)
    with visit():
        assert services.picture("player", "ada", size="small").read() == PNG
    assert asked(remote) == 2


def test_that_there_is_no_picture_is_remembered_for_an_hour(visit, remote, clock):
    remote.reset(Step(on="get", status=404, body=MISSING, times=2))
    for moved in (0, HOUR - 60, 120):
        clock.move(moved)
        with visit():
            error = raised(services.picture, "player", "ada")
        assert isinstance(error, NotFound)
        assert error.code == "image_not_found"
    assert asked(remote) == 2, "once, and once more after an hour"


@pytest.mark.parametrize(
    ("data", "content_type", "reason"),
    [
        (b"<svg onload='alert(1)'/>", "image/svg+xml", "wrong_shape"),
        (b"<html><script>alert(1)</script>", "image/png", "wrong_shape"),
        (PNG + bytes(6_000_000), "image/png", "too_large"),
    ],
    ids=["SVG", "HTML as PNG", "6 MB"],
)
def test_what_is_no_picture_is_neither_shown_nor_kept(data, content_type, reason, visit, remote, clock):
    remote.reset(shown(data, content_type), shown(PNG))
    with visit():
        error = raised(services.picture, "player", "ada")
    assert isinstance(error, BadResponse)
    assert error.reason == reason
    clock.move(10)
    with visit():
        assert services.picture("player", "ada").read() == PNG


def test_a_slow_picture_is_given_up_and_its_connection_closed(visit, remote, site, caplog):
    remote.reset(shown(LARGE, do="drip", at_once=500_000), shown(PNG))
    site(remote.url, PAGE_BUDGET=0.5)
    with visit():
        error = raised(services.picture, "player", "ada")
    assert isinstance(error, Suppressed | ResponseLost)
    assert error.reason in {"budget", "deadline"}
    wait_until(lambda: was_cut(remote))
    assert any("cut=timeout" in record.getMessage() for record in caplog.records)
    assert reader().work_off() == 1, "the thread that no page waits for fetches it"
    with visit():
        assert services.picture("player", "ada").read() == PNG
    assert asked(remote) == 2


def test_a_browser_that_goes_away_closes_the_connection_to_the_game(visit, remote):
    remote.reset(shown(LARGE, do="drip", at_once=1_200_000))
    with visit():
        found = services.picture("player", "ada")
        response = StreamingHttpResponse(found, headers=found.headers())
        assert int(response.headers["Content-Length"]) == len(LARGE)
        assert next(iter(response)).startswith(PNG[:8])
        assert not was_cut(remote), "its beginning is being shown"
        end_of(response)
    wait_until(lambda: was_cut(remote))


def test_a_large_picture_is_passed_on_whole_and_the_connection_used_again(visit, remote):
    remote.reset(shown(LARGE, times=2))
    for _ in range(2):
        with visit():
            assert services.picture("player", "ada").read() == LARGE
    assert asked(remote) == 2, "it is too large for the cache"
    assert len({request["connection"] for request in remote.requests("/assets")}) == 1


def test_a_picture_that_turns_out_too_large_is_cut(visit, remote):
    endless = base64.b64encode(
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n" + PNG + bytes(6_000_000)
    )
    remote.reset(Step(on="get", do="raw", base64=endless.decode()))
    with visit():
        found = services.picture("player", "ada")
        assert found.length is None
        error = raised(found.read)
    assert (type(error), error.reason) == (BadResponse, "too_large")


def test_a_large_picture_that_stops_coming_is_cut_after_ten_seconds_of_the_servers_time(visit, remote, monkeypatch):
    assert IMAGE_LIMITS.wall == 10.0
    monkeypatch.setattr("django_playlyfe.client.exchange.IMAGE_LIMITS", Limits(wall=0.5))
    remote.reset(shown(LARGE, do="drip", at_once=1_200_000))
    with visit():
        found = services.picture("player", "ada")
        time.sleep(0.6)  # the visitor's slowness costs nothing
        pieces = iter(found)
        got = next(pieces)
        error = raised(lambda: [*pieces])
    assert len(got) == 64 * 1024
    assert (type(error), error.reason) == (ResponseLost, "deadline")
    wait_until(lambda: was_cut(remote))


def test_many_who_ask_at_once_ask_the_game_once(visit, remote):
    remote.reset(shown(PNG, do="hold", times=ALWAYS))
    found, errors = [], []

    def one():
        try:
            with visit():
                found.append(services.picture("player", "ada").read())
        except PlaylyfeError as error:
            errors.append(error)
        finally:
            connection.close()  # of this thread

    visitors = [threading.Thread(target=one) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    remote.wait_for(1, "/assets")
    remote.release()
    for visitor in visitors:
        visitor.join(30)
    assert (found, errors) == ([PNG] * 4, [])
    assert asked(remote) == 1


def test_a_player_who_is_erased_leaves_no_picture(visit, remote, player):
    user = player()
    remote.reset(shown(PNG, times=2))
    with visit():
        services.picture("player", user).close()
    services.forget_player(user)
    drain()
    with visit():
        services.picture("player", str(user.pk)).close()
    assert asked(remote) == 2


def test_a_player_who_hides_has_no_picture_for_others(visit, remote, player):
    user, other = player(), player()
    remote.reset(shown(PNG))
    services.hide_player(user)
    for viewer in (None, other):
        with visit():
            assert isinstance(raised(services.picture, "player", user, user=viewer), NotFound)
    with visit():
        assert services.picture("player", user, user=user).read() == PNG
