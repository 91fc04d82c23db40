"""What all checks share: the document, what it defines, where its shape is broken, and where findings go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django_playlyfe.engine.design.catalogue import Catalogue, objects
from django_playlyfe.engine.design.report import Findings, Path, Problem, shown

_METRIC_TYPES = ("point", "set", "state", "compound")
_TITLES = {
    "metrics": "metric",
    "actions": "action",
    "teams": "team definition",
    "processes": "process definition",
}


class Inspection:
    """One check of one canonical document.

    Attributes:
        document: the document; its shape may be wrong in places.
        catalogue: what it defines.
    """

    def __init__(self, document: Mapping[str, Any], catalogue: Catalogue, findings: Findings) -> None:
        self.document = document
        self.catalogue = catalogue
        self._findings = findings
        # A key too many disturbs no other check; everything else does, up to the top.
        self._broken = {
            path[:length]
            for path, problem in findings.problems
            if problem.code != "OBJECT_ADDITIONAL_PROPERTIES"
            for length in range(len(path) + 1)
        }

    def components(self, kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The components of a type that are objects, with their paths."""
        for index, component in objects(self.document.get(kind)):
            yield (kind, index), component

    def is_sound(self, path: Path) -> bool:
        """Whether the shape at and below a path is right."""
        return path not in self._broken

    def refuse(self, code: str, path: Path, found: object, message: str, expected: str) -> None:
        """Report an error. ``message`` ends with what to do."""
        problem = Problem(code, "", message, expected, found=found, validator=code.lower(), validator_value=expected)
        self._findings.problems.append((path, problem))

    def expect(self, holds: bool, code: str, path: Path, found: object, message: str, expected: str) -> bool:
        """Report an error unless a check held, and count it if it did; answers whether it held."""
        if holds:
            self._findings.held()
        else:
            self.refuse(code, path, found, message, expected)
        return holds

    def expect_known(self, path: Path, name: object, known: Collection[str], what: str) -> bool:
        """Report a name that is not among ``known``; ``what`` says what it should name, such as ``"metric"``."""
        if isinstance(name, str) and name in known:  # without a list of them: there may be a thousand, as often
            self._findings.held()
            return True
        choices = list(known)
        advice = self._findings.suggest(name, choices)
        if not advice:
            advice = f": write one of {', '.join(map(shown, choices[:8]))}" if choices else ": there is none"
        expected = f"{'an' if what[0] in 'aeiou' else 'a'} {what}"
        self.refuse("REFERENCE_NOT_FOUND", path, name, f"{shown(name)} is no {what}{advice}", expected)
        return False

    def expect_component(self, path: Path, name: object, kind: str) -> bool:
        """Report a reference to a component of the top level that does not exist."""
        known: Mapping[str, Any] = getattr(self.catalogue, kind)
        return self.expect_known(path, name, known, _TITLES[kind])

    def expect_metric(self, path: Path, name: object, *types: str) -> bool:
        """Report a reference to a metric that does not exist, or is of none of the types."""
        if not self.expect_component(path, name, "metrics"):
            return False
        actual = self.catalogue.metrics[str(name)].type
        if actual not in _METRIC_TYPES:  # reported where the metric is
            return False
        wanted = " or ".join(types)
        return self.expect(
            actual in types,
            "REFERENCE_TYPE_MISMATCH",
            path,
            name,
            f"The metric {shown(name)} is of type {actual}, here it should be of type {wanted}",
            f"a metric of type {wanted}",
        )

    def expect_unique(self, entries: Iterable[tuple[Path, object]], what: str) -> None:
        """Report every value that was there before; ``what`` names the values, such as ``"the id"``."""
        seen = set()
        for path, value in entries:
            if isinstance(value, str):
                self.expect(
                    value not in seen,
                    "ARRAY_UNIQUE",
                    path,
                    value,
                    f"{what} {shown(value)} is used before: choose another",
                    "a value that no other has",
                )
                seen.add(value)
