"""The check of a design: every problem at once (``engine.md`` §15.2, §15.3)."""

from __future__ import annotations

from django_playlyfe.engine.design.catalogue import mapping, read_catalogue
from django_playlyfe.engine.design.normalise import canonical_form
from django_playlyfe.engine.design.plain import is_plain
from django_playlyfe.engine.design.report import Findings, Report
from django_playlyfe.engine.design.schema import COMPONENTS
from django_playlyfe.engine.design.semantics.actions import check_actions
from django_playlyfe.engine.design.semantics.boards import check_boards
from django_playlyfe.engine.design.semantics.bootstrap import check_bootstrap
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.metrics import check_metrics
from django_playlyfe.engine.design.semantics.notices import find_warnings
from django_playlyfe.engine.design.semantics.processes import check_processes
from django_playlyfe.engine.design.semantics.rules import check_rules
from django_playlyfe.engine.design.semantics.teams import check_teams
from django_playlyfe.engine.design.shapes import check_shape

_CHECKS = (
    check_metrics,
    check_rules,
    check_actions,
    check_teams,
    check_processes,
    check_boards,
    check_bootstrap,
)


def check(document: object) -> Report:
    """Check a design as before an activation.

    Args:
        document: a design file as JSON (``load.read``), or anything else.

    Returns:
        The report. It never raises: whatever is wrong with the document is in the report. Paths, and what was found
        there, are of the canonical form (``normalise``). A valid document can be compiled.
    """
    findings = Findings()
    if not is_plain(document, findings):
        return findings.report(None)
    canonical = canonical_form(document)
    check_shape(canonical, findings)
    inspection = Inspection(mapping(canonical), read_catalogue(canonical), findings)
    for kind in COMPONENTS:
        ids = [((*path, "id"), component.get("id")) for path, component in inspection.components(kind)]
        inspection.expect_unique(ids, "The id")
    for run in _CHECKS:
        run(inspection)
    findings.warnings.extend(find_warnings(canonical))
    return findings.report(canonical)
