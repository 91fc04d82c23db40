"""Design files at the desk: downloaded, uploaded, checked and compared before anything is replaced."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from django_playlyfe.engine.design.load import parse, read
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.models import Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing
from tests.engine.conftest import LIBRARY_QUEST
from tests.engine.desk.conftest import Designer
from tests.engine.desk.pages import form

pytestmark = pytest.mark.django_db
REALM = Realm("library_quest")
QUEST = normalise(LIBRARY_QUEST)


def file(content: object) -> SimpleUploadedFile:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return SimpleUploadedFile("game.json", raw, "application/json")


def look(designer: Designer, content: object) -> Any:
    return designer.post("import", data={"file": file(content), "_look": "Look"})


def take(designer: Designer, shown: Any) -> Any:
    return designer.post("import", data={**form(shown, "desk-import"), "_take": "Take"}, follow=True)


# --- export -----------------------------------------------------------------------------------------------------------


def test_the_working_design_is_downloaded_and_reads_back_equal(designer: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    answer = designer.get("export")
    assert answer["Content-Disposition"] == 'attachment; filename="library_quest.json"'
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert parse(answer.content) == editing.working_document(REALM)


def test_what_is_or_was_in_force_is_downloaded(designer: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    for asked in ("production", "1"):
        answer = designer.get("export", design=asked)
        assert answer["Content-Disposition"] == 'attachment; filename="library_quest-1.json"'
        assert parse(answer.content) == QUEST
    for nothing in ("staging", "7", "x"):
        assert designer.get("export", design=nothing).status_code == 404


# --- import -----------------------------------------------------------------------------------------------------------


def test_a_file_is_compared_and_then_taken(designer: Designer) -> None:
    other = deepcopy(LIBRARY_QUEST)
    other["metrics"][1]["name"] = "Gold"
    shown = look(designer, other)
    assert [group.title for group in shown.context["groups"]] == ["Metric coins"]
    assert Game.objects.get().document == QUEST
    taken = take(designer, shown)
    assert b"The working design is that of the file now." in taken.content
    assert Game.objects.get().document == normalise(other)
    assert Game.objects.get().production.document == QUEST
    assert "replaced by a file" in LogEntry.objects.get().get_change_message()


def test_a_file_of_another_game_becomes_this_game(designer: Designer) -> None:
    taken = take(designer, look(designer, read("starter")))
    assert taken.status_code == 200
    assert Game.objects.get().document["game"]["id"] == "library_quest"
    assert Game.objects.get().document["metrics"] == normalise(read("starter"))["metrics"]


def test_all_that_is_wrong_with_a_file_is_told_and_its_text_is_kept(designer: Designer) -> None:
    broken = deepcopy(LIBRARY_QUEST)
    broken["metrics"][1]["constraints"]["min"] = "few"
    broken["actions"][0]["rules"][0]["rewards"][0]["metric"]["id"] = "stars"
    shown = look(designer, broken)
    assert shown.status_code == 422
    assert shown.context["problems"][0].path == "/metrics/coins/constraints/min"
    fields = form(shown, "desk-import")
    assert json.loads(fields["text"][0]) == broken
    refused = designer.post("import", data={**fields, "_take": "Take"})
    assert refused.status_code == 422
    assert Game.objects.get().document == QUEST


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'{"game": 7}', b'{"a": 1, "a": 2}', b" " * 2_000_001])
def test_what_is_no_design_is_told(designer: Designer, content: bytes) -> None:
    shown = look(designer, content)
    assert shown.status_code == 422
    assert b"desk-list" in shown.content or b"too large for this page" in shown.content
    assert Game.objects.get().document == QUEST


def test_nothing_sent_is_told(designer: Designer) -> None:
    shown = designer.post("import", data={"_look": "Look"})
    assert b"Choose a file, or write the text of one." in shown.content


def test_what_somebody_else_changed_meanwhile_is_not_replaced_unseen(designer: Designer) -> None:
    shown = look(designer, LIBRARY_QUEST)
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    refused = designer.post("import", data={**form(shown, "desk-import"), "_take": "Take"})
    assert refused.status_code == 409
    assert [group.title for group in refused.context["groups"]] == ["Metric coins"]
    assert editing.component(REALM, "latest", "metrics", "coins")["name"] == "Gold"
    take(designer, refused)
    assert Game.objects.get().document == QUEST


def test_an_earlier_version_is_taken_back(designer: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    assert "import/?version=1" in designer.get("differences").content.decode()
    begun = form(designer.get("import", version="1"), "desk-import")
    shown = designer.post("import", data={**begun, "_look": "Look"})
    assert [group.title for group in shown.context["groups"]] == ["Metric coins"]
    take(designer, shown)
    assert Game.objects.get().document == QUEST


def test_who_may_only_look_exports_and_imports_nothing(designer: Designer, person: Any) -> None:
    reader = person("view_game")
    assert reader.get("export").status_code == 200
    assert reader.get("import").status_code == 403
    assert look(reader, LIBRARY_QUEST).status_code == 403
