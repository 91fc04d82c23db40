"""What is accepted, yet should be known before a design goes live."""

from __future__ import annotations

from collections.abc import Iterator

from django_playlyfe.engine.design.catalogue import mapping, objects
from django_playlyfe.engine.design.report import Path, Problem, pointer, shown

_NAMES = ("id", "name", "title")


def find_warnings(document: object) -> Iterator[Problem]:
    """Names that old clients take for a failure, and what is stored without being run yet."""
    for path, name in _names((), document):
        yield Problem(
            "RESERVED_WORD",
            pointer(path),
            "Some clients take an answer that contains the quoted word 'error' for a failure: choose another word",
            "any other word",
            found=name,
        )
    bootstrap = mapping(mapping(document).get("bootstrap"))
    for kind in ("teams", "processes"):
        for index, entry in objects(bootstrap.get(kind)):
            yield Problem(
                "INERT",
                pointer(("bootstrap", kind, index)),
                f"New players are not given {shown(entry.get('name'))} yet: {kind} are stored and do not run",
                f"no {kind} in the bootstrap",
                found=entry,
            )


def _names(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            if key in _NAMES and entry == "error":
                yield (*path, key), entry
            yield from _names((*path, key), entry)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _names((*path, index), entry)
