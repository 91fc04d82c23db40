"""Saying no: the exceptions of ``wire.ERRORS`` with their reports (``engine.md`` §15.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_playlyfe.engine.design.report import Problem, Report
from django_playlyfe.engine.rules.plan import Action
from django_playlyfe.engine.rules.state import Refused
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.wire import make_error

_SCALARS = (str, int, float, bool, type(None))


def invalid(path: str, message: str, *, code: str = "INVALID_FORMAT", found: object = None) -> PlaylyfeError:
    """The error for wrong input: an InvalidRequest, ready to raise.

    Args:
        path: JSON pointer to what is wrong.
        message: what would be right, a sentence without its full stop.
        code: one of the report codes of ``engine.md`` §15.4.
        found: the wrong value; shown in the report if it is plain JSON.
    """
    shown = found if isinstance(found, _SCALARS) else None
    problem = Problem(code=code, path=path, message=message, expected=message, found=shown)
    return _invalid_request(Report(problems=(problem,)).as_data())


def translated(refused: Refused, action: Action | None) -> PlaylyfeError:
    """What the rules said about a play, as the exception that services raise for it.

    Args:
        refused: what the rules said.
        action: what was played; ``details`` names it, so that the player can be told.
    """
    if refused.code == "validation_exception":
        return _invalid_request(refused.report or {})
    named = {"action": {"id": action.id, "name": action.name}} if action is not None else None
    error: PlaylyfeError = make_error(
        refused.code, refused.text, of_play=True, retry_at=refused.retry_at, details=named
    )
    return error


def within(place: str, error: PlaylyfeError) -> PlaylyfeError:
    """An error about a part of what was asked, as one about the whole: ``place`` leads to the part.

    Other errors than InvalidRequest stay as they are.
    """
    if error.code != "validation_exception":
        return error
    report = error.data or {}
    problems = [{**problem, "path": place + problem["path"]} for problem in report.get("errors", ())]
    return _invalid_request({**report, "data": None, "errors": problems})


def refusal_of(report: Report) -> PlaylyfeError:
    """The error for input in which a check found problems: an InvalidRequest with the report."""
    return _invalid_request(report.as_data())


def _invalid_request(report: Mapping[str, Any]) -> PlaylyfeError:
    # The wire wants the bare words (http-api.md §4.5) beside the report; whoever reads a traceback wants the reason.
    reasons = "; ".join(f"{problem['path']}: {problem['message']}" for problem in report.get("errors", ()))
    error: PlaylyfeError = make_error(
        "validation_exception", f"Invalid request: {reasons}" if reasons else "Invalid request", data=dict(report)
    )
    return error
