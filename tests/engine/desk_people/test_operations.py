"""What is done to a player at the desk: looked at first, done once, written down, and only by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from django_playlyfe.engine import history, selectors, services
from django_playlyfe.engine.models import Call, Player, Score
from django_playlyfe.engine.realm import Realm
from tests.engine.conftest import always

from .conftest import address, calls, person

COINS = {"verb": "add", "value": "20", "reason": "A prize"}


def value(player: Player, metric: str, item: str = "") -> Any:
    score = Score.objects.filter(player=player, metric=metric, item=item).first()
    return None if score is None else score.state or score.value


def looked(client: Client, where: str, given: dict[str, Any]) -> Any:
    """The page that says what would change."""
    answer = client.post(where, given)
    assert answer.status_code == 200
    return answer.context


def done(client: Client, where: str, given: dict[str, Any]) -> Any:
    """Look, then do what was looked at. Returns the answer."""
    context = looked(client, where, given)
    return client.post(where, {**given, "seen": context["rehearsal"].seen, "_apply": "1"})


def test_a_score_is_adjusted_after_a_look_at_what_would_change(boss: Client, quest: Realm, read_much: Player) -> None:
    where, before = address("adjust", read_much, "coins"), value(read_much, "coins")
    context = looked(boss, where, COINS)
    assert [tuple(line) for line in context["lines"]] == [
        ("Coins", "", before and str(before), str((before or 10) + 20))
    ]
    assert value(read_much, "coins") == before
    assert not calls(read_much, Call.Kind.SCORE)
    assert done(boss, where, COINS).url == address("change", read_much)
    assert value(read_much, "coins") == (before or 10) + 20
    [call] = calls(read_much, Call.Kind.SCORE)
    assert (call.inputs["admin"], call.inputs["reason"]) == ("boss", "A prize")
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.user.get_username()) == (str(read_much.pk), "boss")
    assert "A prize" in entry.change_message
    assert not [found for found in history.check(quest) if found.differences]


def test_the_look_tells_of_levels_that_follow(boss: Client, read_much: Player) -> None:
    context = looked(boss, address("adjust", read_much, "xp"), {"verb": "set", "value": "500", "reason": "Jump"})
    assert ("Rank", "", "Reader", "Scholar") in [tuple(line) for line in context["lines"]]


def test_items_are_adjusted_by_item(boss: Client, read_much: Player) -> None:
    given = {"verb": "add", "item": "bookmark", "value": "2", "reason": "Gift"}
    assert done(boss, address("adjust", read_much, "badges"), given).status_code == 302
    assert value(read_much, "badges", "bookmark") == 2


def test_states_are_adjusted_unless_a_level_rule_sets_them(boss: Client, activated: Any) -> None:
    states = [{"id": "cold", "name": "Cold"}, {"id": "hot", "name": "Hot"}]
    realm = activated(
        metrics=[
            {"id": "xp", "name": "Xp", "type": "point", "constraints": {}},
            {"id": "mood", "name": "Mood", "type": "state", "constraints": {"states": states}},
        ]
    )
    services.create_player(realm, "ada")
    ada = Player.objects.get()
    assert done(boss, address("adjust", ada, "mood"), {"state": "hot", "reason": "Sun"}).status_code == 302
    assert value(ada, "mood") == "hot"


@pytest.mark.parametrize("metric", ["rank", "impact", "nothing"])
def test_what_follows_other_scores_cannot_be_adjusted(boss: Client, read_much: Player, metric: str) -> None:
    assert boss.get(address("adjust", read_much, metric)).status_code == 404


@pytest.mark.parametrize(
    ("metric", "given"),
    [
        ("coins", {"verb": "add", "value": "-1", "reason": "x"}),
        ("coins", {"verb": "add", "value": "1"}),
        ("coins", {"verb": "double", "value": "1", "reason": "x"}),
        ("coins", {"verb": "add", "value": "one", "reason": "x"}),
        ("coins", {"verb": "add", "value": str(2**63), "reason": "x"}),
        ("coins", {"verb": "add", "value": "1", "reason": "x" * 501}),
        ("badges", {"verb": "add", "value": "1", "item": "crown", "reason": "x"}),
        ("badges", {"verb": "set", "value": "-1", "item": "bookmark", "reason": "x"}),
    ],
)
def test_a_wrong_form_is_shown_again_and_nothing_is_written(
    boss: Client, read_much: Player, metric: str, given: dict[str, str]
) -> None:
    newest = Call.objects.count()
    answer = boss.post(address("adjust", read_much, metric), {**given, "seen": "0", "_apply": "1"})
    assert answer.context["form"].errors
    assert Call.objects.count() == newest


def test_what_is_sent_twice_is_done_once(boss: Client, read_much: Player) -> None:
    where = address("adjust", read_much, "coins")
    given = {**COINS, "seen": looked(boss, where, COINS)["rehearsal"].seen, "_apply": "1"}
    assert boss.post(where, given).status_code == 302
    again = boss.post(where, given)
    assert "meanwhile" in again.context["refusal"]
    assert again.context["rehearsal"] is not None  # look again, then decide
    assert len(calls(read_much, Call.Kind.SCORE)) == 1


def test_nothing_is_done_without_a_look(boss: Client, read_much: Player) -> None:
    answer = boss.post(address("adjust", read_much, "coins"), {**COINS, "_apply": "1"})
    assert answer.status_code == 200
    assert not calls(read_much, Call.Kind.SCORE)


def test_a_wrong_choice_can_be_changed_before_it_is_done(boss: Client, read_much: Player) -> None:
    answer = boss.post(address("adjust", read_much, "coins"), {**COINS, "_change": "1"})
    assert answer.context["rehearsal"] is None
    assert b'value="20"' in answer.content


def test_a_play_without_a_key_is_undone_from_the_history(boss: Client, quest: Realm, read_much: Player) -> None:
    before = selectors.profile(quest, "ines")["scores"]
    services.play(quest, "ines", "finish_book", {"pages": 700}, dice=always(0.5))
    where = address("undo", read_much, calls(read_much, Call.Kind.PLAY)[-1].pk)
    page = boss.get(where)
    assert page.context["lines"]
    given = {"reason": "Cheated", "seen": page.context["rehearsal"].seen, "_apply": "1"}
    assert boss.post(where, given).status_code == 302
    assert selectors.profile(quest, "ines")["scores"] == before
    [undo] = calls(read_much, Call.Kind.UNDO)
    assert (undo.inputs["admin"], undo.inputs["reason"]) == ("boss", "Cheated")
    again = boss.get(where)
    assert "was taken back before" in again.context["refusal"]
    assert b"_apply" not in again.content
    assert not [found for found in history.check(quest) if found.differences]


def test_undo_tells_beforehand_which_later_calls_no_longer_count(boss: Client, activated: Any) -> None:
    rich = {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "ge", "value": "10"}}
    read = {"id": "read", "name": "Read", "requires": {}, "variables": [], "rules": [{"requires": {}, "rewards": []}]}
    add = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "10"}
    realm = activated(
        actions=[
            {**read, "rules": [{"requires": {}, "rewards": [add]}]},
            {**read, "id": "boast", "name": "Boast", "requires": rich},
        ]
    )
    services.create_player(realm, "ada")
    services.play(realm, "ada", "read")
    services.play(realm, "ada", "boast")
    ada = Player.objects.get()
    rehearsal = boss.get(address("undo", ada, calls(ada, Call.Kind.PLAY)[0].pk)).context["rehearsal"]
    assert rehearsal.no_longer == 1
    assert set(Call.objects.values_list("status", flat=True)) == {"applied"}


def test_an_adjustment_is_taken_back_by_a_revert(boss: Client, read_much: Player) -> None:
    before = value(read_much, "coins")
    done(boss, address("adjust", read_much, "coins"), COINS)
    where = address("undo", read_much, calls(read_much, Call.Kind.SCORE)[0].pk)
    given = {"reason": "Wrong player", "seen": boss.get(where).context["rehearsal"].seen, "_apply": "1"}
    assert boss.post(where, given).status_code == 302
    assert value(read_much, "coins") == (before or 10)
    assert calls(read_much, Call.Kind.REVERT)[0].inputs["reason"] == "Wrong player"
    assert "cannot be taken back" in boss.get(where).context["refusal"]


def test_a_reset_is_looked_at_first_and_then_done(boss: Client, quest: Realm, read_much: Player) -> None:
    where = address("reset", read_much)
    given = {"reason": "Asked for it", "seen": boss.get(where).context["rehearsal"].seen, "_apply": "1"}
    assert boss.post(where, given).status_code == 302
    assert value(read_much, "xp") == 0
    assert calls(read_much, Call.Kind.RESET)[0].inputs == {"admin": "boss", "reason": "Asked for it"}


def test_a_player_is_disabled_and_enabled(boss: Client, read_much: Player) -> None:
    where = address("switch", read_much)
    for expected in (False, True):
        assert boss.post(where, {"reason": "Spam", "_apply": "1"}).status_code == 302
        read_much.refresh_from_db()
        assert read_much.enabled is expected
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("page", "more", "permission"),
    [
        ("adjust", ("coins",), "adjust_player"),
        ("reset", (), "adjust_player"),
        ("undo", ("play",), "undo_call"),
        ("switch", (), "change_player"),
    ],
)
def test_each_operation_needs_its_own_permission(
    client: Client, read_much: Player, page: str, more: tuple[str, ...], permission: str
) -> None:
    where = address(
        page, read_much, *(calls(read_much, Call.Kind.PLAY)[0].pk if part == "play" else part for part in more)
    )
    others = {"adjust_player", "undo_call", "change_player"} - {permission}
    client.force_login(person(*others, name="other"))
    assert client.get(where).status_code == 403
    assert client.post(where, {"_apply": "1"}).status_code == 403
    client.force_login(person(permission, name="right"))
    assert client.get(where).status_code == 200


def test_a_repair_needs_permission(client: Client, read_much: Player) -> None:
    client.force_login(person())
    assert client.get(address("check", read_much)).status_code == 200
    assert client.post(address("check", read_much)).status_code == 403


def test_a_forged_form_is_refused(read_much: Player) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("change_player"))
    assert client.post(address("switch", read_much), {"reason": "x", "_apply": "1"}).status_code == 403


def test_a_call_of_somebody_else_is_not_undone_from_here(boss: Client, quest: Realm, read_much: Player) -> None:
    services.create_player(quest, "rui")
    rui = Player.objects.get(player_id="rui")
    assert boss.get(address("undo", rui, calls(read_much, Call.Kind.PLAY)[0].pk)).status_code == 404


def test_a_look_costs_the_same_whatever_the_history(
    boss: Client, quest: Realm, read_much: Player, count_queries: Any
) -> None:
    undo = address("undo", read_much, calls(read_much, Call.Kind.PLAY)[0].pk)
    ways = [
        lambda: boss.get(address("adjust", read_much, "coins")),
        lambda: boss.post(address("adjust", read_much, "coins"), COINS),
        lambda: boss.get(address("reset", read_much)),
        lambda: boss.get(address("switch", read_much)),
        lambda: boss.get(undo),
    ]
    costs: list[list[int]] = []
    for _ in range(2):
        costs.append([])
        for way in ways:
            with count_queries() as counted:
                assert way().status_code == 200
            costs[-1].append(len(counted))
        for _ in range(30):
            services.adjust_scores(
                quest, "ines", [{"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "1"}]
            )
    assert costs[0] == costs[1]
    assert all(cost <= most for cost, most in zip(costs[0], (5, 20, 24, 5, 36), strict=True)), costs[0]


def test_a_rehearsal_tells_nobody(boss: Client, read_much: Player, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        looked(boss, address("adjust", read_much, "coins"), COINS)
    assert callbacks == []
