"""The corpus of broken designs: one file for each thing that can be wrong, what is said of it, and where.

``broken.json`` has the expected problems by file. A changed message is changed there too, and read by somebody.
"""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

import django_playlyfe.engine.design
from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.report import Report
from django_playlyfe.engine.design.shapes import CODES
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignInvalid
from django_playlyfe.engine.models import Game

CORPUS = Path(__file__).resolve().parents[2] / "designs" / "broken"
EXPECTED = json.loads(Path(__file__).with_name("broken.json").read_text(encoding="utf-8"))


def report_of(name: str) -> Report:
    try:
        return check(read(CORPUS / f"{name}.json"))
    except DesignInvalid as error:
        return error.report


def test_each_file_has_its_expectation_and_each_expectation_its_file() -> None:
    assert {path.stem for path in CORPUS.glob("*.json")} == set(EXPECTED)
    assert all(EXPECTED.values())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_is_said_what_is_wrong_and_where(name: str) -> None:
    problems = report_of(name).problems
    said = [{"code": found.code, "path": found.path, "message": found.message} for found in problems]
    assert said == EXPECTED[name]
    assert all(found.expected for found in problems)


def test_every_code_that_a_check_uses_is_in_the_corpus() -> None:
    sources = Path(str(django_playlyfe.engine.design.__file__)).parent.rglob("*.py")
    words = {
        word
        for path in sources
        for word in re.findall(r'"([A-Z]+(?:_[A-Z]+)+|PATTERN|MINIMUM|MAXIMUM)"', path.read_text())
    }
    ours = {
        "EXPRESSION_SYNTAX",
        "REFERENCE_NOT_FOUND",
        "REFERENCE_TYPE_MISMATCH",
        "REFERENCE_CYCLE",
        "NOT_ALLOWED_HERE",
    }
    used = (words & set(CODES.values())) | ours
    assert used <= words
    assert used - {problem["code"] for problems in EXPECTED.values() for problem in problems} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["not_json", "compound_circle", "reward_unknown_item"])
def test_the_command_says_it_and_writes_nothing(name: str) -> None:
    printed = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("playlyfe_engine_load", str(CORPUS / f"{name}.json"), stdout=printed, stderr=printed)
    said = printed.getvalue() + str(refused.value)
    assert refused.value.returncode == 2
    assert EXPECTED[name][0]["message"] in said
    assert not Game.objects.exists()
