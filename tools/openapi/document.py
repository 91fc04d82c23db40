"""The OpenAPI document, made of the operations and what they share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tools.openapi import design
from tools.openapi.entrance import OF_THE_API, entrance
from tools.openapi.operations import Operation, Schema, of, operations
from tools.openapi.refusals import Refusals
from tools.openapi.version_1 import operations_of_version_1

PLACE = Path(__file__).resolve().parents[2] / "django_playlyfe" / "engine" / "server" / "openapi.yaml"
_HERE = Path(__file__).parent
_HEAD = "# Written by `python -m tools.openapi`; change tools/openapi/ instead.\n"
_ABOUT = (
    "The REST API of Playlyfe, as django-playlyfe's server speaks it, in both versions. A trailing slash is served, "
    "HEAD is GET without a body, OPTIONS on a path of a version answers 204, and a query parameter that comes twice "
    "counts once. Other paths and methods below a version are route_not_found."
)
_TAGS = ("login", "runtime", "admin", "design", "v1 runtime", "v1 admin")
_ETAG = {"ETag": {"$ref": "#/components/headers/ETag"}}


def document() -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = entrance()
    refusals = Refusals()
    for operation in (*operations(), *operations_of_version_1()):
        paths.setdefault(operation.template, {})[operation.method.lower()] = _described(operation, refusals)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Playlyfe", "version": "2", "description": _ABOUT},
        "servers": [{"url": ".", "description": "Where this document is."}],
        "security": [{"bearer": []}, {"access_token": []}],
        "tags": [{"name": name} for name in _TAGS],
        "paths": paths,
        "components": {**_read("shared.yaml"), "responses": refusals.shared, "schemas": _schemas()},
    }


def text() -> str:
    """The document as YAML."""
    return _HEAD + yaml.dump(
        document(), Dumper=_Plain, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True
    )


class _Plain(yaml.SafeDumper):
    """Without anchors: what is said twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place in sorted((_HERE / "schemas").glob("*.yaml")):
        found.update(_read(f"schemas/{place.name}"))
    return {**found, **design.schemas()}


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))
    return content


def _described(operation: Operation, refusals: Refusals) -> Schema:
    is_older = operation.version == "v1"
    named = [_in_path(name) for name in re.findall(r":(\w+)", operation.path)]
    taken = [*(["player_id"] if operation.resource == "runtime" else []), *operation.takes]
    parameters = [{"$ref": f"#/components/parameters/{one}"} if isinstance(one, str) else one for one in taken]
    words = ["v1"] * is_older + [operation.method.lower(), *re.findall(r"\w+", operation.path)]
    described: Schema = {
        "operationId": "_".join(words),
        "tags": [f"v1 {operation.resource}" if is_older else operation.resource],
        "summary": operation.summary,
    }
    if operation.resource == "runtime":
        described["security"] = [{"bearer": []}, {"access_token": []}, {"jwt": []}]
    if named or parameters:
        described["parameters"] = [*named, *parameters]
    if operation.body:
        described["requestBody"] = _body(operation.body, is_required=operation.needs_body)
    described["responses"] = {**_success(operation), **refusals.of(operation)}
    return described


def _success(operation: Operation) -> Schema:
    headers: Schema = dict(OF_THE_API)
    if operation.changes_seldom:
        headers |= _ETAG
    if "idempotency_key" in operation.takes:
        headers = {**headers, "Idempotency-Replayed": {"$ref": "#/components/headers/Replayed"}}
    content = {"image/png": {}} if operation.answer is None else {"application/json": {"schema": operation.answer}}
    answers: Schema = {"200": {"description": "Done.", "headers": headers, "content": content}}
    if operation.changes_seldom:
        answers["304"] = {"description": "The caller has it already (If-None-Match).", "headers": headers}
    return answers


def _in_path(name: str) -> Schema:
    about: Schema = {"description": "latest, or the number of a frozen version."} if name == "version" else {}
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, **about}


def _body(name: str, *, is_required: bool) -> Schema:
    if name == "file":
        form = {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary", "description": "PNG or JPEG up to 2 MiB."}},
        }
        return {"required": is_required, "content": {"multipart/form-data": {"schema": form}}}
    return {"required": is_required, "content": {"application/json": {"schema": of(name)}}}
