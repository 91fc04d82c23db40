"""Team definitions (``engine.md`` §12.1). They are stored, no team exists yet."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.design.catalogue import mapping
from django_playlyfe.engine.design.report import Path
from django_playlyfe.engine.design.semantics.conditions import OTHER, check_condition
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.metrics import expect_not_negative


def check_teams(inspection: Inspection) -> None:
    """Check every team definition."""
    for path, team in inspection.components("teams"):
        permissions = team.get("permissions")
        pairs = permissions if isinstance(permissions, list) else []
        named = [
            ((*path, "permissions", index, 0), pair[0])
            for index, pair in enumerate(pairs)
            if isinstance(pair, list) and pair
        ]
        inspection.expect_unique(named, "The role")
        roles = [name for _, name in named if isinstance(name, str)]
        creator_roles = team.get("creator_roles")
        for index, role in enumerate(creator_roles if isinstance(creator_roles, list) else []):
            if inspection.is_sound((*path, "creator_roles", index)):
                inspection.expect_known((*path, "creator_roles", index), role, roles, "role of this team")
        check_settings(inspection, (*path, "settings"), mapping(team.get("settings")))


def check_settings(inspection: Inspection, path: Path, settings: dict[str, Any]) -> None:
    """Check the settings of a team or a process: limits are not negative, and the condition to create one."""
    for key, limit in settings.items():
        if key.startswith("max_"):
            expect_not_negative(inspection, (*path, key), limit)
    check_condition(inspection, (*path, "requires"), settings.get("requires"), OTHER)
