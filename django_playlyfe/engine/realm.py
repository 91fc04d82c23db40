"""Which game, in which environment: the first argument of every service and selector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from django_playlyfe.engine.database import statements, transactions
from django_playlyfe.engine.models import DesignVersion, Environment, Game, Player
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.wire import make_error

_PLAYER_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}")
_LOAD_COMMAND = "manage.py playlyfe_engine_load starter"
_GAME = "game"
_ENVIRONMENTS = frozenset(Environment.values)
_Row = TypeVar("_Row", bound=Model)
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Realm:
    """A game in one environment.

    Attributes:
        game: the game's id; "" = the only game of this database.
        environment: "production" or "staging".
    """

    game: str = ""
    environment: str = "production"

    def __post_init__(self) -> None:
        object.__setattr__(self, "game", self.game or "")
        if self.environment not in _ENVIRONMENTS:
            raise ConfigurationError(
                f"There is no environment {self.environment!r}; write 'production' or 'staging' "
                'in OPTIONS["ENVIRONMENT"].'
            )

    @classmethod
    def only(cls, environment: str = "production") -> Realm:
        """The only game of this database. Using it raises ConfigurationError if there are several."""
        return cls("", environment)

    def __str__(self) -> str:
        return f"{self.game or 'the only game'} ({self.environment})"

    def once(self, what: str, find: Callable[[], _Found]) -> _Found:
        """What is found in this realm; looked for anew each time."""
        return find()


@dataclass(frozen=True)
class Visit(Realm):
    """A realm while somebody reads and nobody writes, such as for one page: the game and its players are looked for
    once, and so is what is stored of a player (``Projections.of``)."""

    _found: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, what: str, find: Callable[[], _Found]) -> _Found:
        """What is found in this realm, looked for once."""
        if what not in self._found:
            self._found[what] = find()
        found: _Found = self._found[what]
        return found


def find_game(realm: Realm) -> Game:
    """The game with its version in force, documents left out. One query.

    Raises:
        ConfigurationError: no such game, or no game is named and there is not exactly one; says what to do.
    """
    return realm.once(_GAME, lambda: _the_game(realm))


def _the_game(realm: Realm) -> Game:
    games = _with_version(Game.objects.all(), "", realm)
    found = list(games.filter(game_id=realm.game) if realm.game else games.order_by("pk")[:2])
    if len(found) != 1:
        raise _no_game(realm)
    return found[0]


def find_player(realm: Realm, player_id: str) -> Player:
    """The player with the game and its version in force, documents left out. One query.

    Raises:
        PlayerNotFound: no player has this id.
        InvalidRequest: it cannot be a player id (``http-api.md`` §4.2).
        ConfigurationError: as :func:`find_game`.
    """
    player = realm.once(f"player {player_id}", lambda: _the_player(realm, player_id, _players(realm)))
    realm.once(_GAME, lambda: player.game)
    return player


def lock_player(realm: Realm, player_id: str) -> Player:
    """As :func:`find_player`, and the player's row is locked until the transaction ends. One query; two on MariaDB,
    which cannot lock one table of a join."""
    if transactions.can_lock_joined():
        return _lock_quickly(realm, check_player_id(player_id))
    game = find_game(realm)
    rows = transactions.locked(Player.objects.filter(game_id=game.pk, environment=realm.environment))
    player = _the_player(realm, player_id, rows)
    player.game = game
    return player


def lock_players(realm: Realm, player_ids: Iterable[str]) -> dict[str, Player]:
    """Those of these players that there are, by id, locked until the transaction ends, always in the same order: two
    calls that lock several players never wait for each other in a circle. Two queries.

    Raises:
        ConfigurationError: as :func:`find_game`.
    """
    game = find_game(realm)
    players = Player.objects.filter(game_id=game.pk, environment=realm.environment, player_id__in=set(player_ids))
    found = {player.player_id: player for player in transactions.locked(players.order_by("pk"))}
    for player in found.values():
        player.game = game
    return found


def player_keys(realm: Realm, player_ids: Iterable[str]) -> dict[str, int]:
    """The primary keys of those of these players that there are, by id. Two queries. Raises ConfigurationError."""
    players = Player.objects.using(transactions.write_alias()).filter(game=find_game(realm))
    found = players.filter(environment=realm.environment, player_id__in=set(player_ids))
    return dict(found.values_list("player_id", "pk"))


def version_in_force(game: Game, realm: Realm) -> DesignVersion:
    """The version that judges plays now.

    Raises:
        ConfigurationError: no design was activated in this environment; names the command to run.
    """
    version: DesignVersion | None = getattr(game, realm.environment)
    if version is None:
        raise ConfigurationError(
            f"The game '{game.game_id}' has no active design in {realm.environment}. Run `{_load_command(realm)}`, "
            "or name your own design file."
        )
    return version


def check_player_id(player_id: object, path: str = "/player_id") -> str:
    """The id itself. Raises InvalidRequest if it cannot be one (``http-api.md`` §4.2); ``path`` says where it stood."""
    if not isinstance(player_id, str):
        raise invalid(path, "should be text, the id of a player", code="INVALID_TYPE", found=player_id)
    if not _PLAYER_ID.fullmatch(player_id):
        raise invalid(
            path,
            "should have 1 to 128 letters, digits, '_', '.', '@', '+' or '-', the first a letter, digit or '_'",
            code="PATTERN",
            found=player_id,
        )
    return player_id


def _players(realm: Realm) -> QuerySet[Player]:
    players = _with_version(Player.objects.select_related("game"), "game__", realm)
    players = players.filter(environment=realm.environment)
    if realm.game:
        return players.filter(game__game_id=realm.game)
    return players.annotate(other_games=Exists(Game.objects.exclude(pk=OuterRef("game_id"))))


def _with_version(rows: QuerySet[_Row], prefix: str, realm: Realm) -> QuerySet[_Row]:
    """Join the version in force, without the designs themselves: they may be large, and plans are cached."""
    version = f"{prefix}{realm.environment}"
    return rows.select_related(version).defer(f"{prefix}document", f"{version}__document")


_OF_PLAYER = [field.attname for field in Player._meta.concrete_fields]
_OF_GAME = [field.attname for field in Game._meta.concrete_fields if field.name != "document"]
_OF_VERSION = [field.attname for field in DesignVersion._meta.concrete_fields if field.name != "document"]


@lru_cache(maxsize=4)
def _locking(environment: str, named: bool) -> statements.Reading:
    """The columns of a player, the game and its version, of an environment; whether the game is named. Values: the
    player's id, then the game's."""
    columns = [
        *_OF_PLAYER,
        *(f"game__{name}" for name in _OF_GAME),
        *(f"game__{environment}__{name}" for name in _OF_VERSION),
    ]

    def compose(player_id: str, game_id: str = "") -> QuerySet[Player, tuple[Any, ...]]:
        players = Player.objects.filter(environment=environment, player_id=player_id)
        if named:
            return players.filter(game__game_id=game_id).values_list(*columns)[:1]
        other_games = Exists(Game.objects.exclude(pk=OuterRef("game_id")))
        return players.annotate(other_games=other_games).values_list(*columns, "other_games")[:1]

    return statements.Reading(compose, *([str, str] if named else [str]), locking=Player)


def _lock_quickly(realm: Realm, player_id: str) -> Player:
    """:func:`lock_player`, without a query set for each play: that took longer than all the rules."""
    alias = transactions.write_alias()
    values = (player_id, realm.game) if realm.game else (player_id,)
    (found,) = statements.read(alias, (_locking(realm.environment, bool(realm.game)), values))
    if not found:
        find_game(realm)
        raise make_error("player_not_found")
    row, game_at, version_at = found[0], len(_OF_PLAYER), len(_OF_PLAYER) + len(_OF_GAME)
    if not realm.game and row[-1]:
        raise _no_game(realm)
    player = Player.from_db(alias, _OF_PLAYER, row[:game_at])
    player.game = Game.from_db(alias, _OF_GAME, row[game_at:version_at])
    version = row[version_at : version_at + len(_OF_VERSION)]
    setattr(
        player.game,
        realm.environment,
        None if version[0] is None else DesignVersion.from_db(alias, _OF_VERSION, version),
    )
    return player


def _the_player(realm: Realm, player_id: str, players: QuerySet[Player]) -> Player:
    player = players.filter(player_id=check_player_id(player_id)).first()
    if player is None:
        find_game(realm)
        raise make_error("player_not_found")
    if getattr(player, "other_games", False):
        raise _no_game(realm)
    return player


def _no_game(realm: Realm) -> ConfigurationError:
    if realm.game:
        return ConfigurationError(
            f"There is no game '{realm.game}'. Run `{_load_command(realm)}`, or name another one in OPTIONS[\"GAME\"]."
        )
    ids = list(Game.objects.order_by("pk").values_list("game_id", flat=True)[:5])
    if not ids:
        return ConfigurationError(f"There is no game yet. Run `{_load_command(realm)}`, or name your own design file.")
    return ConfigurationError(
        f"There are several games ({', '.join(ids)}). Say which one: "
        f'PLAYLYFE = {{"default": {{…, "OPTIONS": {{"GAME": "{ids[0]}"}}}}}}.'
    )


def _load_command(realm: Realm) -> str:
    parts = [_LOAD_COMMAND]
    if realm.game:
        parts.append(f"--game {realm.game}")
    if realm.environment != Environment.PRODUCTION:
        parts.append(f"--environment {realm.environment}")
    return " ".join(parts)
