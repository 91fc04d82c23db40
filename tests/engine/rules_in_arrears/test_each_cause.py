"""What leaves a rule due, cause by cause."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from django_playlyfe.engine import history, services
from django_playlyfe.engine.history import transfer
from django_playlyfe.engine.models import Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import resolving
from django_playlyfe.engine.versions.activation import activate, find_issues
from tests.engine.conftest import NOON, action, point, reward

from .games import (
    BADGES,
    COPY,
    READER,
    RICH,
    SMALL,
    ada,
    asks,
    badge,
    be_edited,
    be_given_a_coin,
    given_by,
    held,
    plays,
    work,
    work_in_a_batch,
    world,
)

pytestmark = pytest.mark.django_db
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
