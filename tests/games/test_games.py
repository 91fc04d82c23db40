"""Whole games, each a design and a script of calls with what they answer; worked out by hand from ``engine.md`` and
``http-api.md``. Each is played in process and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from django_playlyfe.engine.history.checking import check
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate

from . import telling
from .driving import Driver, InProcess, OverHttp, Refusal

GAMES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.fixture(params=GAMES, ids=lambda path: path.stem)
def game(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_text(encoding="utf-8"))


@pytest.fixture
def clock(game: Any) -> Iterator[time_machine.Traveller]:
    """Stands still until a call of the script moves it."""
    with time_machine.travel(game["calls"][0]["at"], tick=False) as clock:
        yield clock


def follow(calls: list[dict[str, Any]], driver: Driver, clock: time_machine.Traveller) -> None:
    """Make each call at its time, and hold what it answers against the script."""
    named: dict[str, str] = {}
    for number, call in enumerate(calls):
        if "at" in call:
            clock.move_to(call["at"])
        answer = ask(driver, call, named)
        told: Any = tell(call, answer)
        expected = call.get("refused") or call.get("tells")
        assert told == expected, f"call {number}: {call}"
        if "as" in call:
            named[call["as"]] = answer["events"]["local"][0]["id"]


def ask(driver: Driver, call: dict[str, Any], named: dict[str, str]) -> Any:
    match call["do"]:
        case "create":
            return driver.create(call["player"])
        case "change":
            return driver.change(call["player"], call["to"])
        case "play":
            body = {name: call[name] for name in ("variables", "count", "scopes") if name in call}
            return driver.play(call["player"], call["action"], body)
        case "rule":
            return driver.rule(call["rule"], call["data"])
        case "scores":
            return driver.scores(call["player"], call["rewards"])
        case "revert":
            return driver.revert(call["player"], [named[name] for name in call["events"]])
        case "profile":
            return driver.profile(call["player"], call.get("detailed", False))
        case "actions":
            return driver.actions(call["player"])
        case "board":
            return driver.board(call["reader"], call["board"], call["query"])
        case "feed":
            return driver.feed(call["player"])
    raise AssertionError(f"nobody knows how to {call['do']}")


def tell(call: dict[str, Any], answer: Any) -> Any:
    if isinstance(answer, Refusal):
        return [answer.status, answer.code, answer.text, *answer.places]
    match call["do"]:
        case "create":
            return None
        case "play":
            assert answer.keys() == {"actions", "events"}
            return telling.events(answer["events"], call["player"])
        case "rule":
            players = [player for entry in call["data"] for player in entry["player_ids"]]
            each = [one["events"] for entry in answer for one in entry]
            return [telling.events(events, player) for events, player in zip(each, players, strict=True)]
        case "board":
            return telling.board(answer)
        case "actions":
            return telling.actions(answer)
        case "feed":
            return telling.feed(answer)
    return telling.profile(answer)


@pytest.mark.django_db
def test_a_game_goes_in_process_as_its_script_has_it(game: Any, clock: time_machine.Traveller) -> None:
    realm = Realm(game["design"]["game"]["id"])
    activate(realm, game["design"])
    follow(game["calls"], InProcess(realm), clock)
    assert [difference for part in check(realm) for difference in part.differences] == []


@pytest.mark.django_db(transaction=True)
def test_a_game_goes_over_http_as_its_script_has_it(
    game: Any, clock: time_machine.Traveller, live_server: Any, settings: Any
) -> None:
    settings.PLAYLYFE_SERVER = {"TOKEN_LIFE": 366 * 86400}
    realm = Realm(game["design"]["game"]["id"])
    activate(realm, game["design"])
    follow(game["calls"], OverHttp(live_server.url, realm), clock)
