"""Players come, change and go (``http-api.md`` §7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from django_playlyfe import instants
from django_playlyfe.engine import conf
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import sha256
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, DesignVersion, Game, Player
from django_playlyfe.engine.realm import Realm, check_player_id, find_game, lock_player, version_in_force
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.selectors.players import profile
from django_playlyfe.exceptions import PlayerExists
from django_playlyfe.wire import make_error, write_instant


@dataclass(frozen=True)
class Created:
    """What came of :func:`create_player_once`.

    Attributes:
        body: the answer of ``POST /admin/players``; of a repeat the player as it is now.
        replayed: the key was used before; nothing was recorded now.
    """

    body: dict[str, Any]
    replayed: bool


def create_player_once(
    realm: Realm, player_id: str, *, idempotency_key: str, alias: str | None = None, email: str | None = None
) -> Created:
    """As :func:`create_player`, and a repeat with the same key and content creates nothing (``http-api.md`` §12).

    Raises:
        Conflict: the key was used for another player or other content (``idempotency_key_reused``).
        PlayerExists, InvalidRequest, QuotaExceeded, ConfigurationError: as for :func:`create_player`.
    """
    key = inputs.read_key(idempotency_key)
    content = _content(player_id, alias, email)
    with transactions.atomic():
        earlier = _created_with(realm, key)
        if earlier is None:
            try:
                return Created(create_player(realm, player_id, alias=alias, email=email, idempotency_key=key), False)
            except PlayerExists:
                earlier = _created_with(realm, key)  # by the same call, sent twice at once
                if earlier is None:
                    raise
        if _was_asked(earlier, content):
            return Created(_created_body(earlier), True)
        raise make_error("idempotency_key_reused", f"The key '{key}' was used for another creation")


def create_player(
    realm: Realm,
    player_id: str,
    *,
    alias: str | None = None,
    email: str | None = None,
    at: datetime | None = None,
    idempotency_key: str | None = None,
) -> dict[str, Any]:
    """Create a player and give the bootstrap, in the caller's transaction if one is open (``engine.md`` §14.2).

    Args:
        realm: the game and environment.
        player_id: 1 to 128 characters (``http-api.md`` §4.2).
        alias: the name that others see; None or "" = the id.
        email: kept, never used by the engine.
        at: when the player joined, if that is not now.
        idempotency_key: recognised by :func:`create_player_once` from now on.

    Returns:
        The answer of ``POST /admin/players``: ``scores`` and ``teams`` are empty whatever the bootstrap gives.

    Raises:
        PlayerExists: the id is taken.
        InvalidRequest: an argument is wrong; ``data`` is the report.
        QuotaExceeded: ``PLAYLYFE_SERVER["PLAYER_LIMIT"]`` is reached (``player_limit_exceeded``).
        ConfigurationError: no such game, or it has no active design: there is nothing to join.
    """
    check_player_id(player_id)
    created = inputs.in_milliseconds(instants.now()) if at is None else inputs.read_past_instant(at, "/at")
    name, address = inputs.read_alias(alias, default=player_id), inputs.read_email(email)
    with transactions.atomic():
        game = find_game(realm)
        version = version_in_force(game, realm)
        _check_limit(game, realm)
        player = Player(
            game=game,
            environment=realm.environment,
            player_id=player_id,
            alias=name,
            email=address,
            judged_version=version,
            created_at=created,
            creation_key=idempotency_key,
        )
        _insert(player)
        asked = _content(player_id, alias, email) if idempotency_key else {}
        call = _bootstrap(player, version, asked)
        log.announce(log.recorded(realm, call, player))
    return _created_body(player)


def _created_body(player: Player) -> dict[str, Any]:
    return {
        "id": player.player_id,
        "alias": player.alias,
        "created": write_instant(player.created_at),
        "scores": [],
        "teams": [],
        "enabled": player.enabled,
        "bootstrap": True,
    }


def update_player(
    realm: Realm,
    player_id: str,
    *,
    alias: str | None = None,
    email: str | None = None,
    enabled: bool | None = None,
    timezone: str | None = None,
) -> dict[str, Any]:
    """Change what is not None. An empty alias becomes the id again, an empty address is removed, an empty time zone is
    the game's. Another zone moves no play to another day.

    Returns:
        The profile.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as for :func:`create_player`.
    """
    check_player_id(player_id)
    changes: dict[str, Any] = {}
    if alias is not None:
        changes["alias"] = inputs.read_alias(alias, default=player_id)
    if email is not None:
        changes["email"] = inputs.read_email(email)
    if enabled is not None:
        changes["enabled"] = inputs.read_boolean(enabled, "/enabled")
    if timezone is not None:
        changes["timezone"] = inputs.read_timezone(timezone)
    with transactions.atomic():
        player = lock_player(realm, player_id)
        for field, value in changes.items():
            setattr(player, field, value)
        if changes:
            player.save(update_fields=list(changes))
        return profile(realm, player_id)


def delete_player(realm: Realm, player_id: str) -> None:
    """Erase a player (``engine.md`` §17.15): the player, scores, counts and feed entries go.

    The calls stay as nameless tombstones: what they wrote remains for the sums of others, who played, with which
    variables, key or scopes does not.

    Raises:
        PlayerNotFound: no player has this id.
    """
    with transactions.atomic():
        player = lock_player(realm, player_id)
        calls = Call.objects.using(transactions.write_alias()).filter(player=player)
        calls.update(player=None, idempotency_key=None, inputs={}, events=[], guards=[])
        player.delete()


def _check_limit(game: Game, realm: Realm) -> None:
    limit = conf.server_settings().player_limit
    if limit is None:
        return
    players = Player.objects.using(transactions.write_alias())
    if players.filter(game=game, environment=realm.environment).count() >= limit:
        raise make_error("player_limit_exceeded", f"The game has reached its limit of {limit} players")


def _insert(player: Player) -> None:
    try:
        with transactions.atomic():  # a savepoint: the caller's transaction survives a taken id
            player.save(force_insert=True, using=transactions.write_alias())
    except IntegrityError:
        raise make_error("player_exists", f"A player with ID '{player.player_id}' already exists") from None


def _created_with(realm: Realm, key: str) -> Player | None:
    players = Player.objects.using(transactions.write_alias())
    player: Player | None = players.filter(
        game=find_game(realm), environment=realm.environment, creation_key=key
    ).first()
    return player


def _was_asked(player: Player, content: dict[str, Any]) -> bool:
    """Whether this is what the player was created from."""
    calls = Call.objects.using(transactions.write_alias())
    return any(log.same_content(call, content) for call in calls.filter(player=player, kind=Call.Kind.CREATE))


def _content(player_id: str, alias: str | None, email: str | None) -> dict[str, Any]:
    """What a key stands for. A hash: the log keeps no second copy of a name and an address."""
    return {"content": sha256([player_id, alias, email])}


def _bootstrap(player: Player, version: DesignVersion, asked: dict[str, Any]) -> Call:
    """Give what new players get; silent: in the log, in no feed (``engine.md`` §10.1)."""
    plan, at = plans.plan_of(version), player.created_at
    seed = log.new_seed(at)
    projections = Projections(player)
    outcome = judge.bootstrap(plan, projections.state(plan), at, KeyedDice(player.game.secret, seed))
    writes = projections.apply(outcome.writes, at)
    call = log.new_call(
        player,
        version,
        kind=Call.Kind.CREATE,
        at=at,
        zone=plan.timezone,
        seed=seed,
        inputs=asked,
        dice=dict(outcome.rolls),
        events=log.stored_events(outcome.events),
        writes=writes,
    )
    crediting.credit(player, plan, call)
    call.save(force_insert=True, using=transactions.write_alias())
    projections.save()
    return call
