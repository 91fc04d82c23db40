"""The game behind the server: tokens, players, and the plays and edits it has applied."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ANNOUNCED = "idempotency, played-at"
STATUS = {"name": "Playlyfe Hermes", "version": "v1", "status": "ok", "game": {"id": "library_quest"}}
REFUSED_TOKEN = {"error": "invalid_access_token", "error_description": "The Access Token is invalid"}


class Game:
    """What the server knows. ``announces`` keys, or takes every play and every edit for a new one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset({})

    def reset(self, options: dict[str, Any]) -> None:
        self.announces: bool = options.get("announces", True)
        self.token_life: Any = options.get("token_life", 86400)
        self.token_delay: float = options.get("token_delay", 0.0)
        self.only_newest: bool = options.get("only_newest", False)
        self.refuse_all: bool = options.get("refuse_all", False)
        self.check_tokens: bool = options.get("check_tokens", True)
        self.boards: list[str] = options.get("boards", [])
        self.tokens: set[str] = set()
        self.issued = 0
        self.players: set[str] = set(options.get("players", ()))
        self.applied: list[dict[str, Any]] = []
        self._answers: dict[str, Any] = {}

    def issue_token(self) -> dict[str, Any]:
        with self._lock:
            self.issued += 1
            if self.only_newest:
                self.tokens.clear()
            token = f"token-canary-{self.issued:04d}-abcdefghijklmnop"
            self.tokens.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_life}
        if self.token_life is None:
            del body["expires_in"]
        return body

    def revoke(self) -> None:
        """Every token issued so far is worthless."""
        with self._lock:
            self.tokens.clear()

    def accepts(self, target: str, headers: dict[str, str]) -> bool:
        if not self.check_tokens:
            return True
        if self.refuse_all:
            return False
        in_query = parse_qs(urlsplit(target).query).get("access_token", [""])[0]
        return (in_query or headers.get("authorization", "").removeprefix("Bearer ")) in self.tokens

    def perform(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bool]:
        """Carry a request out: status, body, and whether it is a replay."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/v2")
        with self._lock:
            if path.endswith("/play"):
                return self._play(path, parts.query, headers, body)
            if is_edit(method, path):
                return self._edit(path, headers, body)
            if method == "POST" and path == "/admin/players":
                return self._create(headers, body)
            if method == "DELETE" and path.startswith("/admin/players/"):
                self.players.discard(unquote(path.rpartition("/")[2]))
                return 200, {"ok": 1}, False
        if path == "/admin":
            return 200, STATUS, False
        if path.endswith("/activity"):
            return 200, [], False
        if path.startswith("/runtime/leaderboards") and self.boards:
            return 200, self._board(path.rpartition("/")[2], parse_qs(parts.query)), False
        player = parse_qs(parts.query).get("player_id", [unquote(path.rpartition("/")[2])])[0]
        if path in {"/runtime/actions", "/runtime/leaderboards", "/runtime/definitions/metrics"}:
            return 200, [], False
        return 200, {"id": player, "alias": player, "enabled": True, "scores": [], "teams": []}, False

    def _board(self, board: str, query: dict[str, list[str]]) -> Any:
        """The list of boards; or a page of one with 40 rows, on which whoever looks is the 27th."""
        if board == "leaderboards":
            common = {"entity_type": "players", "cycles": ["alltime"], "metric": {"id": "xp", "type": "point"}}
            return [{"id": one, "name": one.title(), **common} for one in self.boards]
        viewer = query["player_id"][0]
        names = [viewer if rank == 27 else f"other{rank}" for rank in range(1, 41)]
        rows = [{"player": {"id": name}, "rank": rank, "score": str(1000 - rank)} for rank, name in enumerate(names, 1)]
        skip, limit = (int(query.get(name, ["0"])[0]) for name in ("skip", "limit"))
        if "radius" in query:
            radius = int(query["radius"][0])
            skip, limit = 26 - radius, 2 * radius + 1
        return {"data": rows[skip : skip + limit], "total": len(rows)}

    def _create(self, headers: dict[str, str], body: bytes) -> tuple[int, Any, bool]:
        player = json.loads(body)["id"]
        self.applied.append({"kind": "create", "player": player, "key": headers.get("idempotency-key")})
        if player in self.players:
            self.applied.pop()
            return 409, {"error": "player_exists", "error_description": "The player exists"}, False
        self.players.add(player)
        return 200, {"id": player, "alias": player, "enabled": True}, False

    def _play(self, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bool]:
        key = headers.get("idempotency-key", "")
        if self.announces and key in self._answers:
            return 200, self._answers[key], True
        player = parse_qs(query).get("player_id", [""])[0]
        action = unquote(path.split("/")[-2])
        self.applied.append({"kind": "play", "player": player, "action": action, "key": key, "body": body.decode()})
        answer = played(player, action, len(self.applied))
        self._answers[key] = answer
        return 200, answer, False

    def _edit(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bool]:
        """Scores adjusted, events taken back, a new beginning: each answers the profile. ``action`` of an adjustment is
        the metric of its first reward, so that edits have an order to be told apart by."""
        key, content = headers.get("idempotency-key", ""), json.loads(body or b"{}")
        if self.announces and key in self._answers:
            return 200, self._answers[key], True
        _, _, _, player, what = path.split("/")
        action = content["rewards"][0]["metric"]["id"] if what == "scores" else what
        entry = {"kind": "score", "player": unquote(player), "action": action, "key": key, "body": body.decode()}
        self.applied.append(entry)
        experience = {
            "metric": {"id": "xp", "name": "Experience", "type": "point"},
            "value": str(72 + len(self.applied)),
        }
        answer = {"id": unquote(player), "alias": player, "enabled": True, "scores": [experience], "teams": []}
        self._answers[key] = answer
        return 200, answer, False


def is_edit(method: str, path: str) -> bool:
    """Whether a request changes scores by hand; ``path`` without its version."""
    found = path.startswith("/admin/players/") and path.rpartition("/")[2]
    return (method, found) in {("PATCH", "scores"), ("POST", "revert"), ("POST", "reset")}


def played(player: str, action: str, number: int) -> dict[str, Any]:
    """The answer to a play: 32 more experience."""
    event = {
        "event": "action",
        "actor": {"id": player, "alias": player},
        "action": {"id": action, "name": action.replace("_", " ").capitalize(), "vars": {}},
        "count": 1,
        "changes": [
            {"metric": {"id": "xp", "name": "Experience", "type": "point"}, "delta": {"old": "40", "new": "72"}}
        ],
        "timestamp": "2024-03-05T12:00:00.000Z",
        "scopes": [],
        "id": f"{number:08x}-dae7-11ee-9b1d-0242ac120002",
    }
    return {"actions": [], "events": {"local": [event], "global": []}}
