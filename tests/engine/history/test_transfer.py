"""A whole game as lines: written, read, copied; its state is the same and its log goes on."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe.engine import services
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid
from django_playlyfe.engine.history import check, state_hash, transfer
from django_playlyfe.engine.models import Call, Game, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions.activation import activate
from django_playlyfe.exceptions import ConfigurationError, InvalidRequest
from tests.engine.conftest import always, design

pytestmark = pytest.mark.django_db
COPY = Realm("copy")


@pytest.fixture
def played(quest: Realm) -> Realm:
    """A bit of everything: plays in scopes, a key, a rule, a patch, a revert, an undo, a reset, an erased player."""
    for player_id in ("ines", "rui", "gone"):
        services.create_player(quest, player_id, alias=player_id.title(), email=f"{player_id}@example.org")
    scopes = [{"id": "history", "entity_id": "ines"}]
    book = {"pages": 600, "genre": "history"}
    first = services.play(quest, "ines", "finish_book", book, scopes=scopes, dice=always(0.1), idempotency_key="first")
    services.play(quest, "gone", "finish_book", book, scopes=scopes, dice=always(0.5))
    services.play(quest, "rui", "finish_book", book, idempotency_key="k", dice=always(0.5))
    services.run_rule(quest, "weekly_target", [{"variables": {"target": 0}, "player_ids": ["ines"]}])
    services.revert(quest, "ines", [first.events["local"][0]["id"]])
    services.undo(quest, "rui", "finish_book", "k")
    services.play(quest, "rui", "finish_book", book, dice=always(0.5))
    services.reset_player(quest, "rui")
    services.delete_player(quest, "gone")
    activate(Realm("library_quest", "staging"), design() | {"game": {"id": "library_quest", "title": "Tried"}})
    services.create_player(Realm("library_quest", "staging"), "ines")
    return quest


def same_state(realm: Realm) -> None:
    assert state_hash(realm) == state_hash(Realm("library_quest"))
    assert all(not found.differences for found in check(realm))


def test_a_copy_beside_the_original_has_its_state(played: Realm) -> None:
    assert transfer.clone_game(played, "copy") == "copy"
    same_state(COPY)
    assert Call.objects.filter(game__game_id="copy").count() == Call.objects.filter(game__game_id=played.game).count()
    copied = Game.objects.get(game_id="copy")
    assert copied.production is not None
    assert copied.staging is not None
    assert copied.secret != Game.objects.get(game_id=played.game).secret
    services.play(COPY, "ines", "finish_book", {"pages": 10}, dice=always(0.5))
    assert transfer.clone_game(COPY, "copy_of_copy") == "copy_of_copy"


def test_what_stands_in_the_log_can_still_be_undone_and_repeated(played: Realm) -> None:
    transfer.clone_game(played, "copy")
    again = services.play(
        COPY,
        "ines",
        "finish_book",
        {"pages": 600, "genre": "history"},
        scopes=[{"id": "history", "entity_id": "ines"}],
        idempotency_key="first",
    )
    assert again.replayed
    for realm in (played, COPY):
        services.undo(realm, "ines", "finish_book", "first")
    same_state(COPY)


def test_read_where_the_game_is_not_it_is_the_same_down_to_its_ids(played: Realm) -> None:
    lines = list(transfer.write_game(played))
    before = state_hash(played)
    Call.objects.all().delete()
    Player.objects.all().delete()
    Game.objects.all().delete()
    assert transfer.read_game(lines) == "library_quest"
    assert state_hash(played) == before
    assert list(transfer.write_game(played)) == lines


def test_no_secret_is_written(played: Realm) -> None:
    assert Game.objects.get().secret not in "".join(transfer.write_game(played))


def test_a_game_that_is_there_is_not_overwritten(played: Realm) -> None:
    with pytest.raises(DesignConflict):
        transfer.read_game(transfer.write_game(played))


def test_what_is_no_game_is_refused_and_nothing_is_stored(played: Realm) -> None:
    lines = list(transfer.write_game(played))
    broken = json.loads(lines[1])
    broken["document"]["metrics"] = "none"
    for wrong, error in (
        ([], InvalidRequest),
        (["{}"], InvalidRequest),
        ([*lines, "no JSON"], InvalidRequest),
        ([lines[0], json.dumps(broken)], DesignInvalid),
    ):
        with pytest.raises(error):
            transfer.read_game(wrong, game_id="copy")
    assert not Game.objects.filter(game_id="copy").exists()
    with pytest.raises(ConfigurationError):
        list(transfer.write_game(Realm("none")))


def test_the_commands_carry_a_game_in_a_file(played: Realm, tmp_path: Path) -> None:
    path = str(tmp_path / "game.jsonl")
    call_command("playlyfe_engine_export", "--with-players", "--output", path)
    out = StringIO()
    call_command("playlyfe_engine_load", path, "--with-players", "--game", "copy", stdout=out, no_color=True)
    assert "Stored the game 'copy'" in out.getvalue()
    same_state(COPY)
    for wrong in (path, str(tmp_path / "none")):
        with pytest.raises(CommandError) as refusal:
            call_command("playlyfe_engine_load", wrong, "--with-players", "--game", "copy")
        assert refusal.value.returncode == 2
