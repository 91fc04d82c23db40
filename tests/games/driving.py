"""Two ways to play a game: the engine's services in this process, and the mounted server through a socket. Both answer
with what the wire shows (``http-api.md`` §6, §7), or with a :class:`Refusal`."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.calls.instants import read_instant
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE
from django_playlyfe.exceptions import PlaylyfeError

Wire = Any


class Refusal(NamedTuple):
    """Status, name and text of an error; the places of a validation error in the order of its report."""

    status: int
    code: str
    text: str
    places: tuple[str, ...] = ()


class Driver(Protocol):
    """What the scripts of the games ask for."""

    def create(self, player: str) -> Wire:
        """``POST /admin/players``."""

    def change(self, player: str, changes: Mapping[str, Any]) -> Wire:
        """``PATCH /admin/players/:id``."""

    def play(self, player: str, action: str, body: Mapping[str, Any]) -> Wire:
        """``POST /runtime/actions/:id/play``."""

    def rule(self, rule: str, data: Sequence[Any]) -> Wire:
        """``POST /admin/rules/:id``."""

    def scores(self, player: str, rewards: Sequence[Any]) -> Wire:
        """``PATCH /admin/players/:id/scores``."""

    def revert(self, player: str, event_ids: Sequence[str]) -> Wire:
        """``POST /admin/players/:id/revert``."""

    def profile(self, player: str, detailed: bool) -> Wire:
        """``GET /runtime/player``."""

    def actions(self, player: str) -> Wire:
        """``GET /runtime/actions``."""

    def board(self, reader: str, board: str, query: Mapping[str, Any]) -> Wire:
        """``GET /runtime/leaderboards/:id``."""

    def feed(self, player: str) -> Wire:
        """``GET /runtime/activity``."""


def refusable(ask: Callable[[], Wire]) -> Wire | Refusal:
    """What is answered in this process, refusals as they are over HTTP."""
    try:
        return ask()
    except PlaylyfeError as error:
        places = tuple(problem["path"] for problem in (error.data or {}).get("errors", ()))
        text = "Invalid request" if error.code == "validation_exception" else error.description  # §4.5
        return Refusal(error.status or 0, error.code, text, places)


class InProcess:
    """The services and selectors of the engine."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    def create(self, player: str) -> Wire:
        return refusable(lambda: services.create_player(self._realm, player))

    def change(self, player: str, changes: Mapping[str, Any]) -> Wire:
        return refusable(lambda: services.update_player(self._realm, player, **changes))

    def play(self, player: str, action: str, body: Mapping[str, Any]) -> Wire:
        def ask() -> Wire:
            given = {name: value for name, value in body.items() if name != "variables"}
            played = services.play(self._realm, player, action, body.get("variables"), **given)
            return {"actions": selectors.actions(self._realm, player), "events": played.events}

        return refusable(ask)

    def rule(self, rule: str, data: Sequence[Any]) -> Wire:
        def ask() -> Wire:
            return [[{"events": one.events} for one in entry] for entry in services.run_rule(self._realm, rule, data)]

        return refusable(ask)

    def scores(self, player: str, rewards: Sequence[Any]) -> Wire:
        return self._changed(player, lambda: services.adjust_scores(self._realm, player, rewards, admin="site"))

    def revert(self, player: str, event_ids: Sequence[str]) -> Wire:
        return self._changed(player, lambda: services.revert(self._realm, player, event_ids, admin="site"))

    def profile(self, player: str, detailed: bool) -> Wire:
        return refusable(lambda: selectors.profile(self._realm, player, detailed=detailed))

    def actions(self, player: str) -> Wire:
        return refusable(lambda: selectors.actions(self._realm, player))

    def board(self, reader: str, board: str, query: Mapping[str, Any]) -> Wire:
        asked = dict(query)
        if "timestamp" in asked:
            asked["timestamp"] = read_instant(asked["timestamp"], "/timestamp")
        return refusable(lambda: selectors.leaderboard(self._realm, board, player_id=reader, **asked))

    def feed(self, player: str) -> Wire:
        return refusable(lambda: selectors.activity(self._realm, player))

    def _changed(self, player: str, change: Callable[[], object]) -> Wire:
        def ask() -> Wire:
            change()
            return selectors.profile(self._realm, player)

        return refusable(ask)


class OverHttp:
    """The mounted server, as a client library that knows nothing of Django calls it."""

    def __init__(self, url: str, realm: Realm) -> None:
        self._host = urlsplit(url).netloc
        site = clients.register(realm, "site", scopes=list(FOR_SITE))
        asked = {"grant_type": "client_credentials", "client_id": site.client.client_id, "client_secret": site.secret}
        self._token = ""
        self._token = self._call("POST", "/auth/token", asked)["access_token"]

    def create(self, player: str) -> Wire:
        return self._call("POST", "/v2/admin/players", {"id": player})

    def change(self, player: str, changes: Mapping[str, Any]) -> Wire:
        return self._call("PATCH", f"/v2/admin/players/{player}", changes)

    def play(self, player: str, action: str, body: Mapping[str, Any]) -> Wire:
        return self._call("POST", f"/v2/runtime/actions/{quote(action)}/play", body, player_id=player)

    def rule(self, rule: str, data: Sequence[Any]) -> Wire:
        return self._call("POST", f"/v2/admin/rules/{rule}", {"data": data})

    def scores(self, player: str, rewards: Sequence[Any]) -> Wire:
        return self._call("PATCH", f"/v2/admin/players/{player}/scores", {"rewards": rewards})

    def revert(self, player: str, event_ids: Sequence[str]) -> Wire:
        return self._call("POST", f"/v2/admin/players/{player}/revert", {"event_ids": event_ids})

    def profile(self, player: str, detailed: bool) -> Wire:
        more = {"detailed": "true"} if detailed else {}
        return self._call("GET", "/v2/runtime/player", player_id=player, **more)

    def actions(self, player: str) -> Wire:
        return self._call("GET", "/v2/runtime/actions", player_id=player)

    def board(self, reader: str, board: str, query: Mapping[str, Any]) -> Wire:
        asked = {name: str(value).lower() if value is True else value for name, value in query.items()}
        return self._call("GET", f"/v2/runtime/leaderboards/{board}", player_id=reader, **asked)

    def feed(self, player: str) -> Wire:
        return self._call("GET", "/v2/runtime/activity", player_id=player)

    def _call(self, method: str, path: str, body: Any = None, **query: Any) -> Wire | Refusal:
        if self._token:
            query["access_token"] = self._token
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection = http.client.HTTPConnection(self._host, timeout=60)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"{path}?{urlencode(query)}", content, headers)
            answer = connection.getresponse()
            assert answer.headers["Content-Type"] == "application/json"
            read = json.load(answer)
        finally:
            connection.close()
        if answer.status == 200:
            return read
        places = tuple(problem["path"] for problem in read.get("data", {}).get("errors", ()))
        return Refusal(answer.status, read["error"], read["error_description"], places)
