"""Dice are a keyed function of the call: random for players, replayable for auditors."""

from __future__ import annotations

import uuid

from django_playlyfe.engine.calls.dice import KeyedDice, RecordedDice

SEED = uuid.UUID("e4716000-dae7-11ee-923a-5bd1e20c47f9")


def test_the_same_call_rolls_the_same() -> None:
    assert KeyedDice("secret", SEED)("0.1") == KeyedDice("secret", SEED)("0.1")


def test_game_call_and_roll_each_matter() -> None:
    other = uuid.UUID(int=SEED.int + 1)
    rolls = [KeyedDice("secret", SEED)("0.1"), KeyedDice("other", SEED)("0.1"), KeyedDice("secret", other)("0.1")]
    assert len({*rolls, KeyedDice("secret", SEED)("0.2")}) == 4


def test_numbers_are_spread_over_zero_to_one() -> None:
    rolls = [KeyedDice("secret", SEED)(str(key)) for key in range(5000)]
    assert all(0 <= roll < 1 for roll in rolls)
    assert 0.48 < sum(rolls) / len(rolls) < 0.52


def test_the_secret_is_not_shown() -> None:
    assert "hush" not in repr(KeyedDice("hush", SEED))


def test_recorded_rolls_come_first() -> None:
    dice = RecordedDice({"action": 0.25}, otherwise=lambda key: 0.75)
    assert dice("action") == 0.25
    assert dice("0.0") == 0.75
