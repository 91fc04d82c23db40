"""What whoever runs a server needs: what is there, and that nothing piles up."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from django_playlyfe import instants
from django_playlyfe.engine import services
from django_playlyfe.engine.models import ClientUsage, Grant, Token
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients, grants, housekeeping, tokens
from django_playlyfe.engine.server.auth.grants import Challenge

from .conftest import SECRET, Api, ask_for_token


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, no_color=True)
    return out.getvalue()


class TestStatus:
    def test_it_tells_games_players_and_clients_and_no_secret(self, ines: Api, quest: Realm) -> None:
        services.play(quest, "ines", "finish_book", {"pages": 100})
        said = run("playlyfe_engine_status")
        assert "library_quest" in said
        assert "design 1, 1 players" in said
        assert "runtime:write" in said
        assert SECRET not in said

    def test_for_machines_it_is_json(self, ines: Api) -> None:
        (game,) = json.loads(run("playlyfe_engine_status", "--json"))
        production = game["environments"]["production"]
        assert (game["id"], production["version"], production["players"]) == ("library_quest", 1, 1)
        assert game["environments"]["staging"]["version"] is None

    def test_its_cost_does_not_depend_on_the_number_of_games(self, ines: Api, count_queries: Any) -> None:
        with count_queries() as counted:
            run("playlyfe_engine_status")
        assert len(counted) == 4, counted

    @pytest.mark.django_db
    def test_a_host_without_a_game_fails(self) -> None:
        with pytest.raises(CommandError, match="playlyfe_engine_load starter") as failed:
            run("playlyfe_engine_status")
        assert failed.value.returncode == 1

    def test_an_unknown_game_is_wrong_input(self, quest: Realm) -> None:
        with pytest.raises(CommandError) as failed:
            run("playlyfe_engine_status", "--game", "nothing")
        assert failed.value.returncode == 2


class TestPurge:
    def test_what_nobody_can_use_goes_and_the_rest_stays(self, quest: Realm, register: Any) -> None:
        services.create_player(quest, "ines")
        client = register("app").client
        player = client.game.player_set.get()
        kept = Api(ask_for_token("app").json()["access_token"], "ines")
        with time_machine.travel(instants.now() - timedelta(days=40), tick=False):
            tokens.issue_for(client.pk)
            grants.grant(client, player, "https://app.example/", Challenge())
        ClientUsage.objects.create(client=client, day=instants.now().date() - timedelta(days=91))
        assert run("playlyfe_engine_purge") == "1 tokens, 1 grants, 1 usage deleted\n"
        assert (Token.objects.count(), Grant.objects.count()) == (1, 0)
        assert kept.get("/runtime/player").status_code == 200

    def test_revoked_ones_go_too(self, quest: Realm, register: Any) -> None:
        register("app")
        ask_for_token("app")
        clients.revoke(quest, "app")
        run("playlyfe_engine_purge")
        assert not Token.objects.exists()

    def test_it_goes_batch_by_batch(self, register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        client = register("app").client
        monkeypatch.setattr(housekeeping, "BATCH", 2)
        with time_machine.travel(instants.now() - timedelta(days=2), tick=False):
            for _ in range(5):
                tokens.issue_for(client.pk)
        assert list(housekeeping.purge()) == [("tokens", 2), ("tokens", 2), ("tokens", 1)]
