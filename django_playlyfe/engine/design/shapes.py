"""The shape of a design against its JSON schema: one problem for each thing that is wrong, in words for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django_playlyfe.engine.design.acceptance import Acceptance
from django_playlyfe.engine.design.integers import INFINITY, MINUS_INFINITY, canonical_integer
from django_playlyfe.engine.design.report import Findings, Path, Problem, shown
from django_playlyfe.engine.design.schema import DESIGN
from django_playlyfe.exceptions import ConfigurationError

try:
    import jsonschema
    from jsonschema.exceptions import ValidationError
except ImportError as error:  # the extra is optional for sites that play on a server elsewhere
    raise ConfigurationError(
        "The embedded engine checks design files with the package jsonschema, which is not installed. "
        'Install it with: pip install "django-playlyfe[engine]"'
    ) from error

CODES = {
    "type": "INVALID_TYPE",
    "format": "INVALID_FORMAT",
    "enum": "ENUM_MISMATCH",
    "const": "ENUM_MISMATCH",
    "minimum": "MINIMUM",
    "maximum": "MAXIMUM",
    "minLength": "MIN_LENGTH",
    "maxLength": "MAX_LENGTH",
    "pattern": "PATTERN",
    "minItems": "ARRAY_LENGTH_SHORT",
    "maxItems": "ARRAY_LENGTH_LONG",
    "uniqueItems": "ARRAY_UNIQUE",
    "required": "OBJECT_MISSING_REQUIRED_PROPERTY",
    "additionalProperties": "OBJECT_ADDITIONAL_PROPERTIES",
    "minProperties": "OBJECT_PROPERTIES_MINIMUM",
}
"""JSON schema keyword -> report code (``engine.md`` §15.4), for the keywords that ``schema`` uses."""

_KINDS = {
    "object": "an object",
    "array": "an array",
    "string": "text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
}

# --- formats ----------------------------------------------------------------------------------------------------------


def _is_text_or_number(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_integer(value: object, *infinities: str) -> bool:
    return not _is_text_or_number(value) or value in infinities or canonical_integer(value) is not None


def _is_timezone(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError):  # no such file, a folder, a path that leaves the database
        return False
    return True


def _is_one_line(value: object) -> bool:
    return not isinstance(value, str) or re.search(r"[\t\n\r\u2028\u2029]", value) is None


_FORMATS: dict[str, Callable[[object], bool]] = {
    "integer": _is_integer,
    "integer-or-infinity": lambda value: _is_integer(value, INFINITY),
    "integer-or-minus-infinity": lambda value: _is_integer(value, MINUS_INFINITY),
    "infinity": lambda value: not isinstance(value, str) or value == INFINITY,
    "timezone": _is_timezone,
    "one-line": _is_one_line,
}
# "expression" is only a mark for normalise: syntax errors have a code of their own and are found with the references.


_ACCEPTANCE = Acceptance(DESIGN, _FORMATS)


def _items(validator: Any, items: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    """As jsonschema's own, which is not troubled with entries that are right; so are the two below."""
    start, accepts = len(schema.get("prefixItems", ())), _ACCEPTANCE.of(items)
    for index, entry in enumerate(instance[start:] if isinstance(instance, list) else (), start):
        if not accepts(entry):
            yield from validator.descend(entry, items, path=index)


def _properties(validator: Any, properties: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    for key, expected in properties.items() if isinstance(instance, dict) else ():
        if key in instance and not _ACCEPTANCE.of(expected)(instance[key]):
            yield from validator.descend(instance[key], expected, path=key, schema_path=key)


def _all_of(validator: Any, parts: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    for index, part in enumerate(parts):
        if not _ACCEPTANCE.of(part)(instance):
            yield from validator.descend(instance, part, schema_path=index)


@lru_cache(maxsize=1)
def validator() -> Any:
    checker = jsonschema.FormatChecker(formats=())
    for name, holds in _FORMATS.items():
        checker.checks(name)(holds)
    keywords = {"items": _items, "properties": _properties, "allOf": _all_of}
    kind = jsonschema.validators.extend(jsonschema.Draft202012Validator, keywords)  # type: ignore[no-untyped-call] # the stubs leave its types out
    return kind(DESIGN, format_checker=checker)


# --- checking ---------------------------------------------------------------------------------------------------------


class _Failure(NamedTuple):
    """What a validator says of one place."""

    keyword: str
    demand: Any
    schema: Mapping[str, Any]
    found: Any
    path: Path
    words: str
    schema_path: str
    absolute_schema_path: str

    @property
    def title(self) -> str:
        return str(self.schema.get("title", "this object"))

    def problem(self, message: str, expected: str) -> Problem:
        return Problem(
            code=CODES[self.keyword],
            path="",  # written by the report
            message=message,
            expected=expected,
            found=self.found,
            validator=self.keyword,
            validator_value=self.demand,
            schema_path=self.schema_path,
            absolute_schema_path=self.absolute_schema_path,
        )


def check_shape(document: object, findings: Findings) -> None:
    """Report every difference between a plain JSON value and the schema."""
    for error in validator().iter_errors(document):
        failure = _read(error)
        if failure.keyword == "additionalProperties":
            findings.problems.extend(_unknown_keys(failure, findings))
        else:
            findings.problems.append((failure.path, failure.problem(*_explain(failure, findings))))
    findings.held()


def _read(error: ValidationError) -> _Failure:
    return _Failure(
        keyword=str(error.validator),
        demand=error.validator_value,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        found=error.instance,
        path=tuple(error.absolute_path),
        words=error.message,
        schema_path=f"/{error.validator}",
        absolute_schema_path="#/" + "/".join(map(str, error.absolute_schema_path)),
    )


def _unknown_keys(failure: _Failure, findings: Findings) -> Iterator[tuple[Path, Problem]]:
    """One problem for each key too many; the validator has one for all."""
    known = list(failure.schema["properties"])
    visible = [key for key in known if not key.startswith("_")]
    for key, value in failure.found.items():
        if key not in known:
            advice = findings.suggest(key, visible) or ": remove it"
            message = f"{shown(key)} is not a key of {failure.title}{advice}"
            problem = failure._replace(found=value).problem(message, f"one of the keys {', '.join(visible)}")
            yield (*failure.path, key), problem


def _explain(failure: _Failure, findings: Findings) -> tuple[str, str]:
    """The message and the expectation of one failure."""
    keyword, demand, found = failure.keyword, failure.demand, shown(failure.found)
    expected = str(failure.schema.get("description") or _expectation(keyword, demand))
    if keyword == "required":
        key = next(name for name in demand if failure.words.startswith(f"'{name}'"))
        return f"{key} is required: add it to {failure.title}", f"the keys {', '.join(demand)}"
    if keyword == "enum":
        return f"{found} is not allowed here: write {expected}{findings.suggest(failure.found, demand)}", expected
    if keyword == "uniqueItems":
        return "An entry appears twice: remove one of them", "entries that differ"
    if keyword == "format" and demand == "timezone":
        return f"{found} is not a time zone: write an IANA name such as 'Europe/Lisbon'", expected
    return f"{found} is wrong here: write {expected}", expected


def _expectation(keyword: str, demand: Any) -> str:
    if keyword == "type":
        return " or ".join(_KINDS[kind] for kind in ([demand] if isinstance(demand, str) else demand))
    if keyword == "enum":
        return f"{'one of ' if len(demand) > 1 else ''}{', '.join(map(shown, demand))}"
    return shown(demand) if keyword == "const" else f"{keyword} {demand}"
