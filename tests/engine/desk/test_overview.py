"""The first page of the desk, and who may come to it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from django_playlyfe.engine import services
from django_playlyfe.engine.admin.desk import examining
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Report
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.models import Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing
from tests.engine.conftest import LIBRARY_QUEST, action, design, point, reward
from tests.engine.desk.conftest import Designer
from tests.engine.desk.pages import form

pytestmark = pytest.mark.django_db


def test_all_components_are_there_with_their_types_and_in_short(designer: Designer) -> None:
    text = designer.get().content.decode()
    for shown in ("Experience", "Set of items", "Finish a book", "Ranking up", "Top readers", "coins +5 (0.2)"):
        assert shown in text
    assert "The working design has no errors." in text


def test_it_tells_where_the_design_is_in_force_and_in_how_much_it_differs(designer: Designer) -> None:
    text = designer.get().content.decode()
    assert "In force in production: version 1, the same as the working design." in text
    assert "Nothing is in force in staging yet." in text
    editing.update(Realm("library_quest"), "metrics", "coins", {"name": "Gold"})
    assert "The working design differs in 1 place." in designer.get().content.decode()


def test_errors_and_findings_lead_to_their_components(designer: Designer) -> None:
    editing.delete(Realm("library_quest"), "metrics", "coins")
    page = designer.get()
    assert "The working design has" in page.content.decode()
    addresses = [problem.address for problem in page.context["problems"]]
    assert designer.url("component", "actions", "buy_bookmark") in addresses


def test_what_nobody_can_reach_and_the_most_a_player_can_earn_are_told(designer: Designer) -> None:
    metrics = [point("xp"), point("coins")]
    actions = [action("read", reward("xp", "10"), rate=[5, 86400000, "FIXED"]), action("walk", reward("coins", "1"))]
    document = design(metrics=metrics, actions=actions, game={"id": "library_quest", "title": "Quest"})
    Game.objects.update(document=normalise(document))
    text = designer.get().content.decode()
    assert "50" in text
    assert "Without a bound, because of" in text


def test_long_lists_are_cut_and_searched(designer: Designer) -> None:
    document = deepcopy(LIBRARY_QUEST)
    document["metrics"] += [{"id": f"m{n}", "name": f"Metric {n}", "type": "point"} for n in range(80)]
    Game.objects.update(document=normalise(document))
    text = designer.get().content.decode()
    assert "Metric 79" not in text
    count = len(document["metrics"])
    assert f"1 to 50 of {count}." in text
    for start in (50, 5000):
        further = designer.get(metrics=start).content.decode()
        assert f"51 to {count} of {count}." in further
        assert "Metric 79" in further
    found = designer.get(q="metric 79").content.decode()
    assert "Metric 79" in found
    assert "Experience" not in found


def test_many_problems_are_cut_and_counted(designer: Designer) -> None:
    document = deepcopy(LIBRARY_QUEST)
    document["actions"] += [action(f"a{n}", reward("gems", "1")) for n in range(70)]
    Game.objects.update(document=document)
    page = designer.get()
    assert len(page.context["problems"]) == 70
    assert "The working design has 70 errors." in page.content.decode()
    assert "20 more are not shown." in page.content.decode()


def test_a_design_is_checked_once_however_often_it_is_shown(
    designer: Designer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[object] = []

    def counted(document: object) -> Report:
        checked.append(document)
        return check(document)

    monkeypatch.setattr(examining, "check", counted)
    page = designer.get("component", "metrics", "coins")
    data = {**form(page), "metrics-name": "Pieces of eight", "_save": "Save"}
    assert designer.post("component", "metrics", "coins", data=data).status_code == 302
    assert len(checked) == 1
    for shown in (designer.get(), designer.get("differences"), designer.get("publish", "production")):
        assert "Pieces of eight" in shown.content.decode()
    designer.get("try", design="draft", action="finish_book", count=1, seed="ink")
    assert len(checked) == 1


def test_names_are_escaped(designer: Designer) -> None:
    editing.update(Realm("library_quest"), "metrics", "coins", {"name": "<script>alert(1)</script>"})
    for page in (designer.get(), designer.get("component", "metrics", "coins")):
        assert b"<script>alert(1)" not in page.content


def test_no_page_shows_the_secret_of_the_dice(designer: Designer) -> None:
    secret = designer.game.secret.encode()
    for page in (designer.get(), designer.get("game"), designer.get("component", "actions", "finish_book")):
        assert secret not in page.content


def test_the_page_of_a_game_and_the_list_lead_to_the_desk(designer: Designer) -> None:
    listing = designer.client.get("/admin/django_playlyfe_engine/game/")
    detail = designer.client.get(f"/admin/django_playlyfe_engine/game/{designer.game.pk}/change/")
    for page in (listing, detail):
        assert designer.url() in page.content.decode()


def test_the_cost_does_not_depend_on_players_or_components(designer: Designer, count_queries: Any) -> None:
    def costs() -> list[int]:
        found = []
        for page, arguments in (("", ()), ("component", ("actions", "finish_book")), ("delete", ("metrics", "coins"))):
            with count_queries() as counted:
                assert designer.get(page, *arguments).status_code == 200
            found.append(len(counted))
        return found

    before = costs()
    for number in range(12):
        services.create_player(Realm("library_quest"), f"p{number}")
    document = deepcopy(LIBRARY_QUEST)
    document["metrics"] += [{"id": f"m{n}", "name": f"Metric {n}", "type": "point"} for n in range(40)]
    Game.objects.update(document=normalise(document))
    assert costs() == before
    assert max(before) <= 6


# --- who may what -----------------------------------------------------------------------------------------------------


def test_who_may_only_look_sees_everything_and_saves_nothing(quest: Realm, person: Callable[..., Designer]) -> None:
    reader = person("view_game")
    for page, arguments in (("", ()), ("component", ("metrics", "coins")), ("game", ()), ("bootstrap", ())):
        shown = reader.get(page, *arguments)
        assert shown.status_code == 200
        assert b'name="_save"' not in shown.content
    data = {**form(reader.get("component", "metrics", "coins")), "_save": "Save"}
    assert reader.post("component", "metrics", "coins", data=data).status_code == 403
    assert reader.post("delete", "metrics", "coins", data={}).status_code == 403
    assert reader.client.get(f"{reader.url('add', 'actions')}").status_code == 404


def test_who_may_not_look_is_turned_away(quest: Realm, person: Callable[..., Designer]) -> None:
    stranger = person("view_player")
    assert stranger.get().status_code == 403
    address = stranger.url()
    assert Client().get(address).status_code == 302


def test_a_form_without_its_token_is_refused(designer: Designer) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(designer.user)
    assert client.post(designer.url("delete", "metrics", "coins"), {}).status_code == 403


def test_a_game_that_there_is_not_is_not_found(designer: Designer) -> None:
    assert designer.client.get(f"/admin/django_playlyfe_engine/game/{designer.game.pk + 1}/desk/").status_code == 404


# --- other languages --------------------------------------------------------------------------------------------------


def test_a_german_designer_reads_german_and_so_does_the_check(designer: Designer) -> None:
    german = {"Accept-Language": "de"}
    editing.delete(Realm("library_quest"), "metrics", "coins")
    text = designer.client.get(designer.url(), headers=german).content.decode()
    for said in ("Entwurfstisch", "gibt es nicht, gebraucht wird eine Metrik", "Erwartet: eine Metrik."):
        assert said in text
    page = designer.client.get(designer.url("component", "metrics", "xp"), headers=german)
    data = {**form(page), "metrics-minimum": "few", "_save": "Save"}
    refused = designer.post("component", "metrics", "xp", data=data, headers=german).content.decode()
    assert "ist hier falsch: gebraucht wird eine ganze Zahl als Text" in refused
    assert "an integer" not in refused
