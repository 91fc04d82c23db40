"""Many at once: every play counts once, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from django_playlyfe.engine import history, selectors, services
from django_playlyfe.engine.models import ActionCount, Call, DesignVersion, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import ActionLimitReached, Conflict, PlayerExists

from .conftest import action, board, design, point, reward

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
REALM = Realm("small")


def on_postgresql(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that needs row locks, and threads that see each other's commits."""
    return pytest.mark.postgresql(pytest.mark.django_db(transaction=True)(test))


def at_once(number: int, work: Callable[[int], T]) -> list[T | Exception]:
    """Run ``work(0…number-1)`` in as many threads, all let go at the same moment."""
    barrier = Barrier(number)

    def run(index: int) -> T | Exception:
        try:
            barrier.wait(timeout=30)
            return work(index)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.fixture
def ada(transactional_db: None) -> None:
    activate(REALM, design(actions=[action("read", reward("xp", "10")), action("few", rate=[3, 86_400_000, "FIXED"])]))
    services.create_player(REALM, "ada")


@on_postgresql
def test_fifty_threads_play_one_action_for_one_player(ada: None) -> None:
    answers = at_once(50, lambda index: services.play(REALM, "ada", "read"))
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert Score.objects.get().value == 500
    assert ActionCount.objects.get().count == 50
    calls = Call.objects.filter(kind=Call.Kind.PLAY).order_by("pk")
    assert [write for call in calls for write in call.writes] == [
        ["xp", "", None if index == 0 else index * 10, write[3], index * 10 + 10]
        for index, write in enumerate(call.writes[0] for call in calls)
    ]
    assert len(selectors.activity(REALM, "ada")) == 50


@on_postgresql
def test_two_plays_with_one_key_at_once_are_one_call(ada: None) -> None:
    for key in map(str, range(10)):
        first, second = at_once(2, lambda index, key=key: services.play(REALM, "ada", "read", idempotency_key=key))
        assert isinstance(first, services.Recorded)
        assert isinstance(second, services.Recorded)
        assert {first.replayed, second.replayed} == {True, False}
        assert first.events == second.events
        assert first.call_id == second.call_id
    assert Score.objects.get().value == 100


@on_postgresql
def test_two_contents_under_one_key_at_once_are_one_call_and_a_conflict(ada: None) -> None:
    answers = at_once(2, lambda index: services.play(REALM, "ada", "read", count=index + 1, idempotency_key="one"))
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Recorded"]
    assert any(isinstance(answer, Conflict) for answer in answers)


@on_postgresql
def test_two_edits_with_one_key_at_once_are_one_call(ada: None) -> None:
    rewards = [reward("xp", "7")]
    for key in map(str, range(10)):
        first, second = at_once(
            2, lambda index, key=key: services.adjust_scores(REALM, "ada", rewards, idempotency_key=key)
        )
        assert isinstance(first, services.Recorded)
        assert isinstance(second, services.Recorded)
        assert {first.replayed, second.replayed} == {True, False}
        assert first.call_id == second.call_id
    assert Score.objects.get().value == 70


@on_postgresql
def test_two_edits_of_other_content_under_one_key_at_once_are_one_call_and_a_conflict(ada: None) -> None:
    answers = at_once(
        2,
        lambda index: services.adjust_scores(REALM, "ada", [reward("xp", str(index + 1))], idempotency_key="one"),
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Recorded"]


@on_postgresql
def test_a_limit_lets_no_more_through_at_once(ada: None) -> None:
    answers = at_once(20, lambda index: services.play(REALM, "ada", "few"))
    assert sum(isinstance(answer, services.Recorded) for answer in answers) == 3
    assert sum(isinstance(answer, ActionLimitReached) for answer in answers) == 17


@on_postgresql
def test_what_is_paid_once_is_paid_once_at_once(transactional_db: None) -> None:
    pays = {"requires": {}, "rewards": [reward("xp", "10")], "once": "player"}
    best = {"requires": {}, "rewards": [reward("coins", "$vars['n']", best="player")]}
    variables = [{"name": "n", "type": "int", "required": True}]
    metrics = [point("xp"), point("coins")]
    activate(REALM, design(metrics=metrics, actions=[action("read", rules=[pays, best], variables=variables)]))
    services.create_player(REALM, "ada")
    answers = at_once(20, lambda index: services.play(REALM, "ada", "read", {"n": index}))
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert {score.metric: score.value for score in Score.objects.all()} == {"xp": 10, "coins": 19}
    assert [found for found in history.check(REALM) if found.differences] == []


@on_postgresql
def test_one_key_for_other_players_at_once_is_one_call_of_a_rule_and_a_conflict(transactional_db: None) -> None:
    gift = {"id": "gift", "name": "Gift", "type": "custom", "rules": [{"rewards": [reward("xp", "5")]}]}
    activate(REALM, design(rules=[gift]))
    names = ["ada", "bob"]
    for name in names:
        services.create_player(REALM, name)
    answers = at_once(
        2, lambda index: services.run_rule(REALM, "gift", [{"player_ids": [names[index]]}], idempotency_key="one")
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "list"]
    assert [score.value for score in Score.objects.all()] == [5]


@on_postgresql
def test_two_players_do_not_wait_for_each_other(ada: None) -> None:
    services.create_player(REALM, "bob")
    with transaction.atomic():
        services.play(REALM, "ada", "read")  # the lock on ada is held until the end of the block
        (answer,) = at_once(1, lambda index: services.play(REALM, "bob", "read"))
        assert isinstance(answer, services.Recorded)


@on_postgresql
def test_an_activation_and_plays_do_not_wait_for_each_other(ada: None) -> None:
    richer = design(actions=[action("read", reward("xp", "11"))])
    with transaction.atomic():
        activate(REALM, richer)
        (answer,) = at_once(1, lambda index: services.play(REALM, "ada", "read"))
        assert isinstance(answer, services.Recorded)
    services.play(REALM, "ada", "read")
    assert Score.objects.get().value == 21


@on_postgresql
def test_one_id_created_twice_at_once_is_one_player(ada: None) -> None:
    answers = at_once(10, lambda index: services.create_player(REALM, "eve"))
    assert sum(isinstance(answer, dict) for answer in answers) == 1
    assert sum(isinstance(answer, PlayerExists) for answer in answers) == 9


@on_postgresql
def test_activations_at_once_get_numbers_of_their_own(ada: None) -> None:
    def load(index: int) -> DesignVersion:
        return activate(REALM, design(metrics=[point("xp"), point(f"m{index}")], leaderboards=[board("top", "xp")]))

    answers = at_once(5, load)
    assert sorted(answer.number for answer in answers if isinstance(answer, DesignVersion)) == [2, 3, 4, 5, 6]


@on_postgresql
def test_undo_and_plays_at_once_agree(ada: None) -> None:
    for key in map(str, range(10)):
        services.play(REALM, "ada", "read", idempotency_key=key)

    def undo_or_play(index: int) -> Any:
        if index % 2:
            return services.play(REALM, "ada", "read")
        return services.undo(REALM, "ada", "read", str(index // 2))

    answers = at_once(20, undo_or_play)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert Score.objects.get().value == 100
    assert ActionCount.objects.get().count == 10
    assert differences() == []


@on_postgresql
def test_a_check_beside_plays_and_repairs_finds_nothing(ada: None) -> None:
    """Whoever plays between two reads of a check is looked at again, at rest."""

    def check_or_write(index: int) -> Any:
        if index % 4 == 0:
            return differences()
        if index % 4 == 1:
            return list(history.replay(REALM, batch_size=1))
        return [services.play(REALM, "ada", "read") for _ in range(5)]

    answers = at_once(16, check_or_write)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert [found for found in answers[::4] if found] == []
    assert Score.objects.get().value == 8 * 5 * 10
    assert differences() == []


def differences() -> list[str]:
    return [str(difference) for checked in history.check(REALM) for difference in checked.differences]


# --- SQLite -----------------------------------------------------------------------------------------------------------

PLAY = """
import sys
import django
django.setup()
from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
for number in range(int(sys.argv[1])):
    services.play(Realm("small"), "ada", "read", idempotency_key=f"shared:{number % 5}" if number < 5 else None)
"""
PREPARE = """
import json
import sys
import django
django.setup()
from django.core.management import call_command
from django_playlyfe.engine import services
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.engine.realm import Realm
call_command("migrate", verbosity=0)
activate(Realm("small"), json.loads(sys.argv[1]))
services.create_player(Realm("small"), "ada")
"""
COUNT = """
import django
django.setup()
from django_playlyfe.engine.models import ActionCount, Call, Score
print(Score.objects.get().value, ActionCount.objects.get().count, Call.objects.filter(kind="play").count())
"""


def test_four_processes_on_sqlite_lose_no_update(tmp_path: Path) -> None:
    """With the options that the README documents and the test project uses."""
    import json

    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "testproject.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'game.sqlite3'}",
    }

    def python(script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", "-c", script, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(process: subprocess.Popen[str]) -> str:
        said, complained = process.communicate(timeout=120)
        assert process.returncode == 0, complained
        return said

    finish(python(PREPARE, json.dumps(design())))
    for process in [python(PLAY, "30") for _ in range(4)]:
        finish(process)
    # Five plays with a shared key count once, the other 25 of each process every time.
    plays = 5 + 4 * 25
    assert finish(python(COUNT)).split() == [str(plays * 10), str(plays), str(plays)]
