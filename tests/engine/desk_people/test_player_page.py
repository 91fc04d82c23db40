"""The page of a player in the admin: what is shown, and at which cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from django_playlyfe.engine import services
from django_playlyfe.engine.admin.people import operations, site
from django_playlyfe.engine.models import Call, Game, Player, Score
from django_playlyfe.engine.realm import Realm

from .conftest import address, calls, person


def shown(client: Client, where: str, **query: Any) -> str:
    answer = client.get(where, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def happen(realm: Realm, times: int) -> None:
    """Make the history of Ines longer."""
    for _ in range(times):
        services.adjust_scores(realm, "ines", [{"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "1"}])


def test_scores_levels_items_boards_and_counts_are_shown(boss: Client, read_much: Player) -> None:
    page = shown(boss, address("change", read_much))
    for text in (
        "Experience",
        '<th scope="row">Rank</th> <td>Reader',
        "Top readers</th><td>all time</td>",
        "Finish a book: 3",
    ):
        assert text in page


def test_a_score_that_the_design_no_longer_knows_is_shown_as_such(boss: Client, read_much: Player) -> None:
    gone = Score(game=read_much.game, environment="production", player=read_much, metric="gone", value=7)
    gone.reached_at = read_much.created_at
    gone.save()
    assert "7 <span" in shown(boss, address("change", read_much)).split("gone", 1)[1]


def test_what_people_wrote_is_escaped(boss: Client, quest: Realm, read_much: Player) -> None:
    evil = "<script>alert(1)</script>"
    services.update_player(quest, "ines", alias=evil)
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "1"}
    services.adjust_scores(quest, "ines", [coins], admin=evil, reason=evil)
    for where in (address("change", read_much), address("explain", read_much, "coins")):
        page = shown(boss, where)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_the_history_is_paged_by_key_both_ways(boss: Client, quest: Realm, read_much: Player) -> None:
    happen(quest, 60)
    newest = list(Call.objects.filter(player=read_much).order_by("-pk").values_list("pk", flat=True))
    where = address("change", read_much)

    def listed(query: dict[str, Any]) -> tuple[list[int], Any, Any]:
        context = boss.get(where, query).context
        return [row["call"].pk for row in context["history"]], context["older"], context["newer"]

    first, older, newer = listed({})
    assert (first, older, newer) == (newest[:25], newest[24], None)
    second, older, newer = listed({"before": older})
    assert (second, older, newer) == (newest[25:50], newest[49], newest[25])
    last, none, _newer = listed({"before": older})
    assert (last, none) == (newest[50:], None)
    assert listed({"after": second[0]}) == (first, newest[24], None)
    assert listed({"after": last[0]})[0] == second


@pytest.mark.parametrize("given", ["x", "-1", "1e9", "9" * 40, "١٢"])
def test_a_key_that_is_none_gives_the_first_page_or_an_empty_one(boss: Client, read_much: Player, given: str) -> None:
    assert boss.get(address("change", read_much), {"before": given}).status_code == 200


def test_an_undone_play_is_marked_and_cannot_be_undone_again(boss: Client, quest: Realm, read_much: Player) -> None:
    first = calls(read_much, Call.Kind.PLAY)[0]
    services.undo(quest, "ines", "finish_book", "book-0", admin="vera", reason="entered twice")
    page = shown(boss, address("change", read_much))
    assert address("undo", read_much, first.pk) not in page
    assert "undone" in page
    assert "by vera" in page
    assert "entered twice" in page


def test_explain_lists_what_moved_a_score_with_amounts_sums_and_reasons(
    boss: Client, quest: Realm, read_much: Player
) -> None:
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "5"}
    services.adjust_scores(quest, "ines", [coins], admin="vera", reason="lost in the post")
    answer = boss.get(address("explain", read_much, "coins"))
    movements = [row["is"] for row in answer.context["movements"]]
    assert movements[0].amount == 5
    assert movements[0].total == Score.objects.get(player=read_much, metric="coins").value
    assert "lost in the post" in answer.content.decode()


def test_explain_knows_items_and_states(boss: Client, quest: Realm, read_much: Player) -> None:
    badge = {"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"bookmark": "2"}}
    services.adjust_scores(quest, "ines", [badge])
    assert "Badges: Bookmark" in shown(boss, address("explain", read_much, "badges"), item="bookmark")
    assert "Visitor → Reader" in shown(boss, address("explain", read_much, "rank"))
    assert boss.get(address("explain", read_much, "nothing")).status_code == 404
    assert boss.get(address("explain", read_much, "badges"), {"item": "nothing"}).status_code == 404


def test_explain_goes_step_by_step_through_a_long_log(
    boss: Client, read_much: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "LOOKED_AT", 2)
    first = boss.get(address("explain", read_much, "xp"))
    assert "2 of 2 calls have moved this score." in first.content.decode()
    assert "Older calls" in first.content.decode()
    assert "Newest calls" not in first.content.decode()
    second = boss.get(address("explain", read_much, "xp"), {"before": first.context["step"].older})
    assert "Newest calls" in second.content.decode()
    told = [row["is"].key for page in (first, second) for row in page.context["movements"]]
    assert told == sorted(told, key=int, reverse=True)
    assert len(set(told)) == len(told) == 4
    items = boss.get(address("explain", read_much, "badges"), {"item": "bookmark"}).content.decode()
    assert "&amp;item=bookmark" in items


def test_a_long_log_is_checked_by_the_command(boss: Client, read_much: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "MOST_CHECKED", 2)
    monkeypatch.delattr("django_playlyfe.engine.history.check")
    monkeypatch.delattr("django_playlyfe.engine.history.repair")
    for answer in (boss.get(address("check", read_much)), boss.post(address("check", read_much))):
        assert "playlyfe_engine_check --player ines --game library_quest" in answer.content.decode()


def test_a_play_is_undone_by_the_command_if_much_came_later(
    boss: Client, read_much: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_JUDGED_AGAIN", 1)
    monkeypatch.delattr("django_playlyfe.engine.services.rehearse")
    oldest = calls(read_much, Call.Kind.PLAY)[0]
    asked = address("undo", read_much, oldest.pk)
    for answer in (boss.get(asked), boss.post(asked, {"reason": "a mistake", "_apply": "1"})):
        assert f"playlyfe_engine_undo ines --call {oldest.pk} " in answer.content.decode()
    oldest.refresh_from_db()
    assert oldest.status == Call.Status.APPLIED


def test_a_player_is_found_by_the_beginning_of_an_alias(boss: Client, quest: Realm) -> None:
    players = reverse("admin:django_playlyfe_engine_player_changelist")
    services.create_player(quest, "p1", alias="Margarete")
    services.create_player(quest, "p2", alias="Marga_ry")
    services.create_player(quest, "Margot", alias="Someone")

    def found(term: str) -> set[str]:
        return set(boss.get(players, {"q": term}).context["cl"].queryset.values_list("player_id", flat=True))

    assert found("Marg") == {"p1", "p2", "Margot"}
    assert found("Marga_") == {"p2"}
    assert found("argarete") == set()


def test_a_player_is_found_by_name_for_whoever_links_there(boss: Client, client: Client, read_much: Player) -> None:
    named = reverse("admin:django_playlyfe_engine_player_named")
    for game in ({}, {"game": "library_quest"}):
        answer = boss.get(named, {"player": "ines", "environment": "production", **game})
        assert answer["Location"] == address("change", read_much)
    for other in ({"player": "nobody"}, {"player": "ines", "environment": "staging"}, {"player": "ines", "game": "x"}):
        assert "no such player" in boss.get(named, other, follow=True).content.decode()
    client.force_login(get_user_model().objects.create_user("eve", "eve@example.org", is_staff=True))  # type: ignore[attr-defined]
    assert client.get(named, {"player": "ines"}).status_code == 403


def test_check_says_whether_the_tables_are_what_the_log_says_and_mends_them(boss: Client, read_much: Player) -> None:
    where = address("check", read_much)
    assert not boss.get(where).context["differences"]
    Score.objects.filter(player=read_much, metric="xp").update(value=1)
    assert boss.get(where).context["differences"]
    assert boss.post(where).status_code == 302
    assert not boss.get(where).context["differences"]


def test_the_page_leads_to_the_sites_user(boss: Client, read_much: Player) -> None:
    link = boss.get(address("change", read_much)).context["user_link"]
    assert boss.get(link).status_code == 200


def test_who_may_only_look_sees_no_way_to_change_anything(client: Client, read_much: Player) -> None:
    client.force_login(person())
    page = shown(client, address("change", read_much))
    for name in ("adjust", "undo", "reset", "switch"):
        assert f"/{name}/" not in page
    assert "/explain/" in page


def test_who_may_not_see_calls_gets_no_link_to_them(client: Client, read_much: Player) -> None:
    somebody = person()
    somebody.user_permissions.remove(Permission.objects.get(codename="view_call"))
    client.force_login(somebody)
    for where in (address("change", read_much), address("explain", read_much, "xp")):
        assert "engine/call/" not in shown(client, where)


def test_a_player_without_a_design_in_force_has_no_page(boss: Client, read_much: Player) -> None:
    Game.objects.update(production=None)
    assert boss.get(address("change", read_much)).status_code == 404


def test_calls_are_found_by_when_they_were_recorded(boss: Client, read_much: Player) -> None:
    calls_page = reverse("admin:django_playlyfe_engine_call_changelist")
    old = calls(read_much, Call.Kind.PLAY)[0]
    Call.objects.filter(pk=old.pk).update(recorded_at=old.recorded_at - timedelta(days=3))
    for query in ({"days": "1"}, {"days": "1", "q": "ines"}):
        found = boss.get(calls_page, query).context["cl"].queryset
        assert old.pk not in found.values_list("pk", flat=True)
        assert found.count() > 1
    assert old.pk in boss.get(calls_page, {"days": "7"}).context["cl"].queryset.values_list("pk", flat=True)


def test_who_may_see_no_players_sees_nothing(client: Client, read_much: Player) -> None:
    stranger = get_user_model().objects.create_user("eve", "eve@example.org", is_staff=True)  # type: ignore[attr-defined]
    client.force_login(stranger)
    for page, more in (("change", ()), ("explain", ("xp",)), ("check", ())):
        assert client.get(address(page, read_much, *more)).status_code == 403


@pytest.mark.parametrize(("page", "more", "most"), [("change", (), 9), ("explain", ("xp",), 9), ("check", (), 11)])
def test_a_page_costs_the_same_whatever_the_history(
    boss: Client, quest: Realm, read_much: Player, count_queries: Any, page: str, more: tuple[str, ...], most: int
) -> None:
    costs = []
    for _ in range(2):
        with count_queries() as counted:
            boss.get(address(page, read_much, *more))
        costs.append(len(counted))
        happen(quest, 30)
    assert costs[0] == costs[1] <= most


def test_there_is_no_script_or_style_of_ours_in_the_page(boss: Client, read_much: Player) -> None:
    page = shown(boss, address("change", read_much))
    assert " style=" not in page
    assert "onclick" not in page
    assert "<script>" not in page
