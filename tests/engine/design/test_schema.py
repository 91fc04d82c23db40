import jsonschema

from django_playlyfe.engine.design.schema import DESIGN
from django_playlyfe.engine.design.shapes import CODES


def keywords(schema):
    """Every keyword that may fail, at any depth."""
    if isinstance(schema, list):
        for entry in schema:
            yield from keywords(entry)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("properties", "$defs"):
                for child in value.values():
                    yield from keywords(child)
            else:
                yield key, value
                if key in ("items", "prefixItems", "allOf", "then", "additionalProperties"):
                    yield from keywords(value)


ANNOTATIONS = {"title", "description", "default", "aliases", "dropped", "resolves", "$schema"}
STRUCTURE = {"items", "prefixItems", "allOf", "if", "then", "$ref"}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(DESIGN)


def test_every_keyword_has_a_report_code():
    assert {name for name, _ in keywords(DESIGN)} - ANNOTATIONS - STRUCTURE <= set(CODES)


def test_every_array_of_a_minimum_says_what_it_expects():
    def undescribed(schema):
        if isinstance(schema, dict):
            if "minItems" in schema and "description" not in schema:
                yield schema
            for value in schema.values():
                yield from undescribed(value)
        elif isinstance(schema, list):
            for entry in schema:
                yield from undescribed(entry)

    assert list(undescribed(DESIGN)) == []
