"""Whatever the check of a design says has a translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from django_playlyfe.engine.admin.desk.translating import in_the_readers_language, is_known
from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.report import Problem
from django_playlyfe.engine.design.schema import DESIGN
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignInvalid

ROOT = Path(__file__).resolve().parents[3]
BROKEN = sorted((ROOT / "tests/designs/broken").glob("*.json"))
DESIGN_SOURCES = ROOT / "django_playlyfe/engine/design"


def problems_of(path: Path) -> list[Problem]:
    try:
        report = check(read(path))
    except DesignInvalid as error:
        report = error.report
    return [*report.problems, *report.warnings]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_what_a_broken_design_is_told_is_known(path: Path) -> None:
    found = problems_of(path)
    assert found
    assert [text for problem in found for text in (problem.message, problem.expected) if not is_known(text)] == []


def words_of_the_schema(schema: Any) -> Iterator[str]:
    """Titles and descriptions, which messages are made of."""
    if isinstance(schema, dict):
        yield from (schema[key] for key in ("title", "description") if isinstance(schema.get(key), str))
        for inside in schema.values():
            yield from words_of_the_schema(inside)
    elif isinstance(schema, list):
        for inside in schema:
            yield from words_of_the_schema(inside)


def test_the_words_of_the_schema_are_known() -> None:
    found = set(words_of_the_schema(DESIGN))
    assert len(found) > 50
    assert {text for text in found if not is_known(text)} == set()


def findings_in_the_source() -> Iterator[str]:
    """The messages of findings and the reasons of earnings, with a name in the place of each value."""
    for path in sorted((DESIGN_SOURCES / "findings").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "name" for part in node.values)
                if "'" in text:
                    yield text


def test_what_nobody_can_reach_and_what_has_no_bound_is_known() -> None:
    found = list(findings_in_the_source())
    assert len(found) >= 9
    assert [text for text in found if not is_known(text)] == []


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "'exp' is no metric; did you mean 'xp'?",
            "'exp' gibt es nicht, gebraucht wird eine Metrik; ist 'xp' gemeint?",
        ),
        ("'club' is no team definition: there is none", "gebraucht wird ein Team: es gibt noch keine"),
        (
            "an empty array is wrong here: write an array",
            "eine leere Liste ist hier falsch: gebraucht wird eine Liste",
        ),
        (
            "an array of 2 is wrong here: write an object",
            "eine Liste mit 2 Einträgen ist hier falsch: gebraucht wird ein Objekt",
        ),
        (
            "'xp' is no expression: Expected a value such as $scores['xp'], $vars['xp'] or a text in quotes, "
            "found 'xp' at position 0",
            "Erwartet: ein Wert wie $scores['xp'], $vars['xp'] oder ein Text in Anführungszeichen, "
            "gefunden: 'xp' (Stelle 0)",
        ),
        (
            "'$score.xp' is no expression: Expected $scores or $vars, found '$score' at position 0",
            "Erwartet: $scores oder $vars, gefunden: '$score' (Stelle 0)",
        ),
        ("name is required: add it to an action", "name fehlt und muss angegeben werden (eine Aktion)"),
        (
            "'5 %' is wrong here: write a number from 0 to 1",
            "'5 %' ist hier falsch: gebraucht wird eine Zahl von 0 bis 1",
        ),
        (
            "'(1' is no expression: Expected ')', found the end at position 2",
            "Erwartet: ')', gefunden: das Ende (Stelle 2)",
        ),
        ("text or a number", "Text oder eine Zahl"),
        ("A sentence that is new", "A sentence that is new"),
    ],
)
def test_what_stands_in_a_sentence_is_translated_too(english: str, german: str) -> None:
    with translation.override("de"):
        assert german in in_the_readers_language(english)
    with translation.override("en-gb"):
        assert in_the_readers_language(english) == english


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_no_english_is_left_in_german(path: Path) -> None:
    english = re.compile(r"\b(?:the|write|here|should|of|at least|at most|is no)\b")
    with translation.override("de"):
        said = [in_the_readers_language(text) for one in problems_of(path) for text in (one.message, one.expected)]
    parser = "Expecting property name"  # Python's own words about JSON stay as they are
    assert [text for text in said if english.search(text) and parser not in text] == []
