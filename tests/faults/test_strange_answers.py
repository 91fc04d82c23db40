"""Answers beyond the fault table: what other servers, proxies and strangers have been seen to send."""

from __future__ import annotations

import base64
import json
import tracemalloc

import pytest

from django_playlyfe import services
from django_playlyfe.client import Limits
from django_playlyfe.delivery import drain
from django_playlyfe.exceptions import BadResponse
from django_playlyfe.models import Delivery
from tests.faultserver.game import played
from tests.faultserver.steps import ALWAYS, Step

from .conftest import in_each_mode, raised, rows, the_play

pytestmark = pytest.mark.django_db

EARLY = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
PROCESSING = "HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("interim", [EARLY, CONTINUE + PROCESSING * 3 + EARLY], ids=["one", "many"])
def test_what_comes_before_an_answer_is_not_taken_for_it(interim, remote, site, player):
    remote.reset(Step(on="play", interim=interim, times=2))
    site(remote.url)
    user = player()
    results = [services.play(user, action, wait=True) for action in ("wave", "nod")]
    assert [[event.action.id for event in result.events] for result in results] == [["wave"], ["nod"]]
    first, second = (play["connection"] for play in remote.plays)
    assert first == second, "the second answer was read from where the first one ended"
    assert rows() == [("play", "delivered")] * 2
    assert {row.evidence for row in Delivery.objects.all()} == {""}


@in_each_mode
def test_a_server_that_changes_its_protocol_has_told_nothing_of_the_play(mode, once_star):
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    once_star(mode, Step(on="play", do="raw", body=head, apply=True))


def test_a_chunk_of_less_than_no_bytes_does_not_bring_all_that_comes_into_memory(remote, processes):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"
    endless = base64.b64encode(head + b"x" * 30_000_000).decode()
    (client,) = processes(1)
    client.status()  # the token, and the libraries' own caches
    remote.then(Step(on="get", do="raw", base64=endless))
    tracemalloc.start()
    try:
        error = raised(client.within(Limits()).player, "ada")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (type(error), error.reason) == (BadResponse, "undecodable")
    assert peak < 10_000_000


def test_NUL_in_an_answer_holds_nobody_up_on_any_database(remote, site, player, page):
    answer = played("x", "wave", 1)
    answer["events"]["local"][0]["action"]["name"] = "a\0b"
    refusal = {"error": "validation_exception", "error_description": "no\0way", "data": {"x\0": "y\0"}}
    remote.reset(
        Step(on="play", body=answer, apply=True),
        Step(on="play", status=400, body=refusal),
    )
    site(remote.url)
    user = player()
    for _ in range(3):
        services.play(user, "wave")
    drain()
    assert rows() == [("play", "delivered"), ("play", "dead"), ("play", "delivered")]
    assert Delivery.objects.get(state="dead").error_text == "no\ufffdway"
    assert "a\ufffdb" in page(user)


def test_a_profile_with_a_number_of_a_billion_digits_costs_the_page_nothing(remote, site, player, page):
    score = {"metric": {"id": "xp", "name": "Experience", "type": "point"}, "value": "1e999999999"}
    profile = {"id": "x", "alias": "Ada", "scores": [score]}
    remote.reset(Step(on="get", body=profile, times=ALWAYS))
    site(remote.url)
    assert "Not available at the moment." in page(player())
    remote.reset()


def test_a_play_that_earned_more_than_can_be_read_was_applied_all_the_same(remote, site, player):
    answer = json.loads(json.dumps(played("x", "wave", 1)).replace('"72"', '"1e999999999"'))
    remote.reset(Step(on="play", body=answer, apply=True))
    site(remote.url)
    result = services.play(player(), "wave", wait=True)
    assert (result.status, result.events) == ("applied", ())
    assert (the_play().state, the_play().evidence) == ("delivered", "unread")
    assert len(remote.applied()) == 1


@pytest.mark.parametrize("board", ["top/2024", "a b", "..%2F", "é"])
def test_a_leaderboard_of_any_id_is_linked_to_and_shown(board, remote, site, player, page):
    remote.reset(boards=[board])
    site(remote.url)
    user = player()
    assert "href" in page(user, "leaderboards")
    assert "other1" in page(user, "leaderboard", board)


@pytest.mark.parametrize("name", ["alias_exists", "player_alias_taken_exists"])
def test_a_name_that_is_taken_gets_a_suffix_whatever_the_error_is_called(name, remote, site, make_user):
    site(remote.url)
    remote.reset(Step(on="create", status=409, body={"error": name, "error_description": "Choose another one"}))
    user = make_user()
    drain()
    assert rows() == [("create", "delivered")]
    first, second = [json.loads(request["body"])["alias"] for request in remote.requests("/admin/players")]
    assert (first, second.startswith(f"{first}-")) == (user.get_username(), True)


def test_a_player_who_exists_is_not_taken_for_a_name_that_does(remote, site, make_user):
    site(remote.url)
    taken = {"error": "player_exists", "error_description": "A player with this id or alias exists"}
    remote.reset(Step(on="create", status=409, body=taken))
    make_user()
    drain()
    assert rows() == [("create", "delivered")]
    assert len([request for request in remote.requests("/admin/players") if request["method"] == "POST"]) == 1
