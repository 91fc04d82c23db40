"""What checking a design finds: all problems at once, in the shape of ``engine.md`` §15.4."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Path = tuple[str | int, ...]
"""Where something stands in a document: keys and array positions from the top."""

_SHOWN = 60
_SUGGESTIONS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth a warning.

    Attributes:
        code: a report code of ``engine.md`` §15.4; of warnings ``INERT`` or ``RESERVED_WORD``.
        path: a JSON pointer. Components of the top level are named by id where they have a usable one
            (``/actions/finish_book/rules/0``), everything deeper by key and array position.
        message: what is wrong and what to do, one sentence or two.
        expected: what would be right, in words.
        found: the value that was found.
        validator: the JSON schema keyword that failed, or the name of the check.
        validator_value: what that keyword or check demands.
        schema_path: where in the part of the schema that failed.
        absolute_schema_path: the same from the top of the schema.
    """

    code: str
    path: str
    message: str
    expected: str
    found: Any = None
    validator: str = ""
    validator_value: Any = None
    schema_path: str = ""
    absolute_schema_path: str = ""

    def as_data(self) -> dict[str, Any]:
        """An entry of ``errors`` (``engine.md`` §15.4)."""
        return {
            "code": self.code,
            "path": self.path,
            "instance": self.found,
            "message": self.message,
            "validator": self.validator,
            "validator_value": self.validator_value,
            "schema": {},
            "relative_schema_path": self.schema_path,
            "absolute_schema_path": self.absolute_schema_path,
        }

    def __str__(self) -> str:
        return f"{_harmless(self.path) or '/'}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check.

    Attributes:
        problems: every error, in document order; a design with none may be activated.
        warnings: what is accepted, yet should be known.
        passed: how many validations held.
        data: the checked object; None if it was not plain JSON.
    """

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    passed: int = 0
    data: Any = None

    @property
    def valid(self) -> bool:
        """Whether the design may be activated."""
        return not self.problems

    def as_data(self) -> dict[str, Any]:
        """The ``data`` of a ``validation_exception`` (``engine.md`` §15.4)."""
        return {
            "valid": self.valid,
            "passed": self.passed,
            "data": self.data,
            "errors": [problem.as_data() for problem in self.problems],
        }

    def lines(self) -> list[str]:
        """The report for a terminal: one line a problem, its expectation below, warnings last."""
        lines = []
        for problem in self.problems:
            lines.append(str(problem))
            lines.append(f"    found {shown(problem.found)}, expected {problem.expected}")
        lines.extend(f"warning: {warning}" for warning in self.warnings)
        return lines


@dataclass(slots=True)
class Findings:
    """Collects problems while a document is being checked."""

    problems: list[tuple[Path, Problem]] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    passed: int = 0
    suggestions: int = _SUGGESTIONS

    def report(self, document: object) -> Report:
        """The finished report of a document, problems in the order of the file."""
        names = _component_names(document)
        problems = [
            replace(problem, path=pointer(names.get(path[:2], path[:2]) + path[2:]))
            for path, problem in sorted(self.problems, key=lambda entry: _position(document, entry[0]))
        ]
        return Report(tuple(problems), tuple(self.warnings), self.passed, document)

    def held(self, count: int = 1) -> None:
        """Note validations that held."""
        self.passed += count

    def suggest(self, unknown: object, known: Iterable[object]) -> str:
        """``"; did you mean 'xp'?"`` if something known is spelt like ``unknown``, else nothing.

        Comparing names is slow, so a hopeless document gets suggestions for its first problems only.
        """
        if not isinstance(unknown, str) or len(unknown) > _SHOWN * 2 or self.suggestions <= 0:
            return ""
        self.suggestions -= 1
        names = {name.casefold(): name for name in known if isinstance(name, str)}
        near = difflib.get_close_matches(unknown.casefold(), names, n=1)
        return f"; did you mean {shown(names[near[0]])}?" if near else ""


def shown(value: object) -> str:
    """A value for a message: JSON on one line, shortened, harmless in a terminal."""
    if isinstance(value, str) and value.isprintable() and "'" not in value:
        text = f"'{value}'"
    elif isinstance(value, Mapping):
        text = f"an object with the keys {', '.join(map(str, list(value)[:5]))}" if value else "an empty object"
    elif isinstance(value, list):
        text = f"an array of {len(value)}" if value else "an empty array"
    else:
        text = json.dumps(value, default=repr)
    text = _harmless(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _harmless(text: str) -> str:
    """Text that cannot steer a terminal."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _component_names(document: object) -> dict[Path, Path]:
    """``("metrics", 0)`` -> ``("metrics", "xp")`` for every component that no other of its type shares its id with."""
    names: dict[Path, Path] = {}
    for kind, components in document.items() if isinstance(document, dict) else ():
        if not isinstance(components, list):
            continue
        ids = [str(entry.get("id") or "") if isinstance(entry, dict) else "" for entry in components]
        count = Counter(ids)
        names.update({(kind, index): (kind, name) for index, name in enumerate(ids) if name and count[name] == 1})
    return names


def _position(document: object, path: Path) -> tuple[int, ...]:
    """Where a path stands in the file, as a key to sort by; a place that is not there comes last of its parent."""
    position = []
    for step in path:
        if isinstance(document, dict):
            keys = list(document)
            position.append(keys.index(step) if step in document else len(keys))
            document = document.get(step)
        else:
            index = step if isinstance(step, int) else 0
            position.append(index)
            document = document[index] if isinstance(document, list) and index < len(document) else None
    return tuple(position)


def pointer(path: Path) -> str:
    """A path as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
