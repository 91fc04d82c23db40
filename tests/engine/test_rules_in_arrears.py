"""A player who satisfies an achievement rule that nobody has given yet gets it at the next event (``engine.md`` §9.1,
§10.1), whatever has left him so: plays look only at rules whose number they reach, and must not miss one by it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine import history, services
from django_playlyfe.engine.history import transfer
from django_playlyfe.engine.ledger import event_ids
from django_playlyfe.engine.models import ActionCount, Call, DesignVersion, Game, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.rules import judge
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Dice, Outcome, PlayerState, PlayInput
from django_playlyfe.engine.versions import resolving
from django_playlyfe.engine.versions.activation import activate, find_issues
from django_playlyfe.types import PlayOf
from tests.examples import examples

from .conftest import action, design, point, reward, rolled_back

pytestmark = pytest.mark.django_db
NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
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


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


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


NEXT_EVENTS = pytest.mark.parametrize("next_event", [work, work_in_a_batch, be_given_a_coin, be_edited])


@NEXT_EVENTS
def test_a_rule_of_a_new_design_is_given_at_the_next_event(next_event: Callable[[], services.Recorded]) -> None:
    ada()
    plays()
    activate(SMALL, world(READER, RICH))
    assert given_by(next_event()) == ["reader", "rich"]
    assert given_by(next_event()) == []


@NEXT_EVENTS
def test_a_number_that_a_new_design_lowers_is_given_at_the_next_event(
    next_event: Callable[[], services.Recorded],
) -> None:
    ada(badge("reader", asks("read", "action", 9)))
    plays()
    activate(SMALL, world(READER))
    assert given_by(next_event()) == ["reader"]


def test_a_rule_is_given_when_its_design_is_in_force_again() -> None:
    ada(READER)
    plays(1)
    activate(SMALL, world())
    services.play(SMALL, "ada", "read")
    activate(SMALL, world(READER))
    assert given_by(work()) == ["reader"]


@NEXT_EVENTS
def test_what_a_revert_takes_and_still_is_due_is_given_again(next_event: Callable[[], services.Recorded]) -> None:
    ada(READER)
    last = plays()[-1]
    (award,) = (event for event in last.events["global"] if event["event"] == "achievement")
    services.revert(SMALL, "ada", [award["id"]])
    assert held() == set()
    assert given_by(next_event()) == ["reader"]


@NEXT_EVENTS
def test_a_number_that_a_revert_reaches_is_given_at_the_next_event(
    next_event: Callable[[], services.Recorded],
) -> None:
    """Taking a fine back gives the points for a badge; a revert judges no achievements (§10.2)."""
    ada(RICH)
    services.adjust_scores(SMALL, "ada", [reward("xp", "19")])
    fine = services.adjust_scores(SMALL, "ada", [reward("xp", "-15")])
    services.play(SMALL, "ada", "read")
    services.revert(SMALL, "ada", [fine.events["local"][0]["id"]])
    assert held() == set()
    assert given_by(next_event()) == ["rich"]


def test_an_undo_gives_and_takes_by_itself_and_later_plays_go_on_from_there() -> None:
    ada(READER)
    plays()
    services.undo(SMALL, "ada", "read", "read:0")
    assert held() == set()
    assert given_by(work()) == []
    assert given_by(services.play(SMALL, "ada", "read")) == ["reader"]


@NEXT_EVENTS
def test_history_judged_by_its_own_designs_after_an_undo_owes_what_the_new_design_gives(
    next_event: Callable[[], services.Recorded],
) -> None:
    """The second design is the player's last judge; the undo judges what came before it without its rules."""
    ada()
    plays(3)
    activate(SMALL, world(badge("reader", asks("read", "action", 2), tags=["new"])))
    services.undo(SMALL, "ada", "read", "read:0")
    assert held() == set()
    assert given_by(next_event()) == ["reader"]


def test_a_reset_player_is_given_everything_anew() -> None:
    ada(READER, RICH)
    plays()
    services.reset_player(SMALL, "ada")
    assert held() == set()
    assert given_by(work()) == []
    assert [given_by(services.play(SMALL, "ada", "read")) for _ in range(2)] == [[], ["reader", "rich"]]


def test_a_reset_that_gives_points_gives_their_badge_with_them() -> None:
    activate(SMALL, world(RICH, bootstrap={"scores": [reward("xp", "20", "set")]}))
    services.create_player(SMALL, "ada")
    assert held() == {"rich"}
    services.adjust_scores(SMALL, "ada", [reward("xp", "0", "set")])
    services.reset_player(SMALL, "ada")
    assert held() == {"rich"}


def test_edited_scores_give_badges_at_once_and_leave_none_over() -> None:
    ada(RICH)
    assert given_by(services.adjust_scores(SMALL, "ada", [reward("xp", "19", "set")])) == []
    assert given_by(services.adjust_scores(SMALL, "ada", [reward("xp", "20", "set")])) == ["rich"]
    assert given_by(services.play(SMALL, "ada", "read")) == []


def test_a_badge_that_is_lost_while_it_is_due_comes_back_in_the_same_call() -> None:
    ada(READER, RICH)
    plays()
    assert given_by(services.play(SMALL, "ada", "drop")) == ["reader", "rich"]


@NEXT_EVENTS
def test_what_an_award_gives_and_what_it_leaves_is_given_once(next_event: Callable[[], services.Recorded]) -> None:
    ada()
    plays()
    services.adjust_scores(SMALL, "ada", [reward("xp", "5", "set")])
    activate(SMALL, world(READER, RICH))
    awarded = services.award(SMALL, "ada")
    assert awarded is not None
    assert given_by(awarded) == ["reader", "rich"], "there were twenty points once"
    assert given_by(next_event()) == []


@NEXT_EVENTS
def test_what_an_award_of_another_design_has_left_is_given_at_the_next_event(
    next_event: Callable[[], services.Recorded],
) -> None:
    ada()
    plays()
    activate(SMALL, world(READER))
    services.award(SMALL, "ada")
    activate(SMALL, world(READER, RICH))
    assert given_by(next_event()) == ["rich"]


@NEXT_EVENTS
def test_a_fix_of_points_that_reaches_a_number_is_followed_by_its_badge(
    next_event: Callable[[], services.Recorded],
) -> None:
    ada(RICH)
    services.play(SMALL, "ada", "read")
    document = world(RICH, metrics=[point("xp", min="20", max="60", default="20"), point("coins"), BADGES])
    for issue in find_issues(SMALL, document):
        resolving.resolve(SMALL, document, issue)
    assert held() == set()
    activate(SMALL, document)
    assert given_by(next_event()) == ["rich"]


@NEXT_EVENTS
def test_a_badge_that_a_fix_drops_is_given_again_by_the_design_that_has_it(
    next_event: Callable[[], services.Recorded],
) -> None:
    """The badge goes, and the design that would have dropped it does not come: the old one is still in force."""
    ada(READER)
    plays()
    smaller = {**BADGES, "constraints": {"items": BADGES["constraints"]["items"][1:]}}  # type: ignore[index]
    document = world(metrics=[point("xp", max="60"), point("coins"), smaller], actions=[action("work")])
    for issue in find_issues(SMALL, document):
        resolving.resolve(SMALL, document, issue)
    assert held() == set()
    assert given_by(next_event()) == ["reader"]


@pytest.mark.parametrize("next_event", [work, work_in_a_batch, be_given_a_coin, be_edited])
def test_a_copy_of_a_game_gives_what_the_original_would(next_event: Callable[[Realm], services.Recorded]) -> None:
    ada()
    plays()
    activate(SMALL, world(READER))
    transfer.clone_game(SMALL, "copy")
    assert held(COPY) == set()
    assert given_by(next_event(COPY)) == given_by(next_event(SMALL)) == ["reader"]


def test_a_rebuilt_player_is_given_what_the_log_says_is_due() -> None:
    """Tables said otherwise while a play was judged; the log, which rebuilds them, does not know the badge."""
    ada(READER)
    plays(1)
    player = Player.objects.get(player_id="ada")
    made = {"game": player.game, "environment": player.environment, "reached_at": NOON}
    Score.objects.create(player=player, metric="badges", item="reader", value=1, **made)
    assert given_by(services.play(SMALL, "ada", "read")) == []
    list(history.replay(SMALL))
    assert held() == set()
    assert given_by(work()) == ["reader"]


def test_a_rule_call_that_only_repeats_an_answer_does_not_count_as_judging() -> None:
    """One of two players of a rule call was erased and is there again; only he is judged when it is repeated."""
    ada()
    services.create_player(SMALL, "bob")
    plays()
    data = [{"variables": {}, "player_ids": ["ada", "bob"]}]
    services.run_rule(SMALL, "gift", data, idempotency_key="week:1")
    services.delete_player(SMALL, "bob")
    activate(SMALL, world(READER))
    services.create_player(SMALL, "bob")
    ((first, second),) = services.run_rule(SMALL, "gift", data, idempotency_key="week:1")
    assert (first.replayed, second.replayed) == (True, False)
    assert held() == set()
    assert given_by(work()) == ["reader"]


# --- any history ------------------------------------------------------------------------------------------------------

CONDITIONS = [
    asks("read", "action", 2),
    asks("read", "action", 3, "gt"),
    asks("xp", "point", 20),
    asks("xp", "point", 15, "gt"),
    asks("xp", "point", 15, "lt"),
    asks("coins", "point", 1),
    asks("work", "action", 1),
]
WORLDS = [
    world(*(badge(item, CONDITIONS[(first + step * number) % 7]) for number, item in enumerate(ITEMS)))
    for first, step in ((0, 2), (2, 1), (3, 3), (6, 4))
]


def put_in_force(number: int) -> None:
    """What an activation does to plays, without its checks, which take their time."""
    Game.objects.update(production=DesignVersion.objects.get(number=number + 1))


def undo_one_of_the_first() -> None:
    first = Call.objects.filter(kind="play", status="applied", action="read").order_by("pk").first()
    if first is not None and first.idempotency_key is not None:
        services.undo(SMALL, "ada", "read", first.idempotency_key)


def revert_one_of_the_last() -> None:
    calls = Call.objects.filter(player__isnull=False, status="applied").exclude(kind__in=["revert", "undo"])
    for call in calls.order_by("-pk")[:3]:
        for tick, told in enumerate(call.events):
            if told["body"].get("changes"):
                services.revert(SMALL, "ada", [str(event_ids.nth_id(call.seed, tick))])
                return


JUDGED: dict[str, Callable[[], object]] = {
    "read": lambda: services.play(SMALL, "ada", "read", idempotency_key=f"read:{Call.objects.count()}"),
    "work": work,
    "batch": work_in_a_batch,
    "drop": lambda: services.play(SMALL, "ada", "drop"),
    "gift": be_given_a_coin,
    "patch": lambda: services.adjust_scores(SMALL, "ada", [reward("xp", "7")]),
    "fine": lambda: services.adjust_scores(SMALL, "ada", [reward("xp", "-12")]),
    "reset": lambda: services.reset_player(SMALL, "ada"),
}
"""Events after which nothing is due (§10.1)."""
UNJUDGED: dict[str, Callable[[], object]] = {
    "award": lambda: services.award(SMALL, "ada"),
    "undo": undo_one_of_the_first,
    "revert": revert_one_of_the_last,
    "replay": lambda: list(history.replay(SMALL)),
    "repair": lambda: list(history.repair(SMALL)),
    **{f"design {number}": partial(put_in_force, number) for number in range(len(WORLDS))},
}
STEPS = ["read"] * 4 + [*JUDGED, *UNJUDGED]


def due() -> set[str]:
    """The badges that the design in force gives and the player does not have, by what is stored and nothing else."""
    numbers = {("xp", "point"): 0, ("coins", "point"): 0}
    numbers |= {(score.metric, "point"): score.value or 0 for score in Score.objects.exclude(metric="badges")}
    numbers |= {(count.action, "action"): count.count for count in ActionCount.objects.all()}
    found = set()
    version = Game.objects.select_related("production").get().production
    assert version is not None
    for rule in version.document["rules"]:
        if rule["type"] != "achievement":
            continue
        asked = rule["requires"]["context"]
        number = numbers.get((asked["id"], "action" if rule["requires"]["type"] == "action" else "point"), 0)
        if getattr(operator, asked["operator"])(number, int(asked["value"])):
            found.add(rule["id"])
    return found - held()


def thoroughly_too(
    plan: Plan, state: PlayerState, request: PlayInput, dice: Dice, judge_play: Callable[..., Outcome] = judge.play
) -> Outcome:
    """What a play comes to, which must be what looking at every rule comes to."""
    outcome = judge_play(plan, state, request, dice)
    assert outcome == judge_play(plan, state, replace(request, thorough=True), dice)
    return outcome


@given(st.integers(0, 3), st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_due_after_an_event_whatever_came_before(
    db: None, monkeypatch: pytest.MonkeyPatch, first: int, steps: list[str]
) -> None:
    monkeypatch.setattr(judge, "play", thoroughly_too)
    with rolled_back():
        for document in WORLDS:
            activate(SMALL, document)
        put_in_force(first)
        services.create_player(SMALL, "ada")
        for number, step in enumerate([*steps, "work"], 1):
            with time_machine.travel(NOON + timedelta(minutes=number), tick=False):
                (JUDGED | UNJUDGED)[step]()
            assert step not in JUDGED or due() == set(), (step, number)
