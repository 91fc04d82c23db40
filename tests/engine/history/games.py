"""Games at random, played through the tables by two players who credit each other, with plays taken back."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import time_machine

from django_playlyfe.engine import services
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import PlaylyfeError
from tests.reference.games import Played, game

from ..conftest import board

REALM = Realm("random")
PLAYERS = ("ada", "bob")
CYCLES = ["alltime", "yearly", "monthly", "weekly", "daily"]
BOARDS = [
    board("top", "xp", cycles=CYCLES),
    board("thirds", "third", metric={"id": "third", "type": "compound"}, cycles=["weekly"]),
    board("genre", "coins", scope={"type": "custom"}, cycles=["alltime", "daily"]),
]


def dice_of_the_instant(dice: KeyedDice, key: str) -> float:
    """Chance that is the same for calls of the same millisecond, whoever's game it is."""
    digest = hashlib.sha256(f"{dice.seed.time // 10_000}:{key}".encode()).digest()
    return digest[0] / 256


def play(seed: int, size: int = 3) -> Played:
    """Play the game of this number. Dice must be those of the instant, if it is to be the same game everywhere."""
    played = game(seed, size)
    start = played.instants[0]
    with time_machine.travel(start, tick=False):
        activate(REALM, {**played.design, "leaderboards": BOARDS})
        for player_id in PLAYERS:
            services.create_player(REALM, player_id)
    for number, (step, at) in enumerate(zip(played.history, played.instants, strict=True)):
        with time_machine.travel(at + timedelta(milliseconds=number), tick=False):
            _step(number, PLAYERS[(seed + number) % 2], step.name, step.variables, step.count)
    return played


def _step(number: int, player_id: str, action: str, variables: dict[str, Any], count: int) -> None:
    scopes = [{"id": "history", "entity_id": name} for name in PLAYERS[: number % 3]]
    try:
        services.play(
            REALM, player_id, action, variables, count=count, scopes=scopes, idempotency_key=f"{action}{number}"
        )
        if number % 5 == 4:
            services.undo(REALM, player_id, action, f"{action}{number}")
        elif number % 5 == 3:
            services.undo(REALM, player_id, action, f"{action}{number - 2}")
    except PlaylyfeError:
        pass  # a refused play, or nothing to undo: the same one everywhere
