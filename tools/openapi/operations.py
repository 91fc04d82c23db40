"""Every operation of version 2, one line each: what it takes, and what it answers (``http-api.md`` §6-§8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

PAGED = ("skip", "limit")
WINDOW = ("start", "end")
KINDS = {
    "metrics": "metric",
    "actions": "action",
    "rules": "rule",
    "teams": "team",
    "processes": "process",
    "leaderboards": "leaderboard",
}


def of(name: str) -> Schema:
    """A schema of ``components.yaml``."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(name: str) -> Schema:
    """A bare array."""
    return {"type": "array", "items": of(name)}


def page(name: str) -> Schema:
    """A page of a list."""
    properties = {"data": many(name), "total": {"type": "integer", "minimum": 0}}
    return {"type": "object", "required": ["data", "total"], "properties": properties, "additionalProperties": False}


def own(name: str, schema: Schema, **more: Any) -> Schema:
    """A query parameter that one operation only has."""
    return {"name": name, "in": "query", "schema": schema, **more}


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        method, path: as in the table of routes, below the version.
        summary: a sentence.
        answer: schema of a success; None for a PNG.
        takes: query parameters and headers, by their name in ``components.yaml`` or in full.
        body: name of the body's schema; "file" for a form with a file.
        needs_body: whether an empty body is refused.
        version: "v1" or "v2".
        resource: the scope that opens it; in version 2 the first word of the path.
    """

    method: str
    path: str
    summary: str
    answer: Schema | None
    takes: tuple[str | Schema, ...] = ()
    body: str = ""
    needs_body: bool = False
    version: str = "v2"
    resource: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "resource", self.resource or self.path.split("/")[1])

    @property
    def template(self) -> str:
        """The path below the server's prefix, as OpenAPI writes it."""
        return f"/{self.version}" + re.sub(r":(\w+)", r"{\1}", self.path)

    @property
    def changes_seldom(self) -> bool:
        """Whether the answer has an ETag (``http-api.md`` §12)."""
        beginnings = ("/runtime/definitions/", "/runtime/assets/", "/runtime/player/image", "/design/")
        of_version_1 = ("/definitions/", "/assets/", "/player/image")
        return self.method == "GET" and self.path.startswith(beginnings if self.version == "v2" else of_version_1)


_FOR = own("cycle", of("Cycle"), required=True)
_TEXT: Schema = {"type": "string"}
_STREAK = (
    own("action", _TEXT, description="Which action counts; any does if missing."),
    own("unit", {"enum": ["day", "week", "month"], "default": "day"}),
)
KEY = ("idempotency_key",)
PLAY = (own("count", {"type": "integer", "minimum": 1, "default": 1}), "idempotency_key")
_BOARD = (
    _FOR,
    own("timestamp", of("Instant"), description="Selects the cycle that contains it; now if missing."),
    "scope_id",
    "team_instance_id",
    own("ranking", {"enum": ["absolute", "relative"], "default": "absolute"}),
    "entity_id",
    own("radius", {"type": "integer", "minimum": 0, "default": 5}, description="Rows before and after the entity."),
    own("sort", {"enum": ["descending", "ascending"], "default": "descending"}),
    "detailed",
    own("merge_with", _TEXT, description="<board>[/<scope>]|<cycle>[|<timestamp>], several separated by commas."),
    *PAGED,
)
_TREND = (
    _FOR,
    own("start", of("Instant"), description="The day of the first cycle; ten cycles back if missing."),
    own("end", of("Instant"), description="The day of the last cycle; today if missing."),
    "entity_id",
    "scope_id",
    "team_instance_id",
)
_MEMBER = own("item", _TEXT, description="Name of an item or state.")
_ALBUM = own("album", {"enum": ["own", "playlyfe"], "default": "own"})
_KIND = own("type", {"enum": list(KINDS.values())})
_FIELDS = own("fields", {**_TEXT, "default": "id,name"}, description="Dotted paths, separated by commas.")
_TAGS = own("tags", _TEXT, description="Separated by commas; what has one of them.")
_STATES = own("state", {**_TEXT, "default": "ACTIVE"}, description="Some of ACTIVE, COMPLETED, separated by commas.")

RUNTIME = (
    Operation("GET", "/runtime/player", "The player's profile.", of("Profile"), ("detailed",)),
    Operation("PATCH", "/runtime/player", "Change name or address.", of("Profile"), body="PlayerChange"),
    Operation("GET", "/runtime/players", "Players, the oldest first.", page("ListedPlayer"), PAGED),
    Operation("GET", "/runtime/players/:id", "Any player, without the address.", of("Profile"), ("detailed",)),
    Operation("GET", "/runtime/actions", "What the player can do.", many("Action")),
    Operation("POST", "/runtime/actions/:id/play", "Play an action.", of("Played"), PLAY, "PlayBody"),
    Operation("GET", "/runtime/definitions/metrics", "All metrics.", many("Metric")),
    Operation("GET", "/runtime/definitions/metrics/:id", "One metric.", of("Metric")),
    Operation("GET", "/runtime/leaderboards", "The boards that the player can see.", many("Leaderboard")),
    Operation("GET", "/runtime/leaderboards/:id", "A page of a board, or a window.", page("BoardRow"), _BOARD),
    Operation("GET", "/runtime/leaderboards/:id/trend", "From cycle to cycle.", many("TrendPoint"), _TREND),
    Operation("GET", "/runtime/player/image", "The player's image.", None, ("size",)),
    Operation("POST", "/runtime/player/image", "Upload it.", of("Image"), body="file", needs_body=True),
    Operation("GET", "/runtime/assets/game", "The image of the game.", None, ("size",)),
    Operation("GET", "/runtime/assets/players/:id", "The image of any player.", None, ("size",)),
    Operation("GET", "/runtime/assets/definitions/metrics/:id", "Of a metric.", None, ("size", _MEMBER)),
    Operation("GET", "/runtime/activity", "The player's feed.", many("Event"), WINDOW),
    Operation("GET", "/runtime/notifications", "What notified the player.", page("Event"), WINDOW),
    Operation("POST", "/runtime/notifications", "It was seen.", of("Message"), body="SeenBody", needs_body=True),
    Operation("GET", "/runtime/notifications/token", "Opens the stream.", of("StreamToken")),
)

ADMIN = (
    Operation("GET", "/admin", "The status page.", of("Status")),
    Operation("GET", "/admin/activity", "The game's feed.", many("Event"), WINDOW),
    Operation("GET", "/admin/players", "Players, the oldest first.", page("ListedPlayer"), PAGED),
    Operation("POST", "/admin/players", "A new player.", of("NewPlayer"), ("idempotency_key",), "PlayerBody", True),
    Operation("GET", "/admin/players/:id", "A player's profile.", of("Profile"), ("detailed",)),
    Operation("PATCH", "/admin/players/:id", "Change a player.", of("Profile"), body="PlayerChangeByAdmin"),
    Operation("DELETE", "/admin/players/:id", "Erase a player.", of("Message")),
    Operation("GET", "/admin/players/:id/activity", "A player's feed.", many("Event"), WINDOW),
    Operation("GET", "/admin/players/:id/streak", "Days, weeks or months in a row.", of("Streak"), _STREAK),
    Operation("PATCH", "/admin/players/:id/scores", "Edit scores.", of("Profile"), KEY, "ScoresBody", True),
    Operation("POST", "/admin/players/:id/revert", "Take events back.", of("Profile"), KEY, "RevertBody", True),
    Operation("POST", "/admin/players/:id/reset", "Begin anew.", of("Profile"), KEY, "EmptyBody"),
    Operation("PUT", "/admin/players/:id/reset", "Begin anew.", of("Profile"), KEY, "EmptyBody"),
    Operation("POST", "/admin/rules/:id", "Run a rule.", of("RuleRun"), ("idempotency_key",), "RuleBody", True),
    Operation("POST", "/admin/leaderboards/:id/:scope", "Nothing to do.", of("Message"), body="EmptyBody"),
    Operation("GET", "/admin/requests", "All pending requests.", page("Event"), PAGED),
    Operation("GET", "/admin/invites", "All pending invitations.", page("Event"), PAGED),
)

DESIGN = (
    Operation("GET", "/design/versions/:version/bootstrap", "What new players get.", of("DesignBootstrap")),
    Operation(
        "PUT", "/design/versions/:version/bootstrap", "Replace it.", of("DesignBootstrap"), body="DesignBootstrapBody"
    ),
    Operation("POST", "/design/versions/:version/simulate", "In force in staging.", of("Activated"), body="EmptyBody"),
    Operation("POST", "/design/versions/:version/deploy", "Put it in force.", of("Activated"), body="EmptyBody"),
    Operation("GET", "/design/images", "Images that components may name.", many("Image"), (_ALBUM,)),
    Operation("POST", "/design/images", "Upload one.", of("Image"), body="file", needs_body=True),
    Operation("GET", "/design/images/:id", "One of them.", None, ("size",)),
    Operation("GET", "/design/issues", "What stands in the way.", many("Issue"), (_KIND,)),
    Operation("GET", "/design/issues/:id", "One issue.", of("Issue")),
    Operation("POST", "/design/issues/:id", "Resolve it.", of("Issue"), (), "IssueBody", True),
)

GROUPS = (
    Operation("POST", "/runtime/play", "Play an escalated trigger.", of("Triggered"), PLAY[1:], "EscalatedBody", True),
    Operation("GET", "/runtime/invites", "Pending invitations.", page("Event"), PAGED),
    Operation("POST", "/runtime/invites/:id", "Accept one.", of("Event"), body="EmptyBody"),
    Operation("DELETE", "/runtime/invites/:id", "Decline it.", of("Event")),
    Operation("GET", "/runtime/requests", "The player's pending requests.", page("Event"), PAGED),
    Operation("GET", "/runtime/approvals", "The same.", page("Event"), PAGED),
)


def operations() -> Iterator[Operation]:
    """All of version 2 that need a token."""
    yield from RUNTIME
    yield from ADMIN
    yield from DESIGN
    for plural, kind in KINDS.items():
        yield from _of_components(plural, kind)
    yield from GROUPS
    for plural in ("teams", "processes"):
        yield from _of_players(plural)
        yield from _of_everybody(f"/runtime/{plural}", plural)
        yield from _of_everybody(f"/admin/{plural}", plural)


def _of_components(plural: str, kind: str) -> Iterator[Operation]:
    root, schema = f"/design/versions/:version/{plural}", f"Design{kind.capitalize()}"
    yield Operation("GET", root, f"All {plural}.", many(f"{schema}Parts"), ("source", _FIELDS, _TAGS))
    yield Operation("POST", root, f"A new {kind}.", of(schema), (), f"{schema}Body", True)
    yield Operation("GET", f"{root}/:id", f"A {kind}.", of(schema), ("source",))
    yield Operation("PATCH", f"{root}/:id", f"Change some keys of a {kind}.", of(schema), body=f"{schema}Change")
    yield Operation("DELETE", f"{root}/:id", f"Remove a {kind}.", of("Message"))


def _of_everybody(root: str, plural: str) -> Iterator[Operation]:
    """What players and admins can do with teams or processes alike."""
    one, again, kind = f"{root}/:id", ("idempotency_key",), KINDS[plural].capitalize()
    listed = page("Team" if plural == "teams" else "ListedProcess")
    yield Operation("GET", root, f"All {plural}.", listed, (*PAGED, *[_STATES] * (plural == "processes")))
    yield Operation("POST", root, "Begin one.", of(kind), again, f"{kind}Body", True)
    yield Operation("GET", one, "One of them.", of(kind))
    yield Operation("PATCH", one, "Change name or access.", of(kind), body="GroupChange")
    yield Operation("DELETE", one, "Delete it.", of("Message"))
    yield Operation("GET", f"{one}/members", "Its members.", page("PlayerReference"), PAGED)
    yield Operation("GET", f"{one}/activity", "Its feed.", many("Event"), WINDOW)
    joined = {"anyOf": [of(kind), of("Event")]}
    yield Operation("POST", f"{one}/join", "Join, or ask to.", joined, body="MembershipBody")
    yield Operation("POST", f"{one}/leave", "Leave.", of("Message"), body="MembershipBody")
    yield Operation("POST", f"{one}/kick", "Remove a member.", of("Message"), (), "MembershipBody", True)
    yield Operation("POST", f"{one}/roles", "Change roles.", joined, (), "MembershipBody", True)
    yield Operation("POST", f"{one}/invites", "Invite a player.", of("Event"), (), "MembershipBody", True)


def _of_players(plural: str) -> Iterator[Operation]:
    """What players alone can do."""
    one, kind = f"/runtime/{plural}/:id", KINDS[plural].capitalize()
    yield Operation("GET", f"/runtime/definitions/{plural}", "What the player may begin.", many("GroupDefinition"))
    for name in ("approvals", "requests"):
        yield Operation("GET", f"{one}/{name}", "Pending requests.", page("Event"), PAGED)
    yield Operation("POST", f"{one}/approvals/:request_id", "Accept a request.", of("Event"), body="EmptyBody")
    yield Operation("DELETE", f"{one}/approvals/:request_id", "Decline it.", of("Event"))
    yield Operation("DELETE", f"{one}/invites/:invite_id", "Cancel an invitation.", of("Event"))
    yield Operation("POST", f"{one}/transfer", "Give it away.", of(kind), (), "MembershipBody", True)
    if plural == "teams":
        yield Operation("PUT", f"{one}/lock", "Lock it.", of(kind), body="EmptyBody")
        yield Operation("DELETE", f"{one}/lock", "Unlock it.", of(kind))
        return
    yield Operation("GET", f"{one}/performers", "Who performs.", page("PlayerReference"), PAGED)
    yield Operation("GET", f"{one}/triggers", "What can be done.", many("Trigger"))
    yield Operation("POST", f"{one}/play", "Play a trigger.", of("Triggered"), PLAY[1:], "TriggerBody", True)
