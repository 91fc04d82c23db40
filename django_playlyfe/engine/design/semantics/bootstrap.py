"""The bootstrap: what new players are given (``engine.md`` §14.2)."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.design.catalogue import mapping, objects
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.conditions import Place
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.rewards import check_rewards


def check_bootstrap(inspection: Inspection) -> None:
    """Check the scores, and that teams and processes name what their definitions offer."""
    bootstrap = mapping(inspection.document.get("bootstrap"))
    check_rewards(inspection, ("bootstrap", "scores"), bootstrap.get("scores"), Place("the bootstrap"))
    for kind in ("teams", "processes"):
        entries = [(("bootstrap", kind, index), entry) for index, entry in objects(bootstrap.get(kind))]
        inspection.expect_unique((((*path, "id"), entry.get("id")) for path, entry in entries), "The id")
        for path, entry in entries:
            if inspection.is_sound(path):
                _check_instance(inspection, path, entry, kind)


def _check_instance(inspection: Inspection, path: Path, entry: dict[str, Any], kind: str) -> None:
    name = str(entry["definition"])
    if not inspection.expect_component((*path, "definition"), name, kind):
        return
    definition = inspection.catalogue.teams[name] if kind == "teams" else inspection.catalogue.processes[name]
    offered = mapping(definition.get("settings")).get("access")
    if "access" in entry and isinstance(offered, list):
        inspection.expect(
            entry["access"] in offered,
            "ENUM_MISMATCH",
            (*path, "access"),
            entry["access"],
            f"{shown(name)} does not offer the access {shown(entry['access'])}: write one that it offers",
            f"one of {', '.join(map(shown, offered))}",
        )
    roles = inspection.catalogue.roles(name) if kind == "teams" else inspection.catalogue.lanes(name)
    what = "role of this team" if kind == "teams" else "lane of this process"
    for role in mapping(entry.get("roles")):
        inspection.expect_known((*path, "roles", role), role, roles if kind == "teams" else [*roles, "*", "~"], what)
