"""Leaderboards: metric, legal pair of scope and entities, visibility (``engine.md`` §11.1)."""

from __future__ import annotations

from django_playlyfe.engine.design.catalogue import mapping
from django_playlyfe.engine.design.semantics.conditions import OTHER, check_condition
from django_playlyfe.engine.design.semantics.inspection import Inspection


def check_boards(inspection: Inspection) -> None:
    """Check every leaderboard."""
    for path, board in inspection.components("leaderboards"):
        metric, scope = mapping(board.get("metric")), mapping(board.get("scope"))
        if inspection.is_sound((*path, "metric")):
            allowed = inspection.expect(
                metric.get("type") in ("point", "compound"),
                "NOT_ALLOWED_HERE",
                (*path, "metric", "type"),
                metric.get("type"),
                f"A {metric.get('type')} metric cannot be ranked: use a point or a compound metric",
                "one of the types point, compound",
            )
            kinds = (str(metric["type"]),) if allowed else ("point", "compound")
            inspection.expect_metric((*path, "metric", "id"), metric.get("id"), *kinds)
        if inspection.is_sound((*path, "scope")) and "id" in scope:
            inspection.expect_component((*path, "scope", "id"), scope["id"], "teams")
        inspection.expect(
            not (board.get("entity_type") == "teams" and scope.get("type") == "team_instance"),
            "NOT_ALLOWED_HERE",
            (*path, "scope", "type"),
            "team_instance",
            "A board inside one team ranks its players: write the scope 'team_definition', or rank 'players'",
            "one of the scopes game, team_definition, custom",
        )
        check_condition(inspection, (*path, "requires"), board.get("requires"), OTHER)
