"""What a game is: its status and its metrics (``http-api.md`` §6.6, §7.1)."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.models import DesignVersion
from django_playlyfe.engine.realm import Realm, find_game, version_in_force
from django_playlyfe.engine.rules.plan import CompoundMetric, Metric, SetMetric, StateMetric
from django_playlyfe.wire import write_instant


def status(realm: Realm) -> dict[str, Any]:
    """The answer of ``GET /admin``, and in addition ``environment`` and ``version`` of the design in force.

    Raises:
        ConfigurationError: there is no such game, or it has no active design; says what to do.
    """
    game = find_game(realm)
    version = version_in_force(game, realm)
    document = DesignVersion.objects.values_list("document", flat=True).get(pk=version.pk)
    return {
        "name": "Playlyfe Hermes",
        "version": "v1",
        "status": "ok",
        "game": {**document["game"], "created": write_instant(game.created_at)},
        "environment": realm.environment,
        "design": {"number": version.number, "sha256": version.sha256, "activated": write_instant(version.created_at)},
    }


def metrics(realm: Realm) -> list[dict[str, Any]]:
    """The metrics of the design in force, sorted by id, without their constraints (``engine.md`` §3.5)."""
    plan = plan_of(version_in_force(find_game(realm), realm))
    return [_definition(plan.metrics[metric_id]) for metric_id in sorted(plan.metrics)]


def _definition(metric: Metric) -> dict[str, Any]:
    definition: dict[str, Any] = {"id": metric.id, "name": metric.name, "type": metric.type}
    if metric.description:
        definition["description"] = metric.description
    if isinstance(metric, SetMetric):
        definition["items"] = {
            item.name: {"description": item.description}
            for item in sorted(metric.items.values(), key=lambda item: item.name)
        }
    elif isinstance(metric, StateMetric):
        definition["states"] = {
            state.name: {"description": state.description}
            for state in sorted(metric.states.values(), key=lambda state: state.name)
        }
    elif isinstance(metric, CompoundMetric):
        definition["formula"] = metric.formula.text
    return definition
