"""Anybody calls anything: the document in the hands of Schemathesis, with a token of each kind."""

from __future__ import annotations

import collections
from typing import Any

import pytest

pytest.importorskip("schemathesis", minversion="4")

from . import fuzzing

PUBLIC = (
    "/auth",
    "/logout",
    "/health",
    "/openapi.yaml",
    "/docs",
    "/v1/logout",
    "/v2/logout",
    "/v1/notifications/stream",
)
KEEPS_REFUSED = ("/simulate", "/deploy")
"""What is wrong with a design is noted in it, although the call fails."""


@pytest.mark.django_db
def test_every_answer_is_promised_and_a_refusal_changes_nothing() -> None:
    signs = fuzzing.callers()
    before = fuzzing.state()
    seen: collections.Counter[str] = collections.Counter()

    def told(kind: str, case: Any, response: Any, written: list[str]) -> None:
        seen[str(response.status_code)] += 1
        case.validate_response(response, checks=fuzzing.CHECKS)
        path = case.operation.path
        is_public = path.startswith(PUBLIC)
        if kind in ("none", "wrong") and not is_public:
            assert response.status_code == 401, path
        if response.status_code >= 400 and written and not path.endswith(KEEPS_REFUSED):
            assert fuzzing.state() == before, f"{case.method} {path} by {kind} was refused and left something behind"
        if (kind == "read" or case.operation.method == "get") and not is_public:
            assert written == [], f"{case.method} {path} by {kind}"

    wrong = []
    with fuzzing.connected():
        for operation in fuzzing.operations():
            try:
                fuzzing.call(operation, signs, told, fuzzing.EXAMPLES)
            except Exception as problem:
                wrong.append(f"{operation.label}: {problem}")
    assert not wrong, "\n\n".join(wrong)
    print(f"{sum(seen.values())} requests: {dict(sorted(seen.items()))}")
    assert seen["200"] > 50
    assert {"400", "401", "404"} <= seen.keys()


def test_a_write_is_seen_wherever_it_stands_and_a_lock_is_none() -> None:
    seen = ['WITH p AS (INSERT INTO "x" VALUES (1)) SELECT 1', 'UPDATE "x" SET a = 1', 'delete from "x"']
    assert all(fuzzing.is_write(sql) for sql in seen)
    assert not any(fuzzing.is_write(sql) for sql in ("SELECT 1 FOR UPDATE", "SELECT a FOR NO KEY UPDATE OF b", "BEGIN"))
