"""Base URLs that may be used, and ids that may be sent (``reliability.md`` §2.6, §2.7; §5 N16)."""

from __future__ import annotations

import unicodedata

import pytest

from django_playlyfe.client.addresses import check_base_url, check_id, check_key, fill, host_of
from django_playlyfe.exceptions import ConfigurationError, InvalidRequest

from .servers import Game


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v2",
        "http://localhost:8000/v2",
        "http://game.localhost/v2",
        "http://127.0.0.1/v2",
        "http://127.8.9.1/v2",
        "http://[::1]:8000/v2",
    ],
)
def test_https_and_the_own_host_are_accepted(url):
    assert check_base_url("API_URL", url + "/") == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://api.example.com/v2", "ALLOW_INSECURE_HTTP"),
        ("http://localhost.evil.example/v2", "ALLOW_INSECURE_HTTP"),
        ("http://127.0.0.1.evil.example/v2", "ALLOW_INSECURE_HTTP"),
        ("https://user:pass@api.example.com/v2", "CLIENT_SECRET"),
        ("ftp://api.example.com", "absolute URL"),
        ("api.example.com/v2", "absolute URL"),
        ("", "absolute URL"),
        ("https://api.example.com/v2?x=1", "without '\\?'"),
        ("https://api.example.com:port/v2", "not a URL"),
        (None, "URL"),
    ],
)
def test_other_urls_are_configuration_errors_that_say_what_to_do(url, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        check_base_url("API_URL", url)
    assert "pass@" not in str(caught.value)


def test_plain_http_is_accepted_where_the_site_allows_it():
    assert check_base_url("API_URL", "http://10.0.0.7/v2", allow_insecure=True) == "http://10.0.0.7/v2"


def test_the_host_names_a_throttle_record_without_its_path():
    assert host_of("https://api.example.com/v2") == "api.example.com"
    assert host_of("http://127.0.0.1:8000/v2") == "127.0.0.1:8000"


@pytest.mark.parametrize(
    ("player_id", "path"),
    [
        ("ada", "/v2/admin/players/ada"),
        ("a/b", "/v2/admin/players/a%2Fb"),
        ("a/../b", "/v2/admin/players/a%2F..%2Fb"),
        ("...", "/v2/admin/players/..."),
        ("é", "/v2/admin/players/%C3%A9"),
        (unicodedata.normalize("NFD", "é"), "/v2/admin/players/%C3%A9"),
        ("日本", "/v2/admin/players/%E6%97%A5%E6%9C%AC"),
        ("%2e%2e", "/v2/admin/players/%252e%252e"),
        ("a?b#c", "/v2/admin/players/a%3Fb%23c"),
        ("a b+c", "/v2/admin/players/a%20b%2Bc"),
        (":ada", "/v2/admin/players/%3Aada"),
        ("😀", "/v2/admin/players/%F0%9F%98%80"),
        ("x" * 200, "/v2/admin/players/" + "x" * 200),
    ],
)
def test_an_id_arrives_as_one_segment(remote: Game, client, player_id, path):
    client.delete_player(player_id)
    assert (remote.requests[0].method, remote.requests[0].path) == ("DELETE", path)
    assert remote.requests[0].body == b""


@pytest.mark.parametrize("player_id", ["", ".", "..", "a\0b", "a\nb", "\x7f", "x" * 201, "\ud800", 7, None])
def test_an_id_that_would_reach_something_else_is_refused_before_anything_is_sent(remote: Game, client, player_id):
    with pytest.raises(InvalidRequest):
        client.delete_player(player_id)
    with pytest.raises(InvalidRequest):
        client.profile(player_id) if player_id is not None else check_id(player_id)
    assert remote.requests == remote.token_requests == []


@pytest.mark.parametrize("key", ["", "a\nb", "é", "x" * 201])
def test_a_key_that_is_no_header_value_is_refused(key):
    with pytest.raises(InvalidRequest):
        check_key(key)


def test_a_route_keeps_its_own_slashes():
    assert fill("/runtime/actions/{id}/play", {"id": "read/it"}) == "/runtime/actions/read%2Fit/play"
