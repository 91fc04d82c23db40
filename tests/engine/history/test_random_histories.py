"""Generated games: what is stored is what the log says, and it is the same on every database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import history
from django_playlyfe.engine.calls.dice import KeyedDice
from tests.examples import examples

from . import games

pytestmark = pytest.mark.django_db
GAMES = 200


@pytest.fixture(autouse=True)
def _dice_of_the_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyedDice, "__call__", games.dice_of_the_instant)


@contextmanager
def a_database_of_its_own() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_log_gives_what_is_stored(db: None, seed: int, size: int, batch_size: int) -> None:
    with a_database_of_its_own():
        games.play(seed, size)
        for checked in history.check(games.REALM, batch_size=batch_size):
            assert list(map(str, checked.differences)) == []
        before = history.state_hash(games.REALM)
        list(history.replay(games.REALM, batch_size=batch_size))
        assert history.state_hash(games.REALM, batch_size=batch_size) == before


@pytest.mark.skipif(connection.vendor == "sqlite", reason="compares the database of the run with SQLite")
def test_the_state_of_a_game_has_one_hash_on_every_database(db: None) -> None:
    elsewhere = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.history.hashes", str(GAMES)],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
    )
    here = []
    for seed in range(GAMES):
        with a_database_of_its_own():
            games.play(seed)
            here.append(history.state_hash(games.REALM))
    said, _ = elsewhere.communicate()
    assert said.split() == ["sqlite", *here]
    assert len(set(here)) > GAMES / 2  # they are not all the same game
