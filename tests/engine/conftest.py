"""A game of the engine: the library quest of ``engine.md`` §16, and small designs made to measure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate

NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
DESIGNS = Path(__file__).resolve().parent.parent / "designs"
LIBRARY_QUEST: dict[str, Any] = json.loads((DESIGNS / "library_quest.json").read_text(encoding="utf-8"))


def point(metric_id: str, **constraints: str) -> dict[str, Any]:
    return {"id": metric_id, "name": metric_id.title(), "type": "point", "constraints": constraints}


def reward(metric_id: str, value: str, verb: str = "add", **more: Any) -> dict[str, Any]:
    return {"metric": {"id": metric_id, "type": "point"}, "verb": verb, "value": value, **more}


def action(action_id: str, *rewards: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": action_id,
        "name": action_id.title(),
        "requires": {},
        "variables": [],
        "rules": [{"requires": {}, "rewards": list(rewards)}],
        **more,
    }


def board(board_id: str, metric_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": board_id,
        "name": board_id.title(),
        "entity_type": "players",
        "metric": {"id": metric_id, "type": "point"},
        "scope": {"type": "game"},
        "cycles": ["alltime"],
        **more,
    }


def design(**parts: Any) -> dict[str, Any]:
    """A small valid design: a metric ``xp``, an action ``read`` that adds 10, a board; ``parts`` replace its keys."""
    return {
        "game": {"id": "small", "title": "Small"},
        "metrics": [point("xp")],
        "actions": [action("read", reward("xp", "10"))],
        "leaderboards": [board("top", "xp")],
        **deepcopy(parts),
    }


@pytest.fixture
def small(db: None) -> Realm:
    """The small design, in force."""
    realm = Realm("small")
    activate(realm, design())
    return realm


@pytest.fixture
def quest(db: None) -> Realm:
    """The library quest, in force."""
    realm = Realm("library_quest")
    activate(realm, LIBRARY_QUEST)
    return realm


@pytest.fixture
def activated(db: None) -> Callable[..., Realm]:
    """``activated(**parts)`` puts a small design made of these parts in force."""

    def put_in_force(**parts: Any) -> Realm:
        realm = Realm("small")
        activate(realm, design(**parts))
        return realm

    return put_in_force


@pytest.fixture
def ines(quest: Realm) -> str:
    """A player of the library quest."""
    services.create_player(quest, "ines", alias="Ines")
    return "ines"


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction of the caller's that ends in a rollback."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def always(number: float) -> Callable[[str], float]:
    """Dice that show one number."""
    return lambda key: number
