"""Issues: where a design conflicts with what players have (``engine.md`` §14.3). Found by looking, never stored: a list
of issues is always true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design.integers import bound
from django_playlyfe.engine.models import Game, Score

Document = Mapping[str, Any]
Metric = Mapping[str, Any]

_FIXES = {
    "METRIC_REMOVED": "METRIC_DESTROY",
    "METRIC_TYPE_CHANGED": "METRIC_TYPE_SET",
    "METRIC_POINT_MAX_LIMIT_EXCEEDED": "METRIC_POINT_MAX_LIMIT_SET",
    "METRIC_POINT_MIN_LIMIT_EXCEEDED": "METRIC_POINT_MIN_LIMIT_SET",
    "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED": "METRIC_SET_ITEM_MAX_LIMIT_SET",
    "METRIC_SET_ITEM_REMOVED": "METRIC_SET_ITEM_DESTROY",
    "METRIC_STATE_REMOVED": "METRIC_STATE_DESTROY",
}
"""Code -> the fix that is proposed."""
_RENAMES = {
    "METRIC_SET_ITEM_REMOVED": "METRIC_SET_ITEM_RENAME",
    "METRIC_STATE_REMOVED": "METRIC_STATE_RENAME",
}
"""Code -> the other fix, which moves to another member."""
_SENTENCES = {
    "METRIC_REMOVED": "'{metric}' goes, and players have scores of it; the fix drops them",
    "METRIC_TYPE_CHANGED": "'{metric}' is no longer of type {type}, and players have scores of it; the fix drops them",
    "METRIC_POINT_MAX_LIMIT_EXCEEDED": "players have more '{metric}' than {limit}; the fix lowers it to that",
    "METRIC_POINT_MIN_LIMIT_EXCEEDED": "players have less '{metric}' than {limit}; the fix raises it to that",
    "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED": "players hold more '{member}' of '{metric}' than {limit}; the fix lowers it",
    "METRIC_SET_ITEM_REMOVED": "'{member}' of '{metric}' goes, and players hold it; the fix drops it",
    "METRIC_STATE_REMOVED": "'{member}' of '{metric}' goes, and players are in that state; the fix clears it",
}


@dataclass(frozen=True)
class Issue:
    """One conflict.

    Attributes:
        environment: where the players are.
        code: of ``engine.md`` §14.3.
        metric: ``{"id", "name", "type"}`` as in the design in force.
        member: id of the item or state it is about, "" for none.
        limit: the new limit, for codes about one.
        players: how many are affected; 0 once it is resolved.
    """

    environment: str
    code: str
    metric: Mapping[str, str]
    member: str = ""
    limit: int | None = None
    players: int = 0

    @property
    def id(self) -> str:
        """The same for the same conflict at any time."""
        return ".".join(filter(None, [self.environment, self.code, self.metric["id"], self.member]))

    @property
    def apply(self) -> str:
        """The proposed fix."""
        return _FIXES[self.code]

    @property
    def rename(self) -> str:
        """The fix that moves to another member, "" if there is none."""
        return _RENAMES.get(self.code, "")

    @property
    def rows(self) -> Q:
        """The stored scores that are affected."""
        metric, limit = Q(metric=self.metric["id"]), self.limit
        if self.code == "METRIC_POINT_MAX_LIMIT_EXCEEDED":
            return metric & Q(item="", value__gt=limit)
        if self.code == "METRIC_POINT_MIN_LIMIT_EXCEEDED":
            return metric & Q(item="", value__lt=limit)
        if self.code == "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED":
            return metric & Q(item=self.member, value__gt=limit)
        if self.code == "METRIC_SET_ITEM_REMOVED":
            return metric & Q(item=self.member, value__gt=0)
        if self.code == "METRIC_STATE_REMOVED":
            return metric & Q(state=self.member)
        return metric & (Q(item="") | Q(value__gt=0))  # an item that was lost affects nobody

    def as_data(self, *, is_resolved: bool = False) -> dict[str, Any]:
        """As the design API has it."""
        vars_: dict[str, Any] = {"metric_design": dict(self.metric)}
        if self.member:
            vars_["item" if self.metric["type"] == "set" else "state"] = self.member
        if self.limit is not None:
            vars_["limit"] = str(self.limit)
        vars_["players"] = self.players
        return {
            "id": self.id,
            "code": self.code,
            "is_resolved": is_resolved,
            "apply": self.apply,
            "vars": vars_,
        }

    def __str__(self) -> str:
        said = _SENTENCES[self.code].format(
            metric=self.metric["id"], type=self.metric["type"], member=self.member, limit=self.limit
        )
        return f"{said} ({self.players} affected)"


def find(game: Game, environment: str, current: Document | None, design: Document) -> list[Issue]:
    """The issues of putting a design in force, in the order of the metrics in force. One query for each narrowed part.

    Args:
        game: whose players.
        environment: in which environment.
        current: the document in force there; None = there is none, and hence no issue.
        design: the canonical document of the other design.
    """
    found = []
    for issue in _possible(environment, current, design) if current is not None else ():
        players = affected(game, issue).aggregate(players=Count("player", distinct=True))["players"]
        if players:
            found.append(Issue(environment, issue.code, issue.metric, issue.member, issue.limit, players))
    return found


def affected(game: Game, issue: Issue) -> QuerySet[Score]:
    """The scores that an issue is about."""
    scores = Score.objects.using(transactions.write_alias())
    return scores.filter(issue.rows, game=game, environment=issue.environment)


def _possible(environment: str, current: Document, design: Document) -> Iterator[Issue]:
    """What would be an issue if any player were affected."""
    wanted = {metric["id"]: metric for metric in design["metrics"]}
    for metric in current["metrics"]:
        named = {key: metric[key] for key in ("id", "name", "type")}
        other = wanted.get(metric["id"])
        if other is None:
            yield Issue(environment, "METRIC_REMOVED", named)
        elif other["type"] != metric["type"]:
            yield Issue(environment, "METRIC_TYPE_CHANGED", named)
        else:
            for code, member, limit in _narrowed(metric, other):
                yield Issue(environment, code, named, member, limit)


def _narrowed(metric: Metric, other: Metric) -> Iterator[tuple[str, str, int | None]]:
    """Code, member and limit of what a metric of the same type no longer allows."""
    before, after = metric["constraints"], other["constraints"]
    if metric["type"] == "point":
        if _is_lower(after["max"], before["max"]):
            yield "METRIC_POINT_MAX_LIMIT_EXCEEDED", "", bound(after["max"])
        if bound(after["min"]) is not None and after["min"] != before["min"]:
            yield "METRIC_POINT_MIN_LIMIT_EXCEEDED", "", bound(after["min"])
    elif metric["type"] == "set":
        items = {item["id"]: item for item in after["items"]}
        for item in before["items"]:
            if item["id"] not in items:
                yield "METRIC_SET_ITEM_REMOVED", item["id"], None
            elif _is_lower(items[item["id"]]["max"], item["max"]):
                yield "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED", item["id"], bound(items[item["id"]]["max"])
    elif metric["type"] == "state":
        states = {state["id"] for state in after["states"]}
        for state in before["states"]:
            if state["id"] not in states:
                yield "METRIC_STATE_REMOVED", state["id"], None


def _is_lower(after: str, before: str) -> bool:
    new, old = bound(after), bound(before)
    return new is not None and (old is None or new < old)
