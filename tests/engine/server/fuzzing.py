"""A game, callers of each kind, and what Schemathesis makes of the OpenAPI document: any operation called by anybody.

``SCHEMATHESIS_EXAMPLES`` is how many requests each operation gets; the nightly session asks for many.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jwt
import schemathesis
from django.apps import apps
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE, SCOPES
from django_playlyfe.engine.versions.activation import activate
from tests.engine.conftest import LIBRARY_QUEST, rolled_back

from .conftest import SECRET, ask_for_token

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
NAMES = {
    "players": ["ines", "rui", "nobody"],
    "actions": ["finish_book", "buy_bookmark", "host_meeting", "fly"],
    "leaderboards": ["top_readers", "by_genre", "inside_club", "fame"],
    "metrics": ["xp", "badges", "rank", "impact", "fame"],
    "rules": ["weekly_target", "ranking_up", "fame"],
    "teams": ["book_club", "choir"],
    "processes": ["book_review", "choir"],
    "images": ["default-item", "default-game", "fame"],
    "versions": ["latest", "latest", "latest", "1", "7"],
}
"""What is often meant by a part of a path, by the part before it: random text is hardly ever there."""
BODIES: dict[str, list[dict[str, Any]]] = {
    "/actions/{id}/play": [
        {"variables": {"pages": 120}},
        {"variables": {"pages": "120", "genre": "history"}, "count": 2},
    ],
    "/action/play": [{"id": "finish_book", "variables": {"pages": 120}}],
    "/players": [{"id": "eva"}, {"id": "ines"}],
    "/admin/players/{id}": [{"enabled": False}, {"alias": "Eva"}],
    "/player": [{"alias": "Eva"}],
    "/scores": [
        {"rewards": [{"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "5"}]},
        {
            "rewards": [
                {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "5"},
                {"metric": {"id": "impact", "type": "compound"}, "verb": "set", "value": "5"},
            ]
        },
    ],
    "/admin/rules/{id}": [
        {"data": [{"variables": {"target": 1}, "player_ids": ["ines"]}]},
        {"data": [{"variables": {"target": 1}, "player_ids": ["ines", "nobody"]}]},
    ],
    **{
        f"/versions/{{version}}/{kind}": [{**LIBRARY_QUEST[kind][0], "id": "another"}]
        for kind in ("metrics", "actions", "rules", "teams", "processes", "leaderboards")
    },
}
"""What is meant by the body of a call, by the end of its path."""
KNOWN = {
    "cycle": ["alltime", "weekly"],
    "scope_id": ["history"],
    "entity_id": ["ines", "rui", "nobody"],
    "start": ["0", "2024-03-05"],
    "fields": ["id,constraints.items.name", "rules.rewards.value.bookmark,settings"],
}
"""The same of the query."""
REALM = Realm("library_quest")

_MOSTLY = st.integers(0, 4)
KINDS = ["full"] * 6 + ["player", "site", "runtime"] * 2 + ["read", "staging", "none", "wrong"]
"""Most of what can happen happens to whoever may do everything."""

_WRITES = re.compile(r"\b(INSERT INTO|REPLACE INTO|DELETE FROM)\b|(?<!FOR )(?<!KEY )\bUPDATE\b", re.IGNORECASE)
"""Also below a WITH; a lock (``FOR NO KEY UPDATE``) writes nothing."""

Sign = Callable[[dict[str, Any], dict[str, str]], None]
"""Puts a caller's token into the query or headers of a call."""


def callers() -> dict[str, Sign]:
    """A caller of each kind, in a game with two players."""
    activate(REALM, LIBRARY_QUEST)
    activate(Realm(REALM.game, "staging"), LIBRARY_QUEST)
    for realm in (REALM, Realm(REALM.game, "staging")):
        services.create_player(realm, "ines", alias="Ines", email="ines@example.org")
        services.create_player(realm, "rui")
        scopes = [{"id": "history", "entity_id": "ines"}]
        services.play(realm, "ines", "finish_book", {"pages": 600, "genre": "history"}, scopes=scopes, count=4)
        services.play(realm, "rui", "finish_book", {"pages": 100}, idempotency_key="k")
        services.undo(realm, "rui", "finish_book", "k")
    return {
        "full": _client("full", SCOPES),
        "site": _client("site", FOR_SITE),
        "runtime": _client("runtime", ("runtime:read", "runtime:write")),
        "read": _client("read", [scope for scope in SCOPES if scope.endswith(":read")]),
        "staging": _client("staging", SCOPES, "staging"),
        "player": _player(),
        "none": lambda query, headers: None,
        "wrong": _bearer("x" * 48),
    }


def _client(name: str, scopes: Any, environment: str = "production") -> Sign:
    realm = Realm(REALM.game, environment)
    clients.register(realm, name, client_id=name, secret=SECRET, scopes=list(scopes))
    return _bearer(ask_for_token(name).json()["access_token"])


def _bearer(token: str) -> Sign:
    def sign(_query: dict[str, Any], headers: dict[str, str]) -> None:
        headers["Authorization"] = f"Bearer {token}"

    return sign


def _player() -> Sign:
    clients.register(REALM, "login", client_id="login", secret=SECRET, scopes=list(SCOPES), signs_for_players=True)
    claims = {"player_id": "ines", "scopes": [], "exp": int(time.time()) + 24 * 3600}
    signed = f"login:{jwt.encode(claims, SECRET, 'HS256')}"

    def sign(query: dict[str, Any], _headers: dict[str, str]) -> None:
        query["jwt"] = signed

    return sign


def is_write(sql: str) -> bool:
    """Whether a statement may change a row."""
    return _WRITES.search(sql) is not None


@contextmanager
def watched() -> Iterator[list[str]]:
    """Notes the statements that write, of which a transaction undoes some."""
    written: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if is_write(str(sql)):
            written.append(str(sql)[:200])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written


@contextmanager
def connected() -> Iterator[None]:
    """The handler closes connections that have a transaction open, and here the test has one; as in Django's client."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in ends:
            signal.connect(close_old_connections)


def state() -> str:
    """All that the engine stores."""
    digest = hashlib.sha256()
    for model in apps.get_app_config("django_playlyfe_engine").get_models():
        digest.update(json.dumps([model.__name__, *model.objects.order_by("pk").values_list()], default=str).encode())
    return digest.hexdigest()


def operations() -> Iterator[Any]:
    """Every operation of the document as the running server gives it."""
    schema = schemathesis.openapi.from_wsgi("/openapi.yaml", get_wsgi_application())
    schema.config.base_url = "http://localhost"  # it takes the document's "." for a part of the path
    for found in schema.get_all_operations():
        yield found.ok()


def call(
    operation: Any, signs: dict[str, Sign], told: Callable[[str, Any, Any, list[str]], None], examples: int
) -> None:
    """Call an operation in many ways, each from the same beginning.

    Args:
        operation: of :func:`operations`.
        signs: of :func:`callers`.
        told: gets the caller's kind, the case, the response and what was written; it fails if they do not fit.
        examples: how many ways.
    """
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    drawn = st.one_of(right, right, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    takes_player = any(one.name == "player_id" for one in operation.query)

    @settings(
        max_examples=examples,
        derandomize="SCHEMATHESIS_EXAMPLES" not in os.environ,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=drawn, kind=st.sampled_from(KINDS), choice=st.data())
    def run(case: Any, kind: str, choice: Any) -> None:
        for before, name in re.findall(r"(\w+)/{(\w+)}", operation.path):
            if before in NAMES and choice.draw(_MOSTLY) < 4:
                case.path_parameters[name] = choice.draw(st.sampled_from(NAMES[before]))
        for end, bodies in BODIES.items():
            if operation.path.endswith(end) and isinstance(case.body, dict) and choice.draw(_MOSTLY) < 3:
                case.body = {**case.body, **choice.draw(st.sampled_from(bodies))}
        query, headers = dict(case.query or {}), dict(case.headers or {})
        if takes_player and choice.draw(_MOSTLY) < 4:
            query["player_id"] = choice.draw(st.sampled_from(["ines", "ines", "rui"]))
        for name, values in KNOWN.items():
            if name in query and choice.draw(_MOSTLY) < 3:
                query[name] = choice.draw(st.sampled_from(values))
        for own in ("access_token", "jwt", "Authorization"):  # what it makes up for the security schemes
            query.pop(own, None)
            headers.pop(own, None)
        headers["Accept-Encoding"] = "identity"
        signs[kind](query, headers)
        case.query, case.headers = query, headers
        with rolled_back():
            with watched() as written:
                response = case.call()
            told(kind, case, response, written)

    run()
