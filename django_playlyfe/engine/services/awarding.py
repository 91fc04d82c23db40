"""Retroactive award: giving what players are owed for what they did before a rule existed (``engine.md`` §17.6)."""

from __future__ import annotations

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.history import players
from django_playlyfe.engine.history.owed import look_back
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.models import Call
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import awarding
from django_playlyfe.engine.services.recording import Scene
from django_playlyfe.exceptions import PlayerNotFound


def award(realm: Realm, player_id: str) -> Recorded | None:
    """Give a player the levels and achievements of the design in force that are owed
    (:func:`~django_playlyfe.engine.history.owed.owed` is the preview). Safe to repeat: the second time nothing is owed.

    Returns:
        The recorded call, one for all that was owed; its events are marked with ``"retroactive": true``. None if
        nothing was.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as for a play.
    """
    with transactions.atomic():
        scene = Scene.enter(realm, player_id)
        earned, _ = look_back(scene.player, scene.plan)
        outcome = awarding.award(scene.plan, scene.state, earned, scene.at)
        if not outcome.events:
            return None
        return scene.record(Call.Kind.AWARD, outcome, {"rules": earned})


def award_all(realm: Realm) -> int:
    """As :func:`award` for every player, each in a transaction of its own unless the caller has one open. Interrupted,
    what was given is whole, and calling it again goes on.

    Returns:
        How many players were owed something.
    """
    given = 0
    for batch in players.batches(realm):
        for player in batch:
            try:
                given += award(realm, player.player_id) is not None
            except PlayerNotFound:  # erased meanwhile
                continue
    return given
