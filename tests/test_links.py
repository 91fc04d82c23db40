"""Who is which player: links, the default ids and aliases, and what may stand for a player in a call."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from django_playlyfe import players, services
from django_playlyfe.exceptions import AccessDenied, Conflict, InvalidRequest, PlayerNotFound
from django_playlyfe.models import PlayerLink
from django_playlyfe.players.links import database_of
from django_playlyfe.services import enrolment

pytestmark = pytest.mark.django_db

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


def unlinked(make_user):
    """A user whom no signal has made a player."""
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
        return make_user()


class TestDefaults:
    def test_the_player_id_is_the_primary_key_as_text(self, make_user):
        user = make_user()
        assert players.player_id(user) == str(user.pk)

    def test_the_alias_is_the_username(self):
        assert players.player_alias(get_user_model()(pk=1, username="ada")) == "ada"

    @pytest.mark.parametrize("username", ["ada@example.org", "@ada", "", "   "])
    def test_what_may_be_an_address_or_is_empty_never_becomes_an_alias(self, username):
        alias = players.player_alias(get_user_model()(pk=1, username=username))
        assert alias.startswith("Player ")
        assert "ada" not in alias

    def test_a_user_model_without_a_username_gives_a_name_that_tells_nothing(self):
        class Person:
            pk = 17

            def get_username(self):
                return "+351 912 345 678"

        assert players.player_alias(Person()) == players.player_alias(Person())
        assert "351" not in players.player_alias(Person())

    def test_a_made_up_alias_does_not_depend_on_the_language_of_the_visitor(self):
        user = get_user_model()(pk=1, username="ada@example.org")
        alias = players.player_alias(user)
        with translation.override("de"):
            assert players.player_alias(user) == alias

    def test_everybody_is_a_player(self, make_user):
        assert players.is_player(make_user()) is True


class TestLink:
    def test_a_user_is_one_player_of_a_game(self, make_user):
        user = unlinked(make_user)
        PlayerLink.objects.create(user=user, player_id="a")
        with pytest.raises(IntegrityError), transaction.atomic():
            PlayerLink.objects.create(user=user, player_id="b")
        PlayerLink.objects.create(user=user, player_id="a", game="chess")

    def test_a_player_is_one_user_of_a_game(self, make_user):
        PlayerLink.objects.create(user=unlinked(make_user), player_id="a")
        with pytest.raises(IntegrityError), transaction.atomic():
            PlayerLink.objects.create(user=unlinked(make_user), player_id="a")

    def test_it_is_written_to_the_database_of_its_user(self, make_user):
        user = make_user()
        assert database_of(user) == "default"
        user._state.db = "elsewhere"
        assert database_of(user) == "elsewhere"
        assert database_of("a player id") == "default"

    def test_its_text_names_game_and_player(self):
        assert str(PlayerLink(game="chess", player_id="ada")) == "chess: ada"


@pytest.mark.contract
@pytest.mark.usefixtures("game")
class TestEnsure:
    def test_a_missing_player_is_created(self, make_user):
        user = unlinked(make_user)
        link = services.ensure_player(user)
        assert (link.state, link.player_id, link.user) == ("linked", str(user.pk), user)
        assert services.profile(user).points("xp") == 0

    def test_it_is_safe_to_repeat(self, make_user):
        user = make_user()
        assert services.ensure_player(user).pk == services.ensure_player(user).pk

    def test_a_player_whom_the_game_has_already_is_taken_over_without_old_news(self, make_user):
        user = make_user()
        services.play(user, "finish_book", {"pages": 100})
        PlayerLink.objects.all().delete()
        assert services.ensure_player(user).state == "linked"
        assert services.profile(user).points("xp") == 10
        assert services.feedback(user) == []
        services.play(user, "finish_book", {"pages": 100})
        assert len(services.feedback(user)) == 1

    def test_a_pending_link_is_finished(self, make_user):
        user = unlinked(make_user)
        PlayerLink.objects.create(user=user, player_id=str(user.pk), state="pending")
        assert services.ensure_player(user).state == "linked"
        assert PlayerLink.objects.get().state == "linked"

    def test_the_filtered_are_refused(self, make_user):
        with (
            override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "PLAYER_FILTER": lambda user: False}}),
            pytest.raises(AccessDenied),
        ):
            services.ensure_player(make_user())

    def test_an_id_that_another_user_has_is_a_conflict_and_writes_nothing(self, make_user):
        user = unlinked(make_user)
        PlayerLink.objects.create(user=unlinked(make_user), player_id=str(user.pk))
        with pytest.raises(Conflict, match="linked to another user"):
            services.ensure_player(user)
        assert not PlayerLink.objects.filter(user=user).exists()

    def test_the_loser_of_a_race_gets_the_winners_link(self, make_user):
        user = make_user()
        from django_playlyfe.backends import games

        link = enrolment.create(user, games["default"], None)  # as if the look-up had found no link yet
        assert link == PlayerLink.objects.get()


@pytest.mark.usefixtures("game")
class TestLinkPlayer:
    def existing(self, make_user):
        """A player with a history whom no user is linked to any more."""
        owner = make_user()
        services.play(owner, "finish_book", {"pages": 100})
        player_id = services.ensure_player(owner).player_id
        PlayerLink.objects.all().delete()
        return player_id

    def test_a_user_can_be_an_existing_player(self, make_user):
        player_id = self.existing(make_user)
        user = unlinked(make_user)
        services.link_player(user, player_id)
        assert services.profile(user).points("xp") == 10
        assert services.feedback(user) == [], "the history of the player is no news"

    def test_a_player_whom_the_game_does_not_have_is_refused(self, make_user):
        user = unlinked(make_user)
        with pytest.raises(PlayerNotFound):
            services.link_player(user, "nobody")
        assert PlayerLink.objects.count() == 0

    def test_it_is_safe_to_repeat(self, make_user):
        user = make_user()
        link = services.ensure_player(user)
        assert services.link_player(user, link.player_id) == link

    def test_a_user_cannot_become_somebody_else(self, make_user):
        user = make_user()
        with pytest.raises(Conflict, match="is the player"):
            services.link_player(user, "somebody")

    def test_a_player_cannot_become_two_users(self, make_user):
        player_id = services.ensure_player(make_user()).player_id
        with pytest.raises(Conflict, match="linked to another user"):
            services.link_player(unlinked(make_user), player_id)

    def test_a_failed_link_is_finished(self, make_user):
        player_id = self.existing(make_user)
        user = unlinked(make_user)
        PlayerLink.objects.create(user=user, player_id="wrong", state="failed")
        assert services.link_player(user, player_id).state == "linked"
        assert PlayerLink.objects.get().player_id == player_id

    def test_the_alias_follows_with_the_next_save(self, make_user):
        player_id = self.existing(make_user)
        user = unlinked(make_user)
        services.link_player(user, player_id)
        user.save()
        assert services.profile(user).alias == user.username


@pytest.mark.usefixtures("game")
class TestWhoIsMeant:
    def test_an_anonymous_user_is_a_mistake_that_is_raised_at_once(self):
        for call in (services.profile, services.actions, services.ensure_player, services.feedback, services.activity):
            with pytest.raises(InvalidRequest, match="anonymous"):
                call(AnonymousUser())
        with pytest.raises(InvalidRequest, match="anonymous"):
            services.play(AnonymousUser(), "finish_book", {"pages": 1})

    def test_an_unsaved_user_is_a_mistake_too(self):
        with pytest.raises(InvalidRequest, match="no primary key"):
            services.profile(get_user_model()())

    @pytest.mark.parametrize("nobody", [None, 17, b"17"])
    def test_what_is_no_user_is_a_type_error(self, nobody):
        with pytest.raises(TypeError, match="a user or a player id"):
            services.profile(nobody)

    def test_the_lazy_user_of_a_request_is_a_user(self, make_user):
        user = make_user()
        lazy = SimpleLazyObject(lambda: user)
        assert services.play(lazy, "finish_book", {"pages": 100})
        assert services.profile(lazy).points("xp") == 10

    def test_a_user_who_is_no_player_is_not_made_one_by_reading(self, make_user):
        user = unlinked(make_user)
        with pytest.raises(PlayerNotFound, match="not a player"):
            services.profile(user)
        assert PlayerLink.objects.count() == 0

    def test_a_player_id_needs_no_user(self, make_user):
        player_id = services.ensure_player(make_user()).player_id
        assert services.profile(player_id).id == player_id


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("game")
def test_many_requests_at_once_make_one_player(make_user):
    user = unlinked(make_user)
    failures = []

    def ensure():
        try:
            services.ensure_player(user)
        except Exception as error:  # every failure of a thread is the failure of the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ensure) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert PlayerLink.objects.get().state == "linked"
    assert services.profile(user).points("xp") == 0
