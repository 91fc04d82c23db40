"""``playlyfe_sync_players``: players in line with users, whatever came in between."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import override_settings

from django_playlyfe import services
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import InvalidRequest
from django_playlyfe.models import PlayerLink
from django_playlyfe.services import sync

pytestmark = [pytest.mark.django_db]

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


@pytest.fixture
def make_unlinked(make_user):
    def make(**fields):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
            return make_user(**fields)

    return make


class Picky(EngineBackend):
    """Accepts nobody whose alias holds "bad"."""

    def create_player(self, player_id, *, alias, email=None):
        if "bad" in alias:
            raise InvalidRequest("no bad names")
        super().create_player(player_id, alias=alias, email=email)


picky = override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.Picky"}})


def run(*arguments):
    """Exit code, standard output, standard error."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command("playlyfe_sync_players", *arguments, stdout=out, stderr=errors)
    except CommandError as error:
        return error.returncode, out.getvalue(), errors.getvalue() + str(error)
    return 0, out.getvalue(), errors.getvalue()


@pytest.mark.usefixtures("game")
class TestUsers:
    @pytest.mark.contract
    def test_users_from_before_the_app_become_players(self, make_unlinked):
        users = [make_unlinked() for _ in range(3)]
        assert run() == (0, "3 created.\n", "")
        assert [services.profile(user).points("xp") for user in users] == [0, 0, 0]

    def test_a_second_run_changes_nothing(self, make_unlinked):
        make_unlinked()
        run()
        assert run() == (0, "1 unchanged.\n", "")

    def test_names_that_changed_behind_our_back_are_passed_on(self, make_user):
        user = make_user()
        get_user_model().objects.filter(pk=user.pk).update(username="countess")
        assert run() == (0, "1 updated.\n", "")
        assert services.profile(user).alias == "countess"

    def test_what_failed_is_repaired(self, make_user):
        with picky:
            user = make_user(username="bad-luck")
        assert PlayerLink.objects.get().state == "failed"
        assert run() == (0, "1 repaired.\n", "")
        assert services.profile(user).points("xp") == 0

    def test_a_player_whom_the_game_has_lost_is_made_again_when_the_name_changes(self, make_user):
        user = make_user()
        EngineBackend(_settings()).delete_player(str(user.pk))
        get_user_model().objects.filter(pk=user.pk).update(username="countess")
        assert run()[0] == 0
        assert services.profile(user).alias == "countess"

    def test_the_filtered_are_skipped(self, make_unlinked):
        make_unlinked()
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "PLAYER_FILTER": lambda user: False}}):
            assert run() == (0, "1 skipped.\n", "")

    def test_it_goes_on_after_a_failure_and_says_so(self, make_unlinked):
        make_unlinked(username="bad")
        good = make_unlinked(username="good")
        with picky:
            code, out, errors = run()
        assert code == 1
        assert out == "1 created, 1 failed.\n"
        assert "no bad names" in errors
        assert "1 failed; run the command again to repair" in errors
        assert services.profile(good).points("xp") == 0
        assert run() == (0, "1 repaired, 1 unchanged.\n", "")

    def test_a_dry_run_counts_and_writes_nothing(self, make_unlinked, make_user):
        make_user()
        make_unlinked()
        assert run("--dry-run") == (0, "Would be: 1 created, 1 unchanged.\n", "")
        assert PlayerLink.objects.count() == 1

    @pytest.mark.parametrize("arguments", [[], ["--dry-run"]])
    def test_a_filter_that_raises_for_one_user_stops_nobody_else(self, make_unlinked, arguments):
        make_unlinked(username="strange")
        make_unlinked(username="plain")

        def is_plain(user):
            if user.username == "strange":
                raise RuntimeError("no profile yet")
            return True

        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "PLAYER_FILTER": is_plain}}):
            code, out, errors = run(*arguments)
        assert (code, out) == (1, "Would be: 1 created, 1 failed.\n" if arguments else "1 created, 1 failed.\n")
        assert "no profile yet" in errors

    def test_an_interrupted_run_says_what_was_done_and_the_next_one_goes_on(self, make_unlinked, monkeypatch):
        users = [make_unlinked() for _ in range(2)]

        def interrupted():
            yield users[0]
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(sync, "CHUNK", 1)
            patched.setattr(sync, "all_users", interrupted)
            assert run() == (1, "1 created.\n", "Interrupted; what was done is whole. Run it again to go on.")
        assert run() == (0, "1 created, 1 unchanged.\n", "")

    def test_memory_and_queries_for_links_are_bounded_by_chunks(self, make_user, monkeypatch, count_queries):
        monkeypatch.setattr(sync, "CHUNK", 2)
        for _ in range(5):
            make_user()
        with count_queries() as counted:
            assert sum(1 for _ in sync.sync(sync.all_users())) == 5
        assert len(counted) == 7, "four for chunks of users, the last one empty, three for their links"

    def test_a_site_without_users_has_nothing_to_do(self):
        assert run() == (0, "No users.\n", "")


def test_before_a_design_is_loaded_it_stops_and_says_what_to_do(make_user):
    make_user()
    code, _, errors = run()
    assert code == 2
    assert "playlyfe_engine_load" in errors


def test_an_unknown_game_is_wrong_input():
    code, _, errors = run("--game", "chess")
    assert code == 2
    assert "no game 'chess'" in errors


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.usefixtures("game")
class TestProgress:
    def test_a_terminal_sees_progress(self, make_unlinked, capsys):
        make_unlinked()
        call_command("playlyfe_sync_players", stdout=io.StringIO(), stderr=Terminal())
        assert "1/1" in capsys.readouterr().err

    def test_without_tqdm_a_terminal_sees_the_summary(self, make_unlinked, capsys, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
        make_unlinked()
        call_command("playlyfe_sync_players", stderr=Terminal())
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("1 created.\n", "")


@pytest.mark.usefixtures("game")
class TestMap:
    @pytest.fixture
    def existing(self, game):
        """Players of the game whom no user is linked to."""
        backend = EngineBackend(_settings())
        for player_id in ("old-1", "old-2"):
            backend.create_player(player_id, alias=player_id)

    @pytest.fixture
    def write(self, tmp_path):
        def write(text):
            path = tmp_path / "ids.csv"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            return str(path)

        return write

    @pytest.mark.usefixtures("existing")
    def test_users_are_linked_to_players_who_exist(self, make_unlinked, write):
        ada, grace = make_unlinked(username="ada"), make_unlinked(username="grace")
        other = make_unlinked()
        path = write(f"\ufeffuser,player_id\nada,old-1\n\n{grace.pk}, old-2\n")
        assert run("--map", path) == (0, "2 linked.\n", "")
        assert PlayerLink.objects.get(user=ada).player_id == "old-1"
        assert PlayerLink.objects.get(user=grace).player_id == "old-2"
        assert not PlayerLink.objects.filter(user=other).exists(), "nobody is created"
        assert run("--map", path) == (0, "2 linked.\n", "")

    @pytest.mark.usefixtures("existing")
    def test_lines_that_fail_are_named_and_the_others_go_on(self, make_unlinked, make_user, write):
        taken = make_user().pk
        for name in ("ada", "grace", "linus"):
            make_unlinked(username=name)
        code, out, errors = run("--map", write(f"ada,old-1\nnobody,old-2\ngrace,not-there\nlinus,{taken}\n"))
        assert code == 1
        assert out == "3 failed, 1 linked.\n"
        assert "line 2: there is no user with the login name or primary key 'nobody'" in errors
        assert "line 3: player_not_found" in errors
        assert "line 4: conflict" in errors

    @pytest.mark.usefixtures("existing")
    def test_a_dry_run_links_nobody(self, make_unlinked, write):
        make_unlinked(username="ada")
        code, out, errors = run("--map", write("ada,old-1\nnobody,old-2\n"), "--dry-run")
        assert (code, out) == (1, "Would be: 1 failed, 1 linked.\n")
        assert "line 2: there is no user" in errors
        assert PlayerLink.objects.count() == 0

    def test_a_malformed_file_is_refused_whole_with_every_line_named(self, make_unlinked, write):
        make_unlinked(username="ada")
        code, out, errors = run("--map", write("ada,x\nada,y\ngrace,x\nlinus\nmary,\na,b,c\n"))
        assert (code, out) == (2, "")
        assert "nothing was done" in errors
        assert "line 2: the user 'ada' stands in line 1 already" in errors
        assert "line 3: the player id 'x' stands in line 1 already" in errors
        for line in ("line 4", "line 5", "line 6"):
            assert f"{line}: expected a user and a player id" in errors

    @pytest.mark.parametrize("text", [b"\xff\xfe\x00", b'"ada,x\n\x00'])
    def test_a_file_that_cannot_be_read_is_wrong_input(self, write, text):
        code, _, errors = run("--map", write(text))
        assert code == 2
        assert "ids.csv" in errors

    def test_a_file_that_is_not_there_is_wrong_input(self):
        code, _, errors = run("--map", "/nowhere/ids.csv")
        assert code == 2
        assert "cannot be read" in errors


def _settings():
    from django_playlyfe.conf import game_settings

    return game_settings()
