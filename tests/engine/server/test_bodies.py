"""Bodies that do not arrive as announced."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from django_playlyfe.engine.server.kit import bodies
from django_playlyfe.exceptions import InvalidRequest


class Broken(io.BytesIO):
    """A connection that breaks while it is read."""

    def read(self, *size: Any) -> bytes:
        raise ConnectionResetError


def test_a_connection_that_breaks_is_an_unreadable_body() -> None:
    request = RequestFactory().post("/", "{}", content_type="application/json")
    request._stream = Broken()
    with pytest.raises(bodies.Unreadable):
        bodies.read_bytes(request)


@pytest.mark.parametrize("length", [bodies.LARGEST, bodies.LARGEST + 1])
def test_a_body_of_undeclared_length_is_measured(length: int) -> None:
    request = AsyncRequestFactory().post("/", b"x" * length, content_type="application/json")
    del request.META["CONTENT_LENGTH"]  # as with Transfer-Encoding: chunked
    if length <= bodies.LARGEST:
        assert len(bodies.read_bytes(request)) == length
    else:
        with pytest.raises(InvalidRequest) as caught:
            bodies.read_bytes(request)
        assert caught.value.code == "request_too_large"


@pytest.mark.parametrize("look", [lambda request: request.body, lambda request: request.POST])
def test_a_body_that_a_middleware_has_looked_at_is_still_there(look: Any) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        request = RequestFactory().post("/", "a=1", content_type=content_type)
        look(request)
        assert bodies.read_bytes(request) == b"a=1"


def test_a_wrong_length_is_no_length() -> None:
    request = RequestFactory().post("/", "{}", content_type="application/json")
    request.META["CONTENT_LENGTH"] = "many"
    assert bodies.read_object(request) == {}
