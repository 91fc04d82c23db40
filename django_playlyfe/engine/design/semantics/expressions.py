"""Expressions: their syntax, and that everything they mention exists (``engine.md`` §7)."""

from __future__ import annotations

from collections.abc import Collection

from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.rules.formulas import Expression, ExpressionSyntax, VariableReference, parse


def check_expression(
    inspection: Inspection, path: Path, text: object, variables: Collection[str] = ()
) -> Expression | None:
    """Check an expression.

    Args:
        inspection: the check it belongs to.
        path: where it stands.
        text: the expression.
        variables: names of the variables that are declared for this place.

    Returns:
        The parsed expression, None if its syntax is wrong.
    """
    if not isinstance(text, str) or not inspection.is_sound(path):
        return None
    try:
        expression = parse(text)
    except ExpressionSyntax as error:
        inspection.refuse(
            "EXPRESSION_SYNTAX", path, text, f"{shown(text)} is no expression: {error}", "a number or an expression"
        )
        return None
    for reference in sorted(expression.references, key=str):
        if isinstance(reference, VariableReference):
            _check_variable(inspection, path, reference.name, variables)
        else:
            _check_score(inspection, path, reference.metric, reference.item)
    return expression


def _check_variable(inspection: Inspection, path: Path, name: str, variables: Collection[str]) -> None:
    if variables:
        inspection.expect_known(path, name, variables, "variable")
    else:
        inspection.refuse(
            "REFERENCE_NOT_FOUND",
            path,
            name,
            f"$vars[{shown(name)}] is unknown: no variables are declared for this place",
            "an expression without $vars",
        )


def _check_score(inspection: Inspection, path: Path, metric_id: str, item: str | None) -> None:
    """One member names a point or compound metric, two a set metric and an item id (§7.1)."""
    if not inspection.expect_component(path, metric_id, "metrics"):
        return
    metric = inspection.catalogue.metrics[metric_id]
    if metric.type == "set":
        if item is None:
            _refuse_members(inspection, path, metric_id, f"is a set: name an item, as in $scores['{metric_id}']['…']")
        else:
            inspection.expect_known(path, item, metric.members, f"item id of the set {shown(metric_id)}")
    elif metric.type == "state":
        _refuse_members(inspection, path, metric_id, "is a state, which no expression can read")
    elif item is not None:
        _refuse_members(inspection, path, metric_id, f"is no set and has no items: write $scores['{metric_id}']")


def _refuse_members(inspection: Inspection, path: Path, metric_id: str, fault: str) -> None:
    inspection.refuse(
        "REFERENCE_TYPE_MISMATCH",
        path,
        metric_id,
        f"The metric {shown(metric_id)} {fault}",
        "$scores of a point metric, a compound metric or an item of a set",
    )
