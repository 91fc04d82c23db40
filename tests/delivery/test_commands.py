"""``playlyfe_deliver`` and ``playlyfe_token``."""

from __future__ import annotations

import datetime as dt
import io
import signal

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe import services
from django_playlyfe.delivery import drain, retention
from django_playlyfe.management.commands import playlyfe_deliver
from django_playlyfe.models import Delivery
from tests.client.servers import Reply

pytestmark = pytest.mark.django_db


def run(name, *arguments):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


class TestDeliver:
    def test_once_sends_what_is_due(self, site, make_user, states):
        make_user()
        assert run("playlyfe_deliver", "--once") == "1 attempts, 0 still owed.\n"
        assert states() == [("create", "delivered")]

    def test_it_says_what_is_still_owed(self, gone, make_user):
        make_user()
        assert "1 still owed" in run("playlyfe_deliver", "--once")

    def test_it_loops_until_it_is_told_to_stop(self, site, make_user, monkeypatch):
        runs = []

        def drain_and_signal(game, **_options):
            runs.append(game)
            if len(runs) == 2:
                signal.raise_signal(signal.SIGTERM)
            return drain(game)

        monkeypatch.setattr(playlyfe_deliver, "drain", drain_and_signal)
        monkeypatch.setattr(playlyfe_deliver, "LONGEST_SLEEP", 0.01)
        before = signal.getsignal(signal.SIGTERM)
        make_user()
        assert run("playlyfe_deliver") == "1 attempts, 0 still owed.\n"
        assert len(runs) == 2
        assert signal.getsignal(signal.SIGTERM) == before

    def test_a_game_of_this_database_owes_nothing(self):
        with pytest.raises(CommandError, match="nothing is ever owed") as caught:
            run("playlyfe_deliver", "--once")
        assert caught.value.returncode == 2

    def test_after_a_restore_plays_without_a_key_wait_for_a_person(self, site, make_user, states):
        services.play(make_user(), "wave")
        assert run("playlyfe_deliver", "--once", "--after-restore").startswith("1 owed plays wait")
        assert states() == [("create", "delivered"), ("play", "uncertain")]


class TestRetention:
    def age(self, **values):
        Delivery.objects.update(settled_at=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc), **values)

    def test_what_was_done_long_ago_goes(self, site, make_user):
        services.play(make_user(), "wave")
        drain()
        self.age()
        assert retention.purge("default") == 2

    @pytest.mark.parametrize("state", ["dead", "uncertain", "pending"])
    def test_what_needs_a_person_stays(self, site, make_user, state):
        make_user()
        self.age(state=state)
        assert retention.purge("default") == 0

    def test_a_business_key_stays_known(self, site, make_user):
        user = make_user()
        drain()
        services.play(user, "wave", idempotency_key="k", wait=True)
        self.age()
        retention.purge("default")
        again = services.play(user, "wave", idempotency_key="k", wait=True)
        assert (again.status, again.replayed) == ("applied", True)


class TestToken:
    def test_it_tells_age_and_life_and_never_the_token(self, site, remote, make_user):
        make_user()
        assert "none yet" in run("playlyfe_token")
        drain()
        shown = run("playlyfe_token")
        assert "age_seconds: 0" in shown
        assert "expires_in_seconds: 86" in shown
        assert not any(token in shown for token in remote.valid)

    def test_reset_asks_again_at_once(self, site, remote, make_user):
        make_user()
        remote.token_replies.append(Reply(401, {"error": "client_auth_fail", "error_description": "no"}))
        drain()
        assert services.status()["ok"] is False
        run("playlyfe_token", "--reset")
        assert services.status()["ok"] is True

    def test_the_embedded_engine_has_none(self):
        with pytest.raises(CommandError, match="needs no token") as caught:
            run("playlyfe_token")
        assert caught.value.returncode == 2
