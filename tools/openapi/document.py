"""The OpenAPI document, made of the operations and what they share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tools.openapi.operations import Operation, Schema, of, operations

PLACE = Path(__file__).resolve().parents[2] / "django_playlyfe" / "engine" / "server" / "openapi.yaml"
_COMPONENTS = Path(__file__).with_name("components.yaml")
_HEAD = "# Written by `python -m tools.openapi`; change tools/openapi/ instead.\n"
_ABOUT = (
    "The REST API of Playlyfe, as django-playlyfe's server speaks it. Version 1 (/v1) has the same runtime routes "
    "without the prefix /runtime. A trailing slash is served too, HEAD is GET without a body, and a query parameter "
    "that comes twice counts once."
)
_UNCHANGED = ("/runtime/definitions/", "/runtime/assets/", "/runtime/player/image", "/design/")
"""Beginnings of paths whose GET has an ETag (``http-api.md`` §12)."""
_REFUSALS = {"4XX": {"$ref": "#/components/responses/Refused"}, "5XX": {"$ref": "#/components/responses/Failed"}}


def document() -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(operation.template, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Playlyfe", "version": "2", "description": _ABOUT},
        "servers": [{"url": ".", "description": "Where this document is."}],
        "security": [{"bearer": []}, {"access_token": []}],
        "tags": [{"name": name} for name in ("login", "runtime", "admin", "design")],
        "paths": {**_without_token(), **paths},
        "components": yaml.safe_load(_COMPONENTS.read_text(encoding="utf-8")),
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


def _described(operation: Operation) -> Schema:
    resource = operation.path.split("/")[1]
    named = [_in_path(name) for name in re.findall(r":(\w+)", operation.path)]
    taken = [*(["player_id"] if resource == "runtime" else []), *operation.takes]
    parameters = [{"$ref": f"#/components/parameters/{one}"} if isinstance(one, str) else one for one in taken]
    described: Schema = {
        "operationId": "_".join([operation.method.lower(), *re.findall(r"\w+", operation.path)]),
        "tags": [resource],
        "summary": operation.summary,
    }
    if resource == "runtime":
        described["security"] = [{"bearer": []}, {"access_token": []}, {"jwt": []}]
    if named or parameters:
        described["parameters"] = [*named, *parameters]
    if operation.body:
        described["requestBody"] = _body(operation.body, is_required=operation.needs_body)
    described["responses"] = {"200": _success(operation.answer)}
    if operation.method == "GET" and operation.path.startswith(_UNCHANGED):
        described["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}
    described["responses"].update(_REFUSALS)
    return described


def _without_token() -> dict[str, Any]:
    """What needs no valid token."""
    credentials: Schema = {"schema": of("TokenBody")}
    token = {
        "operationId": "get_token",
        "tags": ["login"],
        "summary": "A token for a client that proves to be one.",
        "security": [],
        "requestBody": {
            "required": True,
            "content": {"application/json": credentials, "application/x-www-form-urlencoded": credentials},
        },
        "responses": {"200": _success(of("Token")), **_REFUSALS},
    }
    health = {
        "operationId": "get_health",
        "tags": ["login"],
        "summary": "Whether the database answers.",
        "security": [],
        "responses": {"200": _success(of("Health")), "503": _success(of("Health"), "The database does not answer.")},
    }
    itself = {
        "operationId": "get_openapi",
        "tags": ["login"],
        "summary": "This document.",
        "security": [],
        "responses": {
            "200": {"description": "YAML.", "content": {"application/yaml": {"schema": {"type": "string"}}}},
            "304": {"$ref": "#/components/responses/NotModified"},
        },
    }
    logout = {
        "operationId": "post_logout",
        "tags": ["login"],
        "summary": "Revoke the token; the same answer without a valid one.",
        "security": [{"bearer": []}, {"access_token": []}, {}],
        "requestBody": _body("EmptyBody", is_required=False),
        "responses": {"200": _success(of("Message")), **_REFUSALS},
    }
    return {
        "/auth/token": {"post": token},
        "/health": {"get": health},
        "/openapi.yaml": {"get": itself},
        "/v2/logout": {"post": logout},
    }


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


def _success(answer: Schema | None, about: str = "Done.") -> Schema:
    content = {"image/png": {}} if answer is None else {"application/json": {"schema": answer}}
    return {"description": about, "content": content}
