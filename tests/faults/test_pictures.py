"""R8: what comes instead of a picture (``reliability.md`` §2.9, §5)."""

from __future__ import annotations

import base64

import pytest

from django_playlyfe.client.images import IMAGE_BYTES, IMAGE_LIMITS
from django_playlyfe.client.limits import Limits
from django_playlyfe.exceptions import NotFound
from django_playlyfe.types.pictures import Picture
from tests.faultserver.steps import Step

from .conftest import raised

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 10
ROUTE = "/runtime/assets/players/{id}"


def picture_of(client, **options):
    return client.picture(ROUTE, ids={"id": "ada"}, player_id="ada", **options)


def answer(data, content_type, **values):
    headers = {"Content-Type": content_type, **values.pop("headers", {})}
    return Step(on="get", base64=base64.b64encode(data).decode(), headers=headers, **values)


@pytest.mark.parametrize(
    ("data", "content_type", "reason"),
    [
        (b"<svg onload='alert(1)'/>", "image/svg+xml", "wrong_shape"),
        (b"<html><script>alert(1)</script>", "image/png", "wrong_shape"),
        (PNG, "text/html", "wrong_shape"),
        (PNG, "image/gif", "wrong_shape"),
        (b"", "image/png", "wrong_shape"),
        (PNG + bytes(6_000_000), "image/png", "too_large"),
    ],
    ids=["SVG", "HTML as PNG", "PNG as HTML", "PNG as GIF", "empty", "6 MB"],
)
def test_R8_what_is_no_small_picture_is_refused_and_not_read_on(data, content_type, reason, remote, processes):
    remote.reset(answer(data, content_type))
    (client,) = processes(1)
    error = raised(picture_of, client)
    assert (error.reason, error.outcome) == (reason, "APPLIED")
    if reason == "too_large":
        assert len(data) > IMAGE_BYTES
        client.player("ada")
        assert remote.record()["connections"] == 2, "what was left of the answer was not read"


def test_R8_a_slow_picture_is_cut(remote, processes):
    assert IMAGE_LIMITS.wall == 10.0
    remote.reset(answer(PNG, "image/png", do="drip"))
    (client,) = processes(1)
    client.status()
    error = raised(picture_of, client.within(Limits(20, 20, 0.5, serves_page=True)))
    assert error.reason == "deadline"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0more", "image/jpeg"),
        (b"GIF89amore", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPmore", "image/webp; charset=binary"),
    ],
)
def test_R8_a_picture_is_passed_on_with_headers_of_ours(data, content_type, remote, processes):
    remote.reset(answer(data, content_type, headers={"ETag": '"a1"', "Set-Cookie": "eve=1", "Server": "x"}))
    (client,) = processes(1)
    found = picture_of(client, query={"size": "small"})
    assert isinstance(found, Picture)
    assert (found.read(), found.content_type) == (data, content_type.partition(";")[0])
    assert set(found.headers()) == {"Content-Type", "Content-Length", "X-Content-Type-Options", "Cache-Control", "ETag"}
    (request,) = remote.requests("/assets")
    assert request["target"] == "/v2/runtime/assets/players/ada?size=small&player_id=ada"
    assert request["headers"]["accept"] == "image/*"


def test_R8_one_that_has_not_changed_is_not_sent_again(remote, processes):
    remote.reset(Step(on="get", status=304, body=""))
    (client,) = processes(1)
    assert picture_of(client, etag='"a1"') is None
    assert remote.requests("/assets")[0]["headers"]["if-none-match"] == '"a1"'


def test_R8_a_player_without_a_picture(remote, processes):
    remote.reset(Step(on="get", status=404, body={"error": "image_not_found", "error_description": "no"}))
    (client,) = processes(1)
    assert isinstance(raised(picture_of, client), NotFound)
