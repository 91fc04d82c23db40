"""The admin of player links, on a site of any user model."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import override_settings
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape

from django_playlyfe import services
from django_playlyfe.admin import PlayerLinkAdmin
from django_playlyfe.backends.base import GameBackend
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.exceptions import InvalidRequest, PlayerNotFound
from django_playlyfe.models import PlayerLink
from django_playlyfe.services import reads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game")]

ENGINE = "django_playlyfe.backends.engine.EngineBackend"
LIST = "admin:django_playlyfe_playerlink_changelist"


class Refusing(EngineBackend):
    def create_player(self, player_id, *, alias, email=None):
        raise InvalidRequest("not today")


class Elsewhere(EngineBackend):
    """A game that this site has no pages about."""

    player_page = GameBackend.player_page


@pytest.fixture
def staff(make_user, client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def make_unlinked(make_user):
    def make(**fields):
        with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
            return make_user(**fields)

    return make


def run_action(client, action, links, **more):
    data = {"action": action, "_selected_action": [link.pk for link in links], **more}
    return client.post(reverse(LIST), data, follow=True).content.decode()


@pytest.mark.usefixtures("staff")
class TestList:
    @pytest.mark.contract
    def test_it_shows_links_and_their_users(self, client, make_user):
        user = make_user()
        shown = client.get(reverse(LIST)).content.decode()
        assert str(user) in shown
        assert "linked" in shown

    @pytest.mark.contract
    def test_it_is_searched_by_the_names_of_the_user_model(self, client, make_user, staff):
        user = make_user()
        shown = client.get(reverse(LIST), {"q": user.get_username()}).content.decode()
        assert f">{user}<" in shown
        assert f"user__{get_user_model().USERNAME_FIELD}" in PlayerLinkAdmin.get_search_fields(_admin(), None)

    def test_it_costs_the_same_for_many_links(self, client, make_user, count_queries):
        make_user()
        with count_queries() as few:
            client.get(reverse(LIST))
        for _ in range(10):
            make_user()
        with count_queries() as many:
            client.get(reverse(LIST))
        assert len(few) == len(many)

    def test_no_list_counts_a_whole_table_or_asks_which_values_there_are(self, client, make_user, count_queries):
        make_user()
        for query in ({}, {"state": "failed"}, {"game": "default"}, {"_facets": "True"}, {"q": "ada"}, {"o": "5"}):
            with count_queries() as counted:
                assert client.get(reverse(LIST), query).status_code in (200, 302)
            about_links = [sql for sql in counted if "playlyfe_playerlink" in sql and "FROM" in sql]
            assert about_links
            assert all("LIMIT" in sql for sql in about_links if "COUNT(" in sql), query
            assert not any("DISTINCT" in sql for sql in about_links), query

    def test_links_of_one_state_are_shown(self, client, make_user):
        user, failed = make_user(), make_user()
        PlayerLink.objects.filter(user=failed).update(state="failed")
        shown = client.get(reverse(LIST), {"state": "failed"}).context["cl"].queryset
        users = {link.user for link in shown}
        assert failed in users
        assert user not in users
        everybody = client.get(reverse(LIST), {"state": "nonsense"}).context["cl"].queryset
        assert {link.user for link in everybody} >= {user, failed}

    def test_whole_ids_are_found_among_all_links_and_parts_of_names_among_the_newest(
        self, client, make_user, monkeypatch
    ):
        old = make_user()
        old_link = PlayerLink.objects.get(user=old)
        new = PlayerLink.objects.get(user=make_user())
        monkeypatch.setattr("django_playlyfe.admin.links.MOST_PAGED", 1)

        def found(term):
            return set(client.get(reverse(LIST), {"q": term}).context["cl"].queryset)

        for term in (old_link.player_id, str(old.pk), old.get_username()):
            assert old_link in found(term), term
        assert new in found(new.user.get_username()[:-1])
        assert old_link not in found(old.get_username()[:-1])
        assert found("nobody at all") == set()


def _admin():
    return admin.site.get_model_admin(PlayerLink)


class TestUserField:
    def test_users_are_searched_by_typing_where_the_user_admin_can(self, rf):
        assert _admin().get_autocomplete_fields(rf.get("/")) == ("user",)

    def test_otherwise_the_primary_key_is_asked_for(self, rf):
        site = admin.AdminSite()
        assert PlayerLinkAdmin(PlayerLink, site).get_autocomplete_fields(rf.get("/")) == ()
        site.register(get_user_model(), admin.ModelAdmin)
        assert PlayerLinkAdmin(PlayerLink, site).get_autocomplete_fields(rf.get("/")) == ()
        assert "user" in PlayerLinkAdmin.raw_id_fields


@pytest.mark.usefixtures("staff")
class TestAdd:
    @pytest.fixture
    def add(self, client):
        def add(user, player_id):
            data = {"game": "default", "user": user.pk, "player_id": player_id}
            return client.post(reverse("admin:django_playlyfe_playerlink_add"), data)

        return add

    def test_the_form_offers_the_games_of_the_settings(self, client):
        page = client.get(reverse("admin:django_playlyfe_playerlink_add"))
        assert '<option value="default">default</option>' in page.content.decode()

    def test_a_user_is_linked_to_a_player_who_exists(self, add, make_unlinked):
        EngineBackend(_settings()).create_player("old", alias="Old")
        user = make_unlinked()
        assert add(user, "old").status_code == 302
        assert services.ensure_player(user).player_id == "old"

    def test_a_player_who_does_not_exist_is_refused_in_the_form(self, add, make_unlinked):
        page = add(make_unlinked(), "nobody")
        assert page.status_code == 200
        assert "No player exists with that id" in page.content.decode()

    def test_an_incomplete_form_is_shown_again(self, add, make_unlinked):
        assert add(make_unlinked(), "").status_code == 200

    def test_a_link_that_exists_cannot_become_another_players(self, client, make_user):
        link = services.ensure_player(make_user())
        url = reverse("admin:django_playlyfe_playerlink_change", args=[link.pk])
        assert client.get(url).status_code == 200
        client.post(url, {"player_id": "somebody-else"})
        link.refresh_from_db()
        assert link.player_id != "somebody-else"

    def test_a_link_leads_to_the_players_page_and_back(self, client, make_user):
        link = services.ensure_player(make_user())
        address = reads.player_page(link.player_id)
        one = reverse("admin:django_playlyfe_playerlink_change", args=[link.pk])
        for page in (reverse(LIST), one):
            assert escape(address) in client.get(page).content.decode()
        shown = client.get(address, follow=True)
        assert shown.context["player"].player_id == link.player_id
        assert link.player_id in client.get(shown.context["user_link"]).content.decode()

    def test_a_game_elsewhere_or_unknown_has_no_such_page(self, client, make_user):
        link = services.ensure_player(make_user())
        with override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.Elsewhere"}}):
            assert reads.player_page(link.player_id) == ""
            assert "/named/" not in client.get(reverse(LIST)).content.decode()
        PlayerLink.objects.update(game="gone")
        assert "/named/" not in client.get(reverse(LIST)).content.decode()

    def test_without_the_engine_in_the_admin_there_is_no_such_page(self, monkeypatch):
        def missing(*_arguments, **_named):
            raise NoReverseMatch

        monkeypatch.setattr("django_playlyfe.backends.engine.by_hand.reverse", missing)
        assert reads.player_page("ada") == ""


@pytest.mark.usefixtures("staff")
class TestActions:
    def test_missing_players_are_created(self, client, make_user, staff):
        with override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.Refusing"}}):
            user = make_user()
        link = PlayerLink.objects.get(user=user)
        assert link.state == "failed"
        shown = run_action(client, "repair_selected", [link, services.ensure_player(staff)])
        assert "1 player was brought up to date" in shown
        assert services.profile(user).points("xp") == 0

    def test_what_fails_is_said(self, client, make_user):
        with override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.Refusing"}}):
            user = make_user()
            shown = run_action(client, "repair_selected", PlayerLink.objects.filter(user=user))
        assert "1 player failed" in shown

    def test_names_are_refreshed(self, client, make_user):
        user = make_user()
        get_user_model().objects.filter(pk=user.pk).update(username="countess")
        shown = run_action(client, "refresh_selected", PlayerLink.objects.filter(user=user))
        assert "1 player was brought up to date" in shown
        assert services.profile(user).alias == "countess"

    def test_forgetting_asks_first_and_then_erases(self, client, make_user):
        user = make_user()
        player_id = services.ensure_player(user).player_id
        links = PlayerLink.objects.filter(user=user)
        assert "Forget selected players" in client.get(reverse(LIST)).content.decode()
        assert "Are you sure" in run_action(client, "delete_selected", links)
        assert services.profile(player_id).id == player_id
        run_action(client, "delete_selected", links, post="yes")
        with pytest.raises(PlayerNotFound):
            services.profile(player_id)
        assert get_user_model().objects.filter(pk=user.pk).exists()

    def test_deleting_one_link_erases_its_player(self, client, make_user):
        link = services.ensure_player(make_user())
        client.post(reverse("admin:django_playlyfe_playerlink_delete", args=[link.pk]), {"post": "yes"})
        with pytest.raises(PlayerNotFound):
            services.profile(link.player_id)

    def test_somebody_who_may_only_look_is_offered_nothing(self, rf, make_user):
        request = rf.get("/")
        request.user = make_user(is_staff=True)
        assert _admin().get_actions(request) == {}


def _settings():
    from django_playlyfe.conf import game_settings

    return game_settings()
