"""The law of undo, on random histories: the state afterwards is what judging the history without that play gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import services
from django_playlyfe.engine.calls.dice import KeyedDice
from django_playlyfe.engine.history import check
from django_playlyfe.engine.models import ActionCount, Call, DesignVersion, FeedEntry, Game, OnceGuard, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import AccessDenied, ActionLimitReached, NotFound
from tests.engine.conftest import NOON, action, board, design, point, reward
from tests.examples import examples

pytestmark = pytest.mark.django_db
RICH = {"type": "metric", "context": {"id": "coins", "type": "point", "operator": "ge", "value": "10"}}

BADGES = {
    "id": "badges",
    "name": "Badges",
    "type": "set",
    "constraints": {
        "max_items": "2",
        "items": [{"id": "collector", "name": "Collector", "max": "3"}, {"id": "worker", "name": "Worker", "max": "1"}],
    },
}
RANK = {
    "id": "rank",
    "name": "Rank",
    "type": "state",
    "constraints": {"states": [{"id": state, "name": state.title()} for state in ("poor", "rich", "duke")]},
}
WEALTH = {
    "id": "wealth",
    "name": "Wealth",
    "type": "compound",
    "constraints": {"formula": "$scores['coins'] / 3 + $scores['badges']['collector'] * 7"},
}


def world(first: bool) -> dict[str, Any]:
    """Two designs that differ in rewards, limits and rules; the second knows a further metric."""
    metrics = [point("xp"), point("coins", min="-20", max="60", default="5"), BADGES, RANK, WEALTH]
    extra = [] if first else [point("fame")]
    rates: list[list[Any]] = [[3, 3_600_000, "ROLLING"], [4, 86_400_000, "FIXED"], [3, 7_200_000, "LEAKY"]]
    work, buy, gamble = rates if first else rates[1:] + rates[:1]
    give = {"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"collector": "1"}}
    return design(
        metrics=[*metrics, *extra],
        actions=[
            action("work", rate=work, variables=[{"name": "hours", "type": "int", "required": False, "default": 1}],
                   rules=[{"rewards": [reward("coins", "$vars['hours'] * 8")]},
                          {"rewards": [] if first else [reward("fame", "1")]},
                          {"rewards": [reward("xp", "$scores['coins'] % 9 - $vars['hours']", best={"per": "hours"})]},
                          {"rewards": [reward("xp", "20")], "once": {"id": "hard", "per": "hours"}},
                          {"requires": RICH, "rewards": [reward("xp", "50")], "once": "player"}]),
            action("buy", reward("coins", "10", "remove"), give, requires=RICH, rate=buy),
            action("gamble", reward("coins", "7", probability=0.5), reward("xp", "3", probability=0.3),
                   reward("coins", "9", "remove"), probability=0.8, rate=gamble),
            action("rest", reward("xp", "$scores['coins'] / 4"), reward("coins", "0", "set")),
        ],
        rules=[
            {"id": "ranks", "name": "Ranks", "type": "level", "base_metric": "coins", "level_metric": "rank",
             "levels": [{"rank": "poor", "threshold": "9" if first else "14"}, {"rank": "rich", "threshold": "24"},
                        {"rank": "duke"}]},
            {"id": "worker", "name": "Worker", "type": "achievement",
             "achievement": {"metric": {"id": "badges"}, "items": [{"key": "worker", "value": "1"}]},
             "requires": {"type": "action",
                          "context": {"id": "work", "operator": "ge", "value": "3" if first else "2"}}},
            {"id": "bonus", "name": "Bonus", "type": "custom",
             "variables": [{"name": "hours", "type": "int", "required": False, "default": 1}],
             "rules": [{"requires": RICH, "rewards": [reward("xp", "$vars['hours'] + 2"), reward("coins", "-6")]},
                       {"requires": RICH, "rewards": [reward("coins", "2")], "once": {"per": "hours"}}]},
        ],
        leaderboards=[board("top", "coins")],
        bootstrap={"scores": [{"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "4"}]},
    )  # fmt: skip


DESIGNS = [world(first=True), world(first=False)]


@dataclass(frozen=True)
class Step:
    """After ``minutes``: a play (``back`` minutes ago if not 0), or the undo of one of the plays so far; or, by
    ``action``, a custom rule ("bonus"), edited scores ("patch"), a revert of one of the plays ("revert"), a
    retroactive award, a reset."""

    minutes: int
    design: int
    action: str
    hours: int
    count: int
    back: int
    undo: int | None


def steps(undo: st.SearchStrategy[int | None]) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        minutes=st.sampled_from([1, 20, 90]),
        design=st.sampled_from([0, 0, 1]),
        action=st.sampled_from(
            ["work"] * 3 + ["buy"] * 4 + ["gamble", "rest", "bonus", "patch", "revert", "award", "reset"]
        ),
        hours=st.sampled_from([-1, 1, 1, 1, 2]),
        count=st.sampled_from([1, 1, 1, 2]),
        back=st.sampled_from([0, 0, 0, 45, 400]),
        undo=undo,
    )


histories = st.tuples(
    st.lists(steps(st.none()), min_size=3, max_size=9),
    st.lists(steps(st.one_of(st.none(), st.integers(0, 20))), min_size=1, max_size=4),
).map(lambda parts: [*parts[0], *parts[1]])


@dataclass
class Made:
    """A call that was recorded. ``event_ids``: of its own event, per player; ``reverted``: the play it takes back."""

    number: int
    step: Step
    arrived: datetime
    undone: bool = False
    reverted: Made | None = None
    event_ids: dict[str, str] = field(default_factory=dict)

    @property
    def is_play(self) -> bool:
        return self.step.action in ("work", "buy", "gamble", "rest")


def dice_of_the_instant(dice: KeyedDice, key: str) -> float:
    """Chance that is the same for plays of the same instant: the fresh player has the same luck."""
    digest = hashlib.sha256(f"{dice.seed.time // 10_000}:{key}".encode()).digest()
    return digest[0] / 256


def put_in_force(version: DesignVersion) -> None:
    """What an activation does to plays, without its checks, which take their time."""
    Game.objects.update(production=version)


def make(realm: Realm, player_id: str, made: Made) -> bool:
    """Whether the call was recorded, not refused."""
    step = made.step
    if step.action == "bonus":
        services.run_rule(realm, "bonus", [{"variables": {"hours": step.hours}, "player_ids": [player_id]}])
    elif step.action == "patch":
        services.adjust_scores(realm, player_id, [reward("coins", str(step.hours * 5 - 3))])
    elif step.action == "award":
        return services.award(realm, player_id) is not None
    elif step.action == "reset":
        services.reset_player(realm, player_id)
    elif step.action == "revert":
        return take_back(realm, player_id, made.reverted)
    else:
        return play_step(realm, player_id, made)
    return True


def take_back(realm: Realm, player_id: str, play: Made | None) -> bool:
    """Whether the play's event was there and not taken back before."""
    if play is None or player_id not in play.event_ids:
        return False
    try:
        return services.revert(realm, player_id, [play.event_ids[player_id]]) is not None
    except NotFound:
        return False


def play_step(realm: Realm, player_id: str, made: Made) -> bool:
    step = made.step
    # One millisecond apart each, so that instants name plays.
    at = made.arrived - timedelta(minutes=step.back) if step.back else None
    try:
        recorded = services.play(
            realm,
            player_id,
            step.action,
            {"hours": step.hours},
            count=step.count,
            idempotency_key=str(made.number),
            at=at,
        )
    except (AccessDenied, ActionLimitReached):
        return False
    made.event_ids[player_id] = recorded.events["local"][0]["id"]
    return True


def state_of(player_id: str) -> dict[str, Any]:
    """Everything stored of a player but ids."""
    entries = (
        FeedEntry.objects.filter(player__player_id=player_id).select_related("call").order_by("at", "call_id", "tick")
    )
    calls = Call.objects.filter(player__player_id=player_id, kind="play", status="applied").order_by("pk")
    fields = ("metric", "item", "value", "state", "reached_at")
    return {
        "scores": list(Score.objects.filter(player__player_id=player_id).order_by(*fields).values_list(*fields)),
        "counts": list(
            ActionCount.objects.filter(player__player_id=player_id)
            .order_by("action")
            .values_list("action", "count", "usage")
        ),
        "once": set(OnceGuard.objects.filter(player__player_id=player_id).values_list("guard", "thing", "value")),
        "feed": [(entry.at, entry.call.events[entry.tick]) for entry in entries],
        "calls": [(call.at, call.action, call.events, call.writes, call.idempotency_key) for call in calls],
    }


@given(histories)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_state_equals_that_of_a_history_without_the_play(
    db: None, monkeypatch: pytest.MonkeyPatch, history: list[Step]
) -> None:
    monkeypatch.setattr(KeyedDice, "__call__", dice_of_the_instant)
    with transaction.atomic():
        compare(history)
        transaction.set_rollback(True)


def compare(history: list[Step]) -> None:
    realm = Realm("small")
    with time_machine.travel(NOON, tick=False) as clock:
        versions = [activate(realm, document) for document in DESIGNS]
        put_in_force(versions[0])
        services.create_player(realm, "ada")
        services.create_player(realm, "fresh")
        made: list[Made] = []
        for number, step in enumerate(history):
            clock.shift(timedelta(minutes=step.minutes, milliseconds=1))
            now = NOON + sum((timedelta(minutes=s.minutes, milliseconds=1) for s in history[: number + 1]), timedelta())
            standing = [attempt for attempt in made if attempt.is_play and not attempt.undone]
            if step.undo is not None and standing:
                target = standing[step.undo % len(standing)]
                services.undo(realm, "ada", target.step.action, str(target.number))
                target.undone = True
                continue
            put_in_force(versions[step.design])
            attempt = Made(number, step, now)
            if step.action == "revert" and standing:
                attempt.reverted = standing[step.hours % len(standing)]
            if make(realm, "ada", attempt):
                made.append(attempt)
    voided = {
        int(key)
        for key in Call.objects.filter(player__player_id="ada", status="void").values_list("idempotency_key", flat=True)
    }
    # A revert whose event is gone stays in the log and takes nothing back; in a history without it nobody could ask for
    # it. Such pairs of histories are not compared.
    gone = [attempt.reverted for attempt in made if attempt.reverted is not None]
    assume(not any(play.undone or play.number in voided for play in gone))
    refused = set()
    for attempt in made:
        if attempt.undone:
            continue
        with time_machine.travel(attempt.arrived, tick=False):
            put_in_force(versions[attempt.step.design])
            if not make(realm, "fresh", attempt) and attempt.is_play:
                refused.add(attempt.number)
    event(f"undone: {sum(attempt.undone for attempt in made)}, void: {len(voided)}")
    assert voided == refused
    assert state_of("ada") == state_of("fresh")
    assert [str(difference) for checked in check(realm) for difference in checked.differences] == []
