"""A whole game as JSON lines: designs, players and the event log, to be stored elsewhere or as another game
(``engine.md`` §17.9). Lines are written and read one after the other, so that memory does not grow with the game.

The log is enough: scores, counts, feeds and boards are made anew from it (``history.replay``). Left out are pictures,
clients with their tokens, and the key of the dice: what was rolled is in the log.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from django_playlyfe.engine import history
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import sha256
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid
from django_playlyfe.engine.ledger import event_ids
from django_playlyfe.engine.models import Call, DesignVersion, Environment, Game, Player
from django_playlyfe.engine.realm import Realm, find_game
from django_playlyfe.engine.refusals import invalid

FORMAT = "playlyfe-game"
"""The first line names it, with the number of its version."""
_NUMBER = 1
_CHUNK = 500
"""Rows in memory at a time."""
_PLAYER_FIELDS = ("player_id", "alias", "email", "enabled", "timezone", "creation_key")
_CALL_FIELDS = (
    "environment",
    "kind",
    "action",
    "idempotency_key",
    "backdated",
    "dice",
    "status",
    "events",
    "writes",
    "guards",
)

Line = dict[str, Any]
Row = TypeVar("Row", bound=Model)
T = TypeVar("T")


def write_game(realm: Realm) -> Iterator[str]:
    """The game, both environments, line by line. Write it while nobody plays, or in one transaction that sees one
    state.

    Raises:
        ConfigurationError: there is no such game.
    """
    game = find_game(realm)
    game.refresh_from_db()
    versions = {version.pk: version for version in game.versions.order_by("number")}
    in_force = {
        name: versions[key].number for name in Environment.values if (key := getattr(game, f"{name}_id")) is not None
    }
    yield _line(
        format=FORMAT, number=_NUMBER, game=game.game_id, title=game.title, document=game.document, in_force=in_force
    )
    for version in versions.values():
        yield _line(version=version.number, document=version.document)
    for player in _each(Player.objects.filter(game=game)):
        fields = {name: getattr(player, name) for name in _PLAYER_FIELDS}
        yield _line(player=fields, environment=player.environment, created_at=player.created_at.isoformat())
    for calls in _chunks(_each(Call.objects.filter(game=game).select_related("player"))):
        entities = _public_ids({credit[2] for call in calls for credit in call.credits})
        for call in calls:
            yield _call_line(call, versions, entities)


def read_game(lines: Iterable[str], *, game_id: str = "") -> str:
    """Store a game that :func:`write_game` has written. All of it, or nothing.

    Args:
        lines: its lines.
        game_id: store it as this game; "" = the id that it had. There must be no game of this id yet. A copy beside the
            original is possible: ids of its events are others, made from the old ones.

    Returns:
        The id of the game.

    Raises:
        InvalidRequest: these are no lines of a game.
        DesignInvalid: one of its designs has errors.
        DesignConflict: there is a game of this id.
    """
    parsed = _parsed(lines)
    head = next(parsed, {})
    if head.get("format") != FORMAT or head.get("number") != _NUMBER:
        raise invalid("/format", f"should be a file of the format {FORMAT} {_NUMBER}", found=head.get("format"))
    name = game_id or str(head["game"])
    with transactions.atomic():
        _Reading(name, head).read(parsed)
        for environment in Environment.values:
            for _ in history.replay(Realm(name, environment)):
                pass
    return name


def clone_game(realm: Realm, game_id: str) -> str:
    """Store a game once more under another id, in this database. Errors as :func:`read_game`."""
    with transactions.atomic():
        return read_game(write_game(realm), game_id=game_id)


# --- writing ----------------------------------------------------------------------------------------------------------


def _line(**content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def _call_line(call: Call, versions: Mapping[int, DesignVersion], entities: Mapping[int, str]) -> str:
    credited = [[*credit[:2], entities[credit[2]], *credit[3:]] for credit in call.credits if credit[2] in entities]
    fields = {name: getattr(call, name) for name in _CALL_FIELDS}
    return _line(
        call=fields,
        player=call.player.player_id if call.player is not None else None,
        version=versions[call.version_id].number,
        at=call.at.isoformat(),
        recorded_at=call.recorded_at.isoformat(),
        local_date=call.local_date.isoformat(),
        inputs={key: value for key, value in call.inputs.items() if key != "undone"},  # a primary key of this database
        credits=credited,
        seed=str(call.seed),
    )


def _public_ids(keys: set[int]) -> dict[int, str]:
    """Primary key -> public id; erased players are left out."""
    players = Player.objects.using(transactions.write_alias())
    return dict(players.filter(pk__in=keys).values_list("pk", "player_id")) if keys else {}


def _each(rows: QuerySet[Row]) -> Iterator[Row]:
    return rows.using(transactions.write_alias()).order_by("pk").iterator(chunk_size=_CHUNK)


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


# --- reading ----------------------------------------------------------------------------------------------------------


def _parsed(lines: Iterable[str]) -> Iterator[Line]:
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise invalid(f"/{number}", "should be a JSON object in one line")
        yield line


class _Reading:
    """A game while it is being stored."""

    def __init__(self, game_id: str, head: Line) -> None:
        games = Game.objects.using(transactions.write_alias())
        if games.filter(game_id=game_id).exists():
            raise DesignConflict(f"There is a game '{game_id}' already: read this one as another game")
        self._game = games.create(game_id=game_id, title=head["title"], document=self._named(head["document"], game_id))
        self._in_force: Mapping[str, int] = head["in_force"]
        self._versions: dict[int, DesignVersion] = {}
        self._is_copy = game_id != head["game"]

    def read(self, lines: Iterator[Line]) -> None:
        """The lines after the first."""
        for chunk in _chunks(lines):
            for line in chunk:
                if "call" not in line and "document" in line:
                    self._add_version(line)
            self._add_players([line for line in chunk if isinstance(line.get("player"), dict)])
            self._add_calls([line for line in chunk if "call" in line])
        for environment, number in self._in_force.items():
            setattr(self._game, environment, self._versions[number])
        self._game.activated_sha256 = sha256(self._game.document)
        self._game.save()

    @staticmethod
    def _named(document: Mapping[str, Any], game_id: str) -> dict[str, Any]:
        """A design under the id of the game that it is stored as."""
        return {**document, "game": {**document["game"], "id": game_id}} if document else {}

    def _add_version(self, line: Line) -> None:
        document = self._named(line["document"], self._game.game_id)
        report = check(document)
        if not report.valid:
            raise DesignInvalid(report=report)
        versions = DesignVersion.objects.using(transactions.write_alias())
        self._versions[line["version"]] = versions.create(
            game=self._game, number=line["version"], document=document, sha256=sha256(document)
        )

    def _add_players(self, lines: list[Line]) -> None:
        Player.objects.using(transactions.write_alias()).bulk_create(
            Player(
                game=self._game,
                environment=line["environment"],
                created_at=datetime.fromisoformat(line["created_at"]),
                **{name: line["player"][name] for name in _PLAYER_FIELDS},
            )
            for line in lines
        )

    def _add_calls(self, lines: list[Line]) -> None:
        if not lines:
            return
        named = {line["player"] for line in lines} | {credit[2] for line in lines for credit in line["credits"]}
        players = Player.objects.using(transactions.write_alias()).filter(game=self._game, player_id__in=named - {None})
        keys = {
            (environment, name): key for key, environment, name in players.values_list("pk", "environment", "player_id")
        }
        Call.objects.using(transactions.write_alias()).bulk_create([self._call(line, keys) for line in lines])

    def _call(self, line: Line, keys: Mapping[tuple[str, str], int]) -> Call:
        fields, environment = line["call"], line["call"]["environment"]
        credited = [[*credit[:2], keys[environment, credit[2]], *credit[3:]] for credit in line["credits"]]
        given = dict(line["inputs"])
        if "event_ids" in given:
            given["event_ids"] = [self._event(text) for text in given["event_ids"]]
        return Call(
            game=self._game,
            player_id=None if line["player"] is None else keys[environment, line["player"]],
            version=self._versions[line["version"]],
            at=datetime.fromisoformat(line["at"]),
            recorded_at=datetime.fromisoformat(line["recorded_at"]),
            local_date=line["local_date"],
            inputs=given,
            credits=credited,
            seed=self._seed(uuid.UUID(line["seed"])),
            **{name: fields[name] for name in _CALL_FIELDS},
        )

    def _seed(self, seed: uuid.UUID) -> uuid.UUID:
        """The id of a call's first event: its own, or for a copy one of the same instant made from it."""
        if not self._is_copy:
            return seed
        bits = int.from_bytes(hashlib.sha256(f"{self._game.game_id}\0{seed}".encode()).digest()[:8], "big")
        return event_ids.again(seed, bits)

    def _event(self, text: str) -> str:
        event = uuid.UUID(text)
        return str(event_ids.nth_id(self._seed(event_ids.first_of(event)), event_ids.tick_of(event)))
