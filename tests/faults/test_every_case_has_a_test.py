"""The fault table has 115 cases, and each has a test that bears its name (``reliability.md`` §5)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
CASES = {"T": 21, "A": 28, "N": 16, "C": 10, "D": 32, "R": 8}
_ID = re.compile(r"[TANCDR][0-9]+")


def proved_by(source: str) -> set[str]:
    """The cases in the names of a module's tests (``test_A7_…``, ``test_r1_…``) and in their ``fault`` marks."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for part in node.name.split("_")[1:]:
                if not _ID.fullmatch(part.upper()):
                    break
                found.add(part.upper())
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fault":
            found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return found


def test_every_case_of_the_fault_table_has_a_test():
    wanted = {f"{letter}{number}" for letter, count in CASES.items() for number in range(1, count + 1)}
    assert len(wanted) == 115
    found = set()
    for path in TESTS.rglob("test_*.py"):
        found |= proved_by(path.read_text())
    assert sorted(wanted - found) == []


def test_a_name_counts_only_at_the_beginning_of_a_tests_name():
    assert proved_by("def test_A7_A8_x(): ...\ndef test_x_A9(): ...\ndef helper_A1(): ...") == {"A7", "A8"}
    assert proved_by('@pytest.mark.fault("N5", "N6")\ndef test_x(): ...') == {"N5", "N6"}
