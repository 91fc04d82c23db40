"""``manage.py playlyfe_engine_load``."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.models import Call, DesignVersion, Game
from django_playlyfe.engine.realm import Realm

from ..conftest import DESIGNS, action, design, point, reward

pytestmark = pytest.mark.django_db


def load(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command("playlyfe_engine_load", *map(str, arguments), stdout=out, no_color=True, **options)
    return out.getvalue()


def refused(*arguments: Any) -> tuple[CommandError, str]:
    errors = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("playlyfe_engine_load", *map(str, arguments), stdout=StringIO(), stderr=errors, no_color=True)
    return refusal.value, errors.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(design()), encoding="utf-8")
    return path


def test_a_file_is_checked_shown_and_activated(file: Path) -> None:
    said = load(file)
    assert "+ metric xp" in said
    assert "Activated version 1 of 'small' in production." in said
    services.create_player(Realm.only(), "ada")
    services.play(Realm.only(), "ada", "read")


def test_a_check_tells_what_nobody_can_reach_and_what_a_day_brings(file: Path) -> None:
    never = {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "lt", "value": "0"}}
    limited = action("read", reward("xp", "10"), rate=[5, 86_400_000, "FIXED"])
    file.write_text(json.dumps(design(actions=[limited, action("sink", requires=never)])), encoding="utf-8")
    said = load(file, "--check")
    assert "warning: /actions/sink: nobody can ever play 'sink'\n" in said
    assert "A player can earn at most 50 xp a day\n" in said


def test_loading_it_again_says_unchanged(file: Path) -> None:
    load(file)
    assert "unchanged: version 1" in load(file)
    assert DesignVersion.objects.count() == 1


def test_a_change_is_shown(file: Path) -> None:
    load(file)
    file.write_text(json.dumps(design(actions=[action("read", reward("xp", "12"))])), encoding="utf-8")
    said = load(file)
    assert "~ action read" in said
    assert "12" in said
    assert "Activated version 2" in said


def test_a_check_writes_nothing(file: Path) -> None:
    said = load(file, "--check")
    assert "+ metric xp" in said
    assert "Nothing was written" in said
    assert not Game.objects.exists()
    assert not Call.objects.exists()


def test_the_starter_game_ships() -> None:
    load("starter", "--game", "mine")
    assert Game.objects.get().game_id == "mine"
    services.create_player(Realm.only(), "ada")


def test_the_library_quest_loads_whole() -> None:
    assert "Activated version 1 of 'library_quest'" in load(DESIGNS / "library_quest.json")


def test_an_environment_may_be_named(file: Path) -> None:
    load(file, "--environment", "staging")
    game = Game.objects.get()
    assert game.production is None
    assert game.staging is not None
    with pytest.raises(CommandError):
        load(file, "--environment", "test")


def test_a_second_game_makes_itself_known(file: Path) -> None:
    load(file)
    assert '"OPTIONS": {"GAME": "small"}' in load(file, "--game", "second")


def test_silence_on_demand(file: Path) -> None:
    assert load(file, verbosity=0) == ""


def test_every_error_is_printed_and_nothing_written(file: Path) -> None:
    broken = design(actions=[action("read", reward("gold", "1 +"), rate=[1, 5, "FIXED"])], leaderboards=[{"id": "top"}])
    file.write_text(json.dumps(broken), encoding="utf-8")
    for arguments in ((file,), (file, "--check")):
        error, printed = refused(*arguments)
        assert error.returncode == 2
        assert "Nothing was changed" in str(error)
        for path in ("/actions/read/rate", "/actions/read/rules/0/rewards/0", "/leaderboards/top"):
            assert path in printed
        assert "expected" in printed
    assert not Game.objects.exists()


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    text = tmp_path / "text.json"
    text.write_text("{no json", encoding="utf-8")
    for source, reason in (
        (tmp_path / "missing.json", "No such file"),
        (tmp_path, "Is a directory"),
        (text, "not JSON"),
        ("", "Cannot read"),
        ("a\0b", "Cannot read"),
    ):
        error, _ = refused(source)
        assert error.returncode == 2
        assert reason in str(error), error


def test_an_edited_working_design_needs_force(file: Path) -> None:
    load(file)
    game = Game.objects.get()
    game.document["game"]["title"] = "Edited"
    game.save()
    error, _ = refused(file)
    assert error.returncode == 2
    assert "--force" in str(error)
    assert "unchanged" in load(file, "--force")


def test_a_hostile_title_is_only_text(file: Path) -> None:
    title = "<b>{{ x }}</b> '; DROP TABLE \U0001f680 %s"
    file.write_text(json.dumps(design(game={"id": "small", "title": title})), encoding="utf-8")
    load(file)
    assert Game.objects.get().title == title


def test_a_title_too_long_or_with_control_characters_is_refused(file: Path) -> None:
    for title in ("x" * 300, "a\0b", "\x1b[2J"):
        file.write_text(json.dumps(design(game={"id": "small", "title": title})), encoding="utf-8")
        error, printed = refused(file)
        assert error.returncode == 2
        assert "/game/title" in printed


def with_coins(file: Path, *metrics: dict[str, Any]) -> None:
    content = design(metrics=[point("xp"), *metrics], actions=[action("read", reward("xp", "10"))])
    file.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def rich(file: Path) -> Path:
    """A player has ten coins, and the file no longer knows coins."""
    with_coins(file, point("coins"))
    load(file)
    services.create_player(Realm.only(), "ada")
    services.adjust_scores(
        Realm.only(), "ada", [{"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "10"}]
    )
    with_coins(file)
    return file


def test_issues_are_printed_with_their_fixes_and_nothing_is_activated(rich: Path) -> None:
    for arguments in ([], ["--force"]):
        error, said = refused(rich, *arguments)
        assert error.returncode == 2
        assert "Nothing was changed" in str(error)
        assert "'coins' goes, and players have scores of it; the fix drops them (1 affected)" in said
        assert "METRIC_DESTROY: --fix production.METRIC_REMOVED.coins" in said
    assert DesignVersion.objects.count() == 1


def test_a_fix_is_applied_and_the_design_activated(rich: Path) -> None:
    said = load(rich, "--fix", "production.METRIC_REMOVED.coins")
    assert "Resolved production.METRIC_REMOVED.coins: 1 player." in said
    assert "Activated version 2" in said
    assert [entry["metric"]["id"] for entry in selectors.profile(Realm.only(), "ada")["scores"]] == []


def test_a_fix_of_no_issue_is_wrong_input(rich: Path) -> None:
    error, _ = refused(rich, "--fix", "production.METRIC_REMOVED.gold")
    assert error.returncode == 2
    assert "there are production.METRIC_REMOVED.coins" in str(error)
    assert selectors.profile(Realm.only(), "ada")["scores"][0]["value"] == "10"


def test_a_check_names_issues_too(rich: Path) -> None:
    errors = StringIO()
    load(rich, "--check", stderr=errors)
    assert "--fix production.METRIC_REMOVED.coins" in errors.getvalue()
