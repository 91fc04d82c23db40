"""What the OpenAPI document promises, and whether an answer keeps it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import unquote

import yaml
from django.test import Client as Browser
from jsonschema import Draft202012Validator

from django_playlyfe.engine.server import routes

BESIDE_THE_TABLE = ("/v1/logout", "/v2/logout", "/v1/notifications/stream")


@cache
def document() -> Any:
    """As anybody gets it."""
    return yaml.load(Browser().get("/openapi.yaml").content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def template(path: str, version: str = "v2") -> str:
    """A path of the table of routes as the document has it."""
    return f"/{version}" + re.sub(r":(\w+)", r"{\1}", path)


def operation(method: str, path: str) -> Any:
    return document()["paths"][path][method.lower()]


def referred(part: Any) -> Any:
    """A part of the document, looked up if it is only named."""
    if "$ref" not in part:
        return part
    found = document()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def taken(method: str, path: str, place: str) -> dict[str, Any]:
    """The parameters of an operation in the path, query or header."""
    named = [referred(part) for part in operation(method, path).get("parameters", ())]
    return {part["name"]: part for part in named if part["in"] == place}


def objections(schema: Any, body: Any) -> list[str]:
    """What is wrong with a body."""
    found = _validator(json.dumps(schema)).iter_errors(body)
    return [f"{problem.json_path}: {problem.message[:300]}" for problem in found]


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"allOf": [json.loads(schema)], "components": document()["components"]})


def check(method: str, path: str, response: Any) -> None:
    """Fails if the document does not promise this answer to a method on one of its paths."""
    status = str(response.status_code)
    promised = operation(method, path)["responses"]
    assert status in promised, (method, path, status, response.content[:300])
    answer = referred(promised[status])
    for name in ("ETag", "Retry-After", "Idempotency-Replayed", "Playlyfe-Features"):
        assert name not in response.headers or name in answer.get("headers", {}), (method, path, status, name)
    if status == "304":
        return
    kind = response.headers["Content-Type"]
    assert kind in answer["content"], (method, path, status, kind)
    if kind == "application/json" and not response.streaming:
        wrong = objections(answer["content"][kind]["schema"], json.loads(response.content))
        assert wrong == [], (method, path, status, response.content[:2000], wrong)


def check_call(method: str, address: str, response: Any) -> None:
    """The same for any address below a version. HEAD has no body and OPTIONS is not in the document."""
    path = re.sub(r"^.*?(?=/v[12](/|$))", "", unquote(address.partition("?")[0]))  # it may be mounted anywhere
    method = "GET" if method == "HEAD" else method
    if method == "OPTIONS" or response.get("Content-Encoding") or not (response.streaming or response.content):
        return
    version, _, below = path.removeprefix("/").partition("/")
    found = routes.find(version, method, f"/{below}" if below else "")
    beside = f"/{version}/{below.rstrip('/')}"
    if beside in BESIDE_THE_TABLE and method.lower() in document()["paths"][beside]:
        check(method, beside, response)
    elif found is not None:
        check(method, template(found.route.path(version), version), response)
    else:
        assert response.json()["error"] in ("route_not_found", "invalid_access_token"), (method, address)
