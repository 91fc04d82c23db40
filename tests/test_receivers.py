"""Users become players, whatever way they are saved; and nothing that happens to the game keeps anybody out."""

from __future__ import annotations

import io
import logging

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models.signals import post_save, pre_delete
from django.test import override_settings
from django.test.utils import isolate_apps

from django_playlyfe import receivers, services
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import PlayerNotFound
from django_playlyfe.models import PlayerLink

pytestmark = pytest.mark.django_db


def with_settings(**keys):
    return override_settings(PLAYLYFE={"default": {"BACKEND": "django_playlyfe.backends.engine.EngineBackend", **keys}})


def user_fields(user):
    return {field.name: getattr(user, field.name) for field in user._meta.fields}


def broken_backend():
    return override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.BrokenBackend"}})


class BrokenBackend(EngineBackend):
    """Its database fails in the middle of everything."""

    def create_player(self, player_id, *, alias, email=None):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM a_table_that_is_not_there")

    def delete_player(self, player_id):
        self.create_player(player_id, alias="")


def link_of(user):
    return PlayerLink.objects.filter(user=user).first()


@pytest.fixture(autouse=True)
def nothing_logged_yet():
    receivers._already_logged.clear()


@pytest.mark.contract
@pytest.mark.usefixtures("game")
class TestRegistration:
    def test_a_new_user_is_a_player_at_once(self, make_user):
        user = make_user()
        link = link_of(user)
        assert link.state == "linked"
        assert link.player_id == str(user.pk)
        assert services.profile(user).points("xp") == 0

    def test_the_alias_shows_no_address(self, make_user):
        assert "@" not in services.profile(make_user(email="ada@example.org")).alias

    def test_a_registration_that_is_rolled_back_leaves_no_player(self, make_user, rolled_back):
        with rolled_back():
            player_id = str(make_user().pk)
        with pytest.raises(PlayerNotFound):
            services.profile(player_id)

    def test_registering_and_playing_in_one_transaction_works(self, make_user):
        with transaction.atomic():
            user = make_user()
            services.play(user, "finish_book", {"pages": 100})
        assert services.profile(user).points("xp") == 10

    def test_an_inactive_user_is_a_disabled_player(self, make_user):
        assert services.profile(make_user(is_active=False)).enabled is False

    def test_fixtures_create_nobody(self, make_user):
        user = make_user()
        saved = serializers.serialize("json", [user])
        user.delete()
        for loaded in serializers.deserialize("json", saved):
            loaded.save()
        assert get_user_model().objects.filter(pk=user.pk or loaded.object.pk).exists()
        assert PlayerLink.objects.count() == 0

    def test_the_filtered_are_left_out(self, make_user):
        with with_settings(PLAYER_FILTER=lambda user: False):
            assert link_of(make_user()) is None

    def test_without_create_players_nobody_is_created(self, make_user):
        with with_settings(CREATE_PLAYERS=False):
            user = make_user()
            user.is_active = False
            user.save()
        assert link_of(user) is None

    def test_a_user_saved_as_a_proxy_is_a_player(self, make_user):
        with isolate_apps("django_playlyfe"):

            class Reader(get_user_model()):
                class Meta:
                    app_label = "django_playlyfe"
                    proxy = True

        template = make_user()
        fields = {"email": "proxy@example.org", "password": "!"}
        if hasattr(template, "username"):
            fields["username"] = "proxy"
        user = Reader.objects.create(**fields)
        assert services.profile(user).points("xp") == 0
        user.delete()
        assert PlayerLink.objects.count() == 1

    def test_a_user_saved_as_a_child_class_is_a_player(self, make_user):
        with isolate_apps("django_playlyfe"):

            class Librarian(get_user_model()):
                class Meta:
                    app_label = "django_playlyfe"

        with with_settings(CREATE_PLAYERS=False):
            user = make_user()
        librarian = Librarian(pk=user.pk, **user_fields(user))
        librarian._state.db = "default"
        post_save.send(
            sender=Librarian, instance=librarian, created=True, raw=False, using="default", update_fields=None
        )
        assert link_of(user).state == "linked"

    @pytest.mark.django_db(transaction=True)
    def test_the_player_goes_with_the_user_and_not_with_the_row_of_a_child_class(self, make_user):
        with isolate_apps("django_playlyfe"):

            class Librarian(get_user_model()):
                class Meta:
                    app_label = "django_playlyfe"

        with connection.schema_editor() as editor:
            editor.create_model(Librarian)
        try:
            users = [make_user(), make_user()]
            rows = [Librarian(pk=user.pk, **user_fields(user)) for user in users]
            for row in rows:
                row.save_base(raw=True)
            rows[0].delete(keep_parents=True)
            assert link_of(users[0]).state == "linked"
            rows[1].delete()
            assert link_of(users[1]) is None
            assert list(get_user_model().objects.values_list("pk", flat=True)) == [users[0].pk]
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(Librarian)

    def test_other_models_are_none_of_our_business(self, count_queries):
        from django.contrib.sessions.models import Session

        with count_queries() as counted:
            Session.objects.filter(pk="x").delete()
        assert len(counted) == 1, "one DELETE: no receiver keeps Django from deleting in one statement"
        assert not pre_delete.has_listeners(Session)

    def test_it_costs_six_queries_and_no_more_with_many_players(self, make_user, count_queries):
        for _ in range(3):
            make_user()
        with with_settings(CREATE_PLAYERS=False), count_queries() as without:
            make_user()
        with count_queries() as counted:
            make_user()
        assert len(counted) - len(without) == 6


@pytest.mark.usefixtures("game")
class TestLaterSaves:
    def test_a_new_name_becomes_the_alias(self, make_user):
        user = make_user(username="ada")
        user.username = "countess"
        user.save()
        assert services.profile(user).alias == "countess"

    def test_a_deactivated_user_is_a_disabled_player(self, make_user):
        user = make_user()
        user.is_active = False
        user.save()
        assert services.profile(user).enabled is False
        user.is_active = True
        user.save()
        assert services.profile(user).enabled is True

    def test_a_save_that_changes_nothing_for_the_game_costs_one_query(self, make_user, count_queries):
        user = make_user()
        user.first_name = "Ada"
        with count_queries() as counted:
            user.save()
        assert len(counted) == 2, "the user's own UPDATE and one look at the link"

    def test_a_login_costs_nothing(self, make_user, count_queries):
        user = make_user()
        with count_queries() as counted:
            user.save(update_fields=["last_login"])
        assert len(counted) == 1

    def test_a_user_without_a_player_gets_none_by_a_later_save(self, make_user):
        user = make_user()
        services.forget_player(user)
        user.save()
        assert link_of(user) is None

    def test_the_player_id_never_changes(self, make_user):
        with with_settings(PLAYER_ID=lambda user: user.username):
            user = make_user(username="ada")
            user.username = "countess"
            user.save()
            assert link_of(user).player_id == "ada"
            assert services.profile(user).alias == "countess"

    def test_a_hostile_name_keeps_nobody_from_registering(self, make_user):
        with with_settings(PLAYER_ALIAS=lambda user: "\x00<script>\u202e" + "x" * 400):
            user = make_user()
        assert services.profile(user).alias.startswith("<script>")

    def test_an_address_is_sent_only_if_the_site_names_a_function_for_it(self, make_user):
        first = make_user(email="ada@example.org")
        with with_settings(PLAYER_EMAIL=lambda user: user.email):
            second = make_user(email="grace@example.org")
        assert "ada@example.org" not in str(services.export(first))
        assert "grace@example.org" in str(services.export(second))

    def test_days_of_streaks_are_those_of_the_zone_that_the_site_names(self, make_user):
        zones = {"ada": "Pacific/Kiritimati", "bob": "Atlantis/Poseidon", "eve": None}
        with with_settings(PLAYER_TIMEZONE=lambda user: zones[user.username]):
            users = {name: make_user(username=name) for name in zones}
            told = {name: services.export(user)["player"]["timezone"] for name, user in users.items()}
            assert told == {"ada": "Pacific/Kiritimati", "bob": "", "eve": ""}
            zones |= {"ada": "", "bob": "Europe/Lisbon"}
            for user in users.values():
                user.save()
            told = {name: services.export(user)["player"]["timezone"] for name, user in users.items()}
            assert told == {"ada": "", "bob": "Europe/Lisbon", "eve": ""}


@pytest.mark.usefixtures("game")
class TestDeletion:
    def test_a_deleted_user_is_forgotten(self, make_user):
        user = make_user()
        player_id = link_of(user).player_id
        user.delete()
        assert PlayerLink.objects.count() == 0
        with pytest.raises(PlayerNotFound):
            services.profile(player_id)

    def test_users_deleted_by_a_query_are_forgotten(self, make_user):
        player_ids = [link_of(make_user()).player_id for _ in range(3)]
        get_user_model().objects.all().delete()
        for player_id in player_ids:
            with pytest.raises(PlayerNotFound):
                services.profile(player_id)

    def test_the_player_of_a_deleted_user_is_kept_if_the_site_says_so(self, make_user):
        user = make_user()
        player_id = link_of(user).player_id
        with with_settings(ON_USER_DELETE="keep"):
            user.delete()
        assert services.profile(player_id).id == player_id
        assert PlayerLink.objects.count() == 0

    def test_a_deletion_that_is_rolled_back_forgets_nobody(self, make_user, rolled_back):
        user = make_user()
        with rolled_back():
            get_user_model().objects.filter(pk=user.pk).delete()
        assert services.profile(user).points("xp") == 0

    def test_a_game_that_fails_keeps_nobody_from_leaving(self, make_user, caplog):
        user = make_user()
        with broken_backend():
            user.delete()
        assert get_user_model().objects.count() == 0
        assert "failed about the user" in caplog.text


class TestFailure:
    def test_before_a_design_is_loaded_users_are_saved_and_the_log_says_once_what_to_do(self, make_user, caplog):
        first, second = make_user(), make_user()
        assert link_of(first).state == link_of(second).state == "failed"
        (record,) = [record for record in caplog.records if record.name == "django_playlyfe"]
        assert record.levelno == logging.ERROR
        assert "playlyfe_engine_load" in record.getMessage()
        assert "playlyfe_sync_players" in record.getMessage()

    def test_createsuperuser_works_on_a_fresh_site(self):
        model = get_user_model()
        fields = {model.USERNAME_FIELD: "root", **dict.fromkeys(model.REQUIRED_FIELDS, "root@example.org")}
        call_command("createsuperuser", interactive=False, verbosity=0, **fields)
        assert model.objects.get().is_superuser

    def test_a_failing_database_leaves_the_user_saved(self, make_user, caplog):
        with broken_backend(), transaction.atomic():
            user = make_user()
        assert get_user_model().objects.filter(pk=user.pk).exists()
        assert link_of(user).state == "failed"
        assert "failed about the user" in caplog.text

    def test_the_log_tells_no_name(self, make_user, caplog):
        with broken_backend():
            make_user(username="ada-the-secret")
        assert "ada-the-secret" not in caplog.text.replace(f"{BrokenBackend}", "")

    def test_wrong_settings_leave_the_user_saved(self, make_user, caplog):
        with override_settings(PLAYLYFE={"default": {"CREATE_PLAYERS": "False"}}):
            user = make_user()
            user.delete()
        assert "the settings are wrong" in caplog.text

    @pytest.mark.usefixtures("game")
    def test_an_id_that_the_game_refuses_leaves_the_user_saved(self, make_user):
        with with_settings(PLAYER_ID=lambda user: ":" + user.username):
            user = make_user()
        assert link_of(user).state == "failed"
        assert get_user_model().objects.filter(pk=user.pk).exists()

    @pytest.mark.parametrize("name", ["PLAYER_ALIAS", "PLAYER_ID", "PLAYER_FILTER", "PLAYER_EMAIL"])
    @pytest.mark.usefixtures("game")
    def test_a_function_of_the_sites_own_that_raises_leaves_the_user_saved(self, name, make_user, caplog):
        with with_settings(**{name: lambda user: user.profile_of_another_app.nickname}):
            user = make_user()
            user.is_active = False
            user.save()
            with pytest.raises(CommandError) as caught:
                call_command("playlyfe_sync_players", verbosity=0, stdout=io.StringIO(), stderr=io.StringIO())
        assert caught.value.returncode == 1, "it has gone on to the end"
        assert get_user_model().objects.filter(pk=user.pk, is_active=False).exists()
        assert "profile_of_another_app" in caplog.text, "with its traceback, as it is a bug of the site"
        link = link_of(user)
        assert link is None or link.state == "failed"
        user.is_active = True
        user.save()
        call_command("playlyfe_sync_players", stdout=io.StringIO())
        assert link_of(user).state == "linked"

    @pytest.mark.usefixtures("game")
    def test_an_id_that_somebody_has_leaves_both_users_saved(self, make_user):
        with with_settings(PLAYER_ID=lambda user: "everybody"):
            first, second = make_user(), make_user()
        assert link_of(first).state == "linked"
        assert link_of(second) is None

    @pytest.mark.usefixtures("game")
    def test_an_id_function_that_answers_nothing_is_a_wrong_setting(self, make_user, caplog):
        with with_settings(PLAYER_ID=lambda user: ""):
            user = make_user()
        assert link_of(user) is None
        assert "PLAYER_ID" in caplog.text

    @pytest.mark.usefixtures("game")
    def test_a_failed_player_is_made_by_the_next_play(self, make_user):
        with broken_backend():
            user = make_user()
        assert services.play(user, "finish_book", {"pages": 100})
        assert link_of(user).state == "linked"
