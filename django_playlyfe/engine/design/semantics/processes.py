"""Process definitions: the graph and what its nodes name (``engine.md`` §13). They are stored, none runs yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django_playlyfe.engine.design.catalogue import by_id, objects
from django_playlyfe.engine.design.report import Path, shown
from django_playlyfe.engine.design.semantics.actions import check_rate
from django_playlyfe.engine.design.semantics.conditions import OTHER, check_condition
from django_playlyfe.engine.design.semantics.inspection import Inspection
from django_playlyfe.engine.design.semantics.metrics import expect_not_negative
from django_playlyfe.engine.design.semantics.rewards import check_rewards
from django_playlyfe.engine.design.semantics.teams import check_settings

Graph = tuple[Path, dict[str, Any]]
"""A process or one of its sub-processes, with its path."""


def check_processes(inspection: Inspection) -> None:
    """Check every process definition."""
    for path, process in inspection.components("processes"):
        lanes = by_id(process.get("lanes"), "name")
        names = [((*path, "lanes", index, "name"), lane.get("name")) for index, lane in objects(process.get("lanes"))]
        inspection.expect_unique(names, "The lane")
        graphs = list(_graphs(path, process))
        keys = (((*at, "key"), graph.get("key")) for at, graph in graphs[1:])
        inspection.expect_unique(keys, "The instance key")
        tasks = {
            str(activity.get("id"))
            for _, graph in graphs
            for _, activity in objects(graph.get("activities"))
            if activity.get("type") == "task"
        }
        for graph in graphs:
            _check_graph(inspection, graph, list(lanes))
            _check_activities(inspection, graph, sorted(tasks))
        settings = process.get("settings")
        if isinstance(settings, dict):
            check_settings(inspection, (*path, "settings"), settings)


def _graphs(path: Path, process: dict[str, Any]) -> Iterator[Graph]:
    """The process itself, then its sub-processes at any depth."""
    pending: list[Graph] = [(path, process)]
    while pending:
        at, graph = pending.pop(0)
        yield at, graph
        for index, activity in objects(graph.get("activities")):
            if activity.get("type") == "sub_process":
                pending.append(((*at, "activities", index), activity))


def _nodes(graph: Graph) -> Iterator[tuple[Path, dict[str, Any]]]:
    path, body = graph
    for key in ("activities", "gateways"):
        for index, node in objects(body.get(key)):
            yield (*path, key, index), node


def _check_graph(inspection: Inspection, graph: Graph, lanes: list[str]) -> None:
    """Nodes have unique ids and known lanes; flows join nodes of this graph, no more than each may have (§13.2)."""
    path, body = graph
    nodes = list(_nodes(graph))
    inspection.expect_unique((((*at, "id"), node.get("id")) for at, node in nodes), "The node id")
    for at, node in nodes:
        if "lane" in node and inspection.is_sound((*at, "lane")):
            inspection.expect_known((*at, "lane"), node["lane"], lanes, "lane of this process")
    known = [str(node.get("id")) for _, node in nodes]
    incoming: Counter[str] = Counter()
    outgoing: Counter[str] = Counter()
    for index, flow in objects(body.get("sequence_flows")):
        at = (*path, "sequence_flows", index)
        if not inspection.is_sound(at):
            continue
        inspection.expect_known((*at, "src"), flow.get("src"), known, "activity or gateway at this level")
        inspection.expect_known((*at, "tgt"), flow.get("tgt"), known, "activity or gateway at this level")
        if "lane" in flow:
            inspection.expect_known((*at, "lane"), flow["lane"], lanes, "lane of this process")
        outgoing[str(flow.get("src"))] += 1
        incoming[str(flow.get("tgt"))] += 1
    for at, node in nodes:
        _check_flows(inspection, at, node, incoming[str(node.get("id"))], outgoing[str(node.get("id"))])


def _check_flows(inspection: Inspection, path: Path, node: dict[str, Any], ins: int, outs: int) -> None:
    name = shown(node.get("id"))
    if "gateways" in path[-2:]:
        inspection.expect(
            (ins <= 1 <= outs) or (outs <= 1 <= ins),
            "NOT_ALLOWED_HERE",
            path,
            node.get("id"),
            f"The gateway {name} has {ins} flows in and {outs} out: it either splits one flow or joins several",
            "one flow in and some out, or some in and one out",
        )
    else:
        inspection.expect(
            ins <= 1 and outs <= 1,
            "NOT_ALLOWED_HERE",
            path,
            node.get("id"),
            f"The activity {name} has {ins} flows in and {outs} out: put a gateway before or after it",
            "at most one flow in and one out",
        )


def _check_activities(inspection: Inspection, graph: Graph, tasks: list[str]) -> None:
    for index, activity in objects(graph[1].get("activities")):
        path = (*graph[0], "activities", index)
        check_rate(inspection, (*path, "rate"), activity.get("rate"))
        expect_not_negative(inspection, (*path, "loop"), activity.get("loop"))
        check_condition(inspection, (*path, "requires"), activity.get("requires"), OTHER)
        check_rewards(inspection, (*path, "rewards"), activity.get("rewards"), OTHER)
        for number, reward in objects(activity.get("rewards")):
            at = (*path, "rewards", number, "resolution")
            if "resolution" in reward and inspection.is_sound(at):
                inspection.expect_known(at, reward["resolution"], tasks, "task of this process")
