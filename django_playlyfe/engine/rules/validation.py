"""The report of a call that is refused for its input (``engine.md`` §15.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_playlyfe.engine.rules.state import Refused

Problem = dict[str, Any]


def problem(code: str, path: Sequence[str], instance: object, message: str, rule: Mapping[str, Any]) -> Problem:
    """One entry of a report.

    Args:
        code: one of the report codes of the specification.
        path: keys from the root of the checked object to what is wrong.
        instance: what was found there, in JSON.
        rule: the JSON schema keyword that was broken, and its value.
    """
    ((validator, expected),) = rule.items()
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
    return {
        "code": code,
        "path": pointer,
        "instance": instance,
        "message": message,
        "validator": validator,
        "validator_value": expected,
        "schema": dict(rule),
        "relative_schema_path": f"/{validator}",
        "absolute_schema_path": f"#{pointer}/{validator}",
    }


def invalid(data: Mapping[str, Any], problems: Sequence[Problem], passed: int) -> Refused:
    """The refusal that carries a report; ``data`` is the checked object, ``passed`` counts the checks that held."""
    report = {"valid": False, "passed": passed, "data": dict(data), "errors": list(problems)}
    return Refused("validation_exception", "Invalid request", report=report)
