"""``manage.py playlyfe_engine_check``, ``_repair`` and ``_replay``."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe.engine import history, services
from django_playlyfe.engine.models import Score
from django_playlyfe.engine.realm import Realm

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def readers(small: Realm) -> Realm:
    """Three players who have read."""
    for name in ("ada", "bob", "eve"):
        services.create_player(small, name)
        services.play(small, name, "read")
    return small


def run(command: str, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(f"playlyfe_engine_{command}", *arguments, stdout=out, no_color=True, **options)
    return out.getvalue()


def fails(command: str, *arguments: str, **options: Any) -> tuple[int, str, str]:
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command(f"playlyfe_engine_{command}", *arguments, stdout=out, no_color=True, **options)
    return failure.value.returncode, str(failure.value), out.getvalue()


def test_a_clean_check_says_so(readers: Realm) -> None:
    assert run("check") == "3 players checked: everything stored is what the log says.\n"
    assert run("check", "--player", "bob", "--game", "small") == (
        "1 players checked: everything stored is what the log says.\n"
    )
    assert run("check", verbosity=0) == ""


def test_differences_are_printed_and_make_exit_code_1(readers: Realm) -> None:
    Score.objects.filter(player__player_id="bob").update(value=11)
    code, text, printed = fails("check")
    assert (code, text) == (1, "1 of 3 players differ from the log. Run `manage.py playlyfe_engine_repair`.")
    assert printed.startswith("bob: score xp: stored value 11")
    assert "Repaired: 1." in run("repair")
    run("check")


def test_a_replay_prints_the_state(readers: Realm) -> None:
    Score.objects.all().delete()
    printed = run("replay", "--batch-size", "2")
    assert printed == f"Replayed the log of 3 players.\nState: {history.state_hash(readers)}\n"
    assert run("check", "--hash").startswith(f"State: {history.state_hash(readers)}\n")


@pytest.mark.parametrize("command", ["check", "repair", "replay"])
@pytest.mark.parametrize(
    "wrong", [["--player", "nobody"], ["--game", "chess"], ["--player", "-"], ["--after", "nobody"]]
)
def test_wrong_input_is_exit_code_2(readers: Realm, command: str, wrong: list[str]) -> None:
    assert fails(command, *wrong)[0] == 2


def test_a_batch_has_players(readers: Realm) -> None:
    with pytest.raises(CommandError, match="positive whole number"):
        run("check", "--batch-size", "0")


def test_progress_is_for_terminals(readers: Realm) -> None:
    terminal = Terminal()
    run("check", stderr=terminal)
    assert terminal.getvalue().endswith("3 of 3\n")
    pipe = StringIO()
    run("check", stderr=pipe)
    assert pipe.getvalue() == ""


def test_an_interrupted_run_says_how_to_go_on(readers: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the second player is looked at."""
    looked_at: list[str] = []

    def interrupted(replay: Callable[..., Any]) -> Callable[..., Any]:
        def steps(*arguments: Any, **options: Any) -> Any:
            for replayed in replay(*arguments, **options):
                looked_at.extend(replayed.player_ids)
                if len(looked_at) == 2:
                    os.kill(os.getpid(), signal.SIGINT)
                yield replayed

        return steps

    monkeypatch.setattr(history, "replay", interrupted(history.replay))
    Score.objects.all().delete()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        code, text, _ = fails("replay", "--batch-size", "1")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, text) == (1, "Interrupted; what was done is whole. Go on with --after ada.")
    monkeypatch.undo()
    assert run("replay", "--after", "ada") == "Replayed the log of 2 players.\n"
    run("check")
