"""A new game, made in the admin: from nothing, from the starter game, from a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from django_playlyfe.engine.admin.desk import files
from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.models import Game
from django_playlyfe.engine.realm import Realm
from tests.engine.conftest import LIBRARY_QUEST
from tests.engine.desk.conftest import Designer
from tests.engine.desk.pages import form

pytestmark = pytest.mark.django_db
ADD = "admin:django_playlyfe_engine_game_add"
NAMED = {"title": "Reading club", "id": "reading_club"}


@pytest.fixture
def founder(person: Callable[..., Designer]) -> Designer:
    """Somebody who may begin games and design them, on a site without any."""
    return person("add_game", "change_game", "publish_design")


def begin(founder: Designer, **sent: Any) -> Any:
    return founder.client.post(reverse(ADD), {**NAMED, **sent})


def file_of(document: object) -> SimpleUploadedFile:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return SimpleUploadedFile("design.json", content, "application/json")


def test_the_first_game_is_begun_with_nothing_and_built_at_its_desk(founder: Designer) -> None:
    assert reverse(ADD) in founder.client.get("/admin/django_playlyfe_engine/game/").content.decode()
    sent = form(founder.client.get(reverse(ADD)), "desk-begin")
    answer = founder.client.post(reverse(ADD), {**sent, **NAMED, "origin": "nothing"}, follow=True)
    game = Game.objects.get()
    assert (game.game_id, game.title, game.production, game.staging) == ("reading_club", "Reading club", None, None)
    assert answer.redirect_chain[-1][0] == founder.url()
    text = answer.content.decode()
    assert "The game “Reading club” was made." in text
    assert "Nothing is in force in production yet." in text
    published = founder.post("publish", "production", data=form(founder.get("publish", "production"), "desk-publish"))
    assert published.status_code == 302
    assert Game.objects.get().production is not None


def test_the_starter_game_gets_the_title_and_the_id(founder: Designer) -> None:
    assert begin(founder, origin="starter").status_code == 302
    game = Game.objects.get()
    assert game.document["game"]["id"] == "reading_club"
    assert [metric["id"] for metric in game.document["metrics"]] == [one["id"] for one in read("starter")["metrics"]]


def test_a_file_becomes_this_game_whatever_id_it_says(founder: Designer) -> None:
    assert begin(founder, origin="file", file=file_of(LIBRARY_QUEST)).status_code == 302
    game = Game.objects.get()
    assert (game.document["game"]["id"], game.document["game"]["title"]) == ("reading_club", "Reading club")
    assert len(game.document["rules"]) == len(LIBRARY_QUEST["rules"])


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"origin": "file"}, "Choose the file."),
        ({"origin": "moon"}, "Select a valid choice."),
        ({"origin": "nothing", "title": ""}, "This field is required."),
        ({"origin": "nothing", "id": "reading club"}, "is wrong here: write an id"),
        ({"origin": "starter", "title": "t" * 300}, "is wrong here: write a name"),
        ({"origin": "file", "file": file_of(b"nothing")}, "The design file is not JSON"),
        ({"origin": "file", "file": file_of({"metrics": [{"id": "xp"}]})}, "<code>/metrics/xp</code>"),
        ({"origin": "file", "file": file_of({"game": [], "rules": [{}] * 90})}, "more are not shown."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(founder: Designer, sent: dict[str, Any], said: str) -> None:
    answer = begin(founder, **sent)
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "'")
    assert not Game.objects.exists()


def test_a_file_that_is_too_large_is_refused(founder: Designer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_playlyfe.engine.admin.desk.beginning.LARGEST", 10)
    assert "too large" in begin(founder, origin="file", file=file_of(LIBRARY_QUEST)).content.decode()
    assert files.LARGEST > 10


def test_an_id_is_taken_once(founder: Designer, quest: Realm) -> None:
    answer = begin(founder, id="library_quest", origin="nothing", settings_name_the_game="on")
    assert answer.status_code == 409
    assert "exists already" in answer.content.decode()
    assert Game.objects.get().title == LIBRARY_QUEST["game"]["title"]


def test_before_there_are_two_games_somebody_says_that_the_settings_name_one(founder: Designer, quest: Realm) -> None:
    assert "library_quest" in founder.client.get(reverse(ADD)).content.decode()
    assert begin(founder, origin="nothing").status_code == 422
    assert begin(founder, origin="nothing", settings_name_the_game="on").status_code == 302
    assert begin(founder, id="third", origin="nothing").status_code == 302
    assert Game.objects.count() == 3


def test_who_may_not_add_games_is_turned_away(quest: Realm, person: Callable[..., Designer]) -> None:
    for somebody in (person("change_game"), person("add_game")):
        assert somebody.client.get(reverse(ADD)).status_code == 403
        assert begin(somebody, origin="nothing", settings_name_the_game="on").status_code == 403
    assert Game.objects.count() == 1


def test_a_german_founder_reads_german(founder: Designer) -> None:
    page = founder.client.get(reverse(ADD), headers={"Accept-Language": "de"}).content.decode()
    for said in ("Neues Spiel", "das Startspiel", "Spiel anlegen"):
        assert said in page
