"""A game whose badges fall due, and calls that move nothing which the badges ask for."""

from __future__ import annotations

from typing import Any

from django_playlyfe.engine import services
from django_playlyfe.engine.models import Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.types import PlayOf
from tests.engine.conftest import action, design, point, reward

SMALL = Realm("small")
COPY = Realm("copy")
ITEMS = ("reader", "rich", "busy")
BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {"items": [{"id": item, "name": item.title(), "max": "1"} for item in ITEMS]},
}


def asks(of: str, kind: str, value: int, operator: str = "ge") -> dict[str, Any]:
    typed = {} if kind == "action" else {"type": kind}
    return {"type": "action" if kind == "action" else "metric",
            "context": {"id": of, **typed, "operator": operator, "value": str(value)}}  # fmt: skip


def badge(item: str, requires: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"metric": {"id": "badges"}, "items": [{"key": item, "value": "1"}]}
    return {"id": item, "name": item.title(), "type": "achievement", "achievement": given, "requires": requires, **more}


READER = badge("reader", asks("read", "action", 2))
RICH = badge("rich", asks("xp", "point", 20))
BUSY = badge("busy", asks("work", "action", 1))
GIFT = {
    "id": "gift",
    "name": "Gift",
    "type": "custom",
    "variables": [],
    "rules": [{"rewards": [reward("coins", "1")]}],
}


def world(*rules: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Reading gives ten, working nothing; ``rules`` give badges."""
    drop = {"metric": {"id": "badges", "type": "set"}, "verb": "set", "value": {"reader": "0", "rich": "0"}}
    return design(
        **{
            "metrics": [point("xp", max="60"), point("coins"), BADGES],
            "actions": [action("read", reward("xp", "10")), action("work"), action("drop", drop)],
            "rules": [*rules, GIFT],
            **parts,
        }
    )


def held(realm: Realm = SMALL, player_id: str = "ada") -> set[str]:
    scores = Score.objects.filter(player__game__game_id=realm.game, player__player_id=player_id, metric="badges")
    return {score.item for score in scores if score.value}


def given_by(recorded: services.Recorded) -> list[str]:
    """The rules of the achievements that a call has given."""
    return [event["rule"]["id"] for event in recorded.events["global"] if event["event"] == "achievement"]


def plays(count: int = 2, realm: Realm = SMALL) -> list[services.Recorded]:
    return [services.play(realm, "ada", "read", idempotency_key=f"read:{number}") for number in range(count)]


def ada(*rules: dict[str, Any]) -> None:
    activate(SMALL, world(*rules))
    services.create_player(SMALL, "ada")


def work(realm: Realm = SMALL) -> services.Recorded:
    """An event that moves nothing which the badges for reading ask for."""
    return services.play(realm, "ada", "work")


def work_in_a_batch(realm: Realm = SMALL) -> services.Recorded:
    (answer,) = services.play_many(realm, [PlayOf("ada", "work")])
    assert isinstance(answer, services.Recorded)
    return answer


def be_given_a_coin(realm: Realm = SMALL) -> services.Recorded:
    return services.run_rule(realm, "gift", [{"variables": {}, "player_ids": ["ada"]}])[0][0]


def be_edited(realm: Realm = SMALL) -> services.Recorded:
    return services.adjust_scores(realm, "ada", [reward("coins", "1")])
