"""The OpenAPI document as one page of HTML: no script, nothing from elsewhere. Written beside the document, served at
``/docs``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from tools.openapi.document import PLACE, document

PAGE = PLACE.with_suffix(".html")
_STYLE = Path(__file__).with_name("page.css")


def page() -> str:
    """The page."""
    whole = document()
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<title>Playlyfe API</title>",
            f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head><body>",
            *_head(whole),
            "<main>",
            *(line for tag in whole["tags"] for line in _of_tag(whole, tag["name"])),
            *_schemas(whole),
            "</main></body></html>\n",
        ]
    )


def _head(whole: Mapping[str, Any]) -> Iterator[str]:
    links = [f'<a href="#{_anchor(tag["name"])}">{escape(tag["name"])}</a>' for tag in whole["tags"]]
    yield f"<header><h1>{escape(whole['info']['title'])} API</h1><p>{escape(whole['info']['description'])}</p>"
    yield f'<nav aria-label="Parts">{" ".join(links)} <a href="#schemas">schemas</a> '
    yield '<a href="{openapi}">OpenAPI 3.1</a></nav><h2>Who calls</h2><dl>'
    for name, scheme in whole["components"]["securitySchemes"].items():
        way = "header Authorization: Bearer" if scheme["type"] == "http" else f"query {scheme['name']}"
        yield f"<dt>{escape(name)}, <code>{escape(way)}</code></dt><dd>{_text(scheme['description'])}</dd>"
    yield "</dl></header>"


def _of_tag(whole: Mapping[str, Any], tag: str) -> Iterator[str]:
    yield f'<section aria-labelledby="{_anchor(tag)}"><h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
    for path, methods in whole["paths"].items():
        for method, told in methods.items():
            if told["tags"] == [tag]:
                yield from _operation(whole, method, path, told)
    yield "</section>"


def _operation(whole: Mapping[str, Any], method: str, path: str, told: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details id="{told["operationId"]}"><summary><b class="{method}">{method.upper()}</b> '
    yield f"<code>{escape(path)}</code> <span>{_text(told['summary'])}</span></summary>"
    ways = [name for way in told.get("security", whole["security"]) for name in way]
    yield f"<p>Token: {escape(', '.join(ways)) or 'none'}.</p>"
    parameters = [_found(whole, each) for each in told.get("parameters", ())]
    if parameters:
        yield "<p>Parameters</p>" + _list(
            (one["name"], f"in the {one['in']}" + ", required" * one.get("required", False), one["schema"], one)
            for one in parameters
        )
    if "requestBody" in told:
        yield f"<p>Body{'' if told['requestBody']['required'] else ' (may be empty)'}: "
        content = told["requestBody"]["content"].items()
        yield "; ".join(f"{_code(kind)} {_schema(body['schema'])}" for kind, body in content) + "</p>"
    answers = [(status, _found(whole, each)) for status, each in told["responses"].items()]
    for status, answer in answers:
        if status[0] in "23" or not answer.get("content", {}).keys() <= {"application/json"} or "Health" in str(answer):
            yield f"<p>{_answer(status, answer)}</p>"
    refused = [f"<b>{status}</b> {_text(answer['description'])}" for status, answer in answers if status[0] in "45"]
    if len(refused) > 2:
        link = '<a href="#schema-Refusal">Refused</a>'
        yield f"<p>{link}: {'; '.join(refused)}.</p>"
    yield "</details>"


def _answer(status: str, response: Mapping[str, Any]) -> str:
    bodies = [
        f"{_code(kind)} {_schema(body['schema']) if 'schema' in body else ''}"
        for kind, body in response.get("content", {}).items()
    ]
    headers = [name for name in response.get("headers", {}) if name not in ("X-Request-ID", "Playlyfe-Features")]
    more = f" Headers: {', '.join(map(_code, headers))}." if headers else ""
    return f"<b>{status}</b> {_text(response['description'])} {'; '.join(bodies)}{more}"


def _schemas(whole: Mapping[str, Any]) -> Iterator[str]:
    yield '<section aria-labelledby="schemas"><h2 id="schemas">schemas</h2>'
    for name, schema in sorted(whole["components"]["schemas"].items()):
        yield f'<h3 id="schema-{name}">{escape(name)}</h3>'
        if "description" in schema:
            yield f"<p>{_text(schema['description'])}</p>"
        yield f"<div>{_schema({key: value for key, value in schema.items() if key != 'description'})}</div>"
    yield "</section>"


def _schema(schema: Any) -> str:
    """A schema in a few words; an object as a list of its keys."""
    if not isinstance(schema, dict) or not schema:
        return "anything" if schema == {} else "nothing"
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#schema-{name}">{name}</a>'
    for word in ("oneOf", "anyOf"):
        if word in schema and "properties" not in schema:
            return " or ".join(_schema(each) for each in schema[word])
    if "properties" in schema:
        return _object(schema)
    if "const" in schema or "enum" in schema:
        return " | ".join(_code(str(value)) for value in schema.get("enum", [schema.get("const")]))
    return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "anything")
    text = escape(kinds if isinstance(kinds, str) else " or ".join(kinds))
    if "prefixItems" in schema:
        text = f"array of {', '.join(_schema(each) for each in schema['prefixItems'])}"
    elif "items" in schema:
        text = f"array of {_schema(schema['items'])}"
    elif isinstance(schema.get("additionalProperties"), dict):
        text = f"object, each value {_schema(schema['additionalProperties'])}"
    elif schema.get("maxProperties") == 0:
        text = "empty object"
    facts = [
        f"{name} {schema[name]}" for name in ("format", "minimum", "maximum", "minItems", "maxItems") if name in schema
    ]
    if "pattern" in schema:
        facts.append(f"like {schema['pattern']}")
    if "default" in schema:
        facts.append(f"default {schema['default']}")
    return f"{text} <small>{escape(', '.join(facts))}</small>" if facts else text


def _object(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    return _list(
        (key, "" if key in required else "may be missing", value, value) for key, value in schema["properties"].items()
    )


def _list(entries: Iterable[tuple[str, str, Any, Any]]) -> str:
    """Names with a remark, the schema of each, and what has a description of it."""
    rows = []
    for name, remark, schema, told in entries:
        about = _text(told["description"]) if isinstance(told, dict) and "description" in told else ""
        rows.append(f"<dt>{_code(name)} <small>{remark}</small></dt><dd>{_schema(schema)} <span>{about}</span></dd>")
    return f"<dl>{''.join(rows)}</dl>"


def _found(whole: Mapping[str, Any], part: Any) -> Any:
    if "$ref" not in part:
        return part
    _, _, group, name = part["$ref"].split("/")
    return whole["components"][group][name]


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _text(text: str) -> str:
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text, quote=False))


def _anchor(tag: str) -> str:
    return "part-" + tag.replace(" ", "-")
