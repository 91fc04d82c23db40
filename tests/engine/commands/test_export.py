"""``manage.py playlyfe_engine_export``."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe.engine.models import DesignVersion
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate

from ..conftest import design

pytestmark = pytest.mark.django_db


def export(*arguments: Any) -> str:
    out = StringIO()
    call_command("playlyfe_engine_export", *map(str, arguments), stdout=out, no_color=True)
    return out.getvalue()


def test_an_export_loads_again_unchanged(quest: Realm, tmp_path: Path) -> None:
    path = tmp_path / "quest.json"
    export("--output", path)
    assert export() == path.read_text(encoding="utf-8")
    out = StringIO()
    call_command("playlyfe_engine_load", str(path), stdout=out, no_color=True)
    assert "unchanged: version 1" in out.getvalue()
    assert DesignVersion.objects.count() == 1


def test_it_reads_in_the_order_of_the_specification(quest: Realm) -> None:
    assert list(json.loads(export())) == [
        "game",
        "metrics",
        "actions",
        "rules",
        "teams",
        "processes",
        "leaderboards",
        "bootstrap",
    ]


def test_game_and_environment_choose(small: Realm, quest: Realm) -> None:
    activate(Realm("small", "staging"), design(game={"id": "small", "title": "Tested"}))
    assert json.loads(export("--game", "small"))["game"]["title"] == "Small"
    assert json.loads(export("--game", "small", "--environment", "staging"))["game"]["title"] == "Tested"
    for arguments, reason in (
        ((), "several games"),
        (("--game", "other"), "no game 'other'"),
        (("--game", "library_quest", "--environment", "staging"), "no active design in staging"),
    ):
        with pytest.raises(CommandError, match=reason) as refusal:
            export(*arguments)
        assert refusal.value.returncode == 2


def test_a_file_that_cannot_be_written_is_said(small: Realm, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Is a directory") as refusal:
        export("--output", tmp_path)
    assert refusal.value.returncode == 2
