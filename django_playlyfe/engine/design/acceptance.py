"""Whether a value fits a schema, and nothing else: the schema made into functions once.

The package ``jsonschema`` says what is wrong and where, and takes its time for it: two thirds of the check of a large
design, of which next to nothing is wrong. So it is asked only about the parts that these functions do not accept. What
they accept, it accepts (tests compare them); where they are in doubt they refuse, and it decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from django_playlyfe.engine.design.schema import Schema

Accepts: TypeAlias = Callable[[Any], bool]
"""Whether a plain JSON value (``plain``) fits."""

_ANNOTATIONS = frozenset({"$schema", "$defs", "title", "description", "default", "aliases", "dropped", "resolves"})
_TYPES: Mapping[str, Accepts] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


class Acceptance:
    """The functions of one schema and of all its parts.

    Args:
        schema: with its ``$defs``.
        formats: name -> whether a value has the format; others are marks that everything has.
    """

    def __init__(self, schema: Schema, formats: Mapping[str, Accepts]) -> None:
        self._definitions = schema.get("$defs", {})
        self._formats = formats
        self._made: dict[int, Accepts] = {}
        self._parts: list[Schema] = []  # kept, so that no other schema gets the identity of one

    def of(self, schema: Schema) -> Accepts:
        """The function of a schema, made when it is asked for first."""
        made = self._made.get(id(schema))
        if made is None:
            # A schema may hold itself: what asks for it meanwhile looks for its function when it is called.
            self._made[id(schema)] = lambda value: self._made[id(schema)](value)
            self._parts.append(schema)
            made = self._made[id(schema)] = self._all(schema)
        return made

    def _all(self, schema: Schema) -> Accepts:
        keywords = [
            getattr(self, _KEYWORDS[keyword])(demand, schema)
            for keyword, demand in schema.items()
            if keyword not in _ANNOTATIONS
        ]
        return _every([test for test in keywords if test is not None])

    # --- keywords: demand and schema -> test, None if there is nothing to test ---------------------------------------

    def _type(self, demand: str | list[str], _schema: Schema) -> Accepts:
        names = [demand] if isinstance(demand, str) else demand
        if len(names) == 1:
            return _TYPES[names[0]]
        tests = [_TYPES[name] for name in names]
        return lambda value: any(test(value) for test in tests)

    def _enum(self, demand: list[Any], _schema: Schema) -> Accepts:
        texts, others = frozenset(one for one in demand if isinstance(one, str)), demand
        # What is neither text nor the very same object is left to jsonschema, for which 1 is 1.0 and not True.
        return lambda value: value in texts if isinstance(value, str) else any(value is one for one in others)

    def _const(self, demand: Any, schema: Schema) -> Accepts:
        return self._enum([demand], schema)

    def _format(self, demand: str, _schema: Schema) -> Accepts | None:
        return self._formats.get(demand)

    def _pattern(self, demand: str, _schema: Schema) -> Accepts:
        search = re.compile(demand).search
        return lambda value: not isinstance(value, str) or search(value) is not None

    def _minimum(self, demand: float, _schema: Schema) -> Accepts:
        is_number = _TYPES["number"]
        return lambda value: not is_number(value) or not value < demand

    def _maximum(self, demand: float, _schema: Schema) -> Accepts:
        is_number = _TYPES["number"]
        return lambda value: not is_number(value) or not value > demand

    def _shortest(self, demand: int, _schema: Schema) -> Accepts:
        return lambda value: not isinstance(value, str) or len(value) >= demand

    def _longest(self, demand: int, _schema: Schema) -> Accepts:
        return lambda value: not isinstance(value, str) or len(value) <= demand

    def _fewest_items(self, demand: int, _schema: Schema) -> Accepts:
        return lambda value: not isinstance(value, list) or len(value) >= demand

    def _most_items(self, demand: int, _schema: Schema) -> Accepts:
        return lambda value: not isinstance(value, list) or len(value) <= demand

    def _unique_items(self, _demand: bool, _schema: Schema) -> Accepts:
        # Texts only: what equals what among numbers and objects is left to jsonschema.
        return lambda value: (
            not isinstance(value, list)
            or (all(isinstance(entry, str) for entry in value) and len(set(value)) == len(value))
        )

    def _fewest_properties(self, demand: int, _schema: Schema) -> Accepts:
        return lambda value: not isinstance(value, dict) or len(value) >= demand

    def _required(self, demand: list[str], _schema: Schema) -> Accepts | None:
        keys = frozenset(demand)
        return (lambda value: not isinstance(value, dict) or keys <= value.keys()) if keys else None

    def _properties(self, demand: Schema, _schema: Schema) -> Accepts:
        tests = {key: self.of(expected) for key, expected in demand.items() if expected}

        def accepts(value: Any) -> bool:
            if isinstance(value, dict):
                for key, entry in value.items():
                    if key in tests and not tests[key](entry):
                        return False
            return True

        return accepts

    def _other_properties(self, demand: Schema | bool, schema: Schema) -> Accepts:
        known = frozenset(schema.get("properties", ()))
        if isinstance(demand, bool):
            return lambda value: demand or not isinstance(value, dict) or value.keys() <= known
        test = self.of(demand)
        return lambda value: (
            not isinstance(value, dict) or all(test(entry) for key, entry in value.items() if key not in known)
        )

    def _items(self, demand: Schema, schema: Schema) -> Accepts:
        test, start = self.of(demand), len(schema.get("prefixItems", ()))
        return lambda value: not isinstance(value, list) or all(map(test, value[start:] if start else value))

    def _first_items(self, demand: list[Schema], _schema: Schema) -> Accepts:
        tests = [self.of(expected) for expected in demand]
        return lambda value: (
            not isinstance(value, list)
            or all(test(entry) for test, entry in zip(tests, value, strict=False))  # the array may be shorter or longer
        )

    def _all_of(self, demand: list[Schema], _schema: Schema) -> Accepts:
        return _every([self.of(part) for part in demand])

    def _if(self, demand: Schema, schema: Schema) -> Accepts:
        applies, then = self.of(demand), self.of(schema["then"])
        return lambda value: not applies(value) or then(value)

    def _then(self, _demand: Schema, _schema: Schema) -> None:
        return None  # told together with its "if"

    def _reference(self, demand: str, _schema: Schema) -> Accepts:
        return self.of(self._definitions[demand.removeprefix("#/$defs/")])


def _every(tests: list[Accepts]) -> Accepts:
    """Whether a value passes all of these."""
    if len(tests) == 1:
        return tests[0]

    def accepts(value: Any) -> bool:
        for test in tests:  # noqa: SIM110 - a generator for each value costs more than the tests
            if not test(value):
                return False
        return True

    return accepts


_KEYWORDS: Mapping[str, str] = {
    "type": "_type",
    "enum": "_enum",
    "const": "_const",
    "format": "_format",
    "pattern": "_pattern",
    "minimum": "_minimum",
    "maximum": "_maximum",
    "minLength": "_shortest",
    "maxLength": "_longest",
    "minItems": "_fewest_items",
    "maxItems": "_most_items",
    "uniqueItems": "_unique_items",
    "minProperties": "_fewest_properties",
    "required": "_required",
    "properties": "_properties",
    "additionalProperties": "_other_properties",
    "items": "_items",
    "prefixItems": "_first_items",
    "allOf": "_all_of",
    "if": "_if",
    "then": "_then",
    "$ref": "_reference",
}
"""Keyword -> method. One that is not here has no meaning yet, and making the functions fails."""
