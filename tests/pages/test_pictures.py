"""Pictures of badges and levels: the site's own, else the game's through a view of the site, else the package's."""

from __future__ import annotations

import base64

import pytest
from django.test import Client
from django.urls import reverse

from django_playlyfe import delivery, services
from django_playlyfe.backends import games
from django_playlyfe.client.exchange import Exchange
from django_playlyfe.exceptions import ConfigurationError, ServerError
from django_playlyfe.types.pictures import Picture
from django_playlyfe.widgets import artwork
from tests.pages.showing import failing, render

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
MEDAL, SHIELD = "/static/django_playlyfe/medal.svg", "/static/django_playlyfe/level.svg"


def picture_of(kind, name, alias="default"):
    return reverse("playlyfe:picture", kwargs={"alias": alias, "kind": kind, "name": name})


@pytest.fixture(autouse=True)
def own_pictures(monkeypatch):
    """Those among the site's static files, by slug: none, as on a site that is not the demo."""
    own = {}
    monkeypatch.setattr(artwork, "_own_picture", own.get)
    return own


@pytest.fixture
def pictured(game):
    """The game has a picture of its own of the badge Bookworm and of the level Scholar. Gives the badge's, by size."""
    from django_playlyfe.engine import services as engine
    from django_playlyfe.engine.design.load import read
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.engine.versions.activation import activate
    from tests.conftest import DESIGNS

    files = {size: PNG + size.encode() for size in services.PICTURE_SIZES}
    design = read(DESIGNS / "library_quest.json")
    for metric in design["metrics"]:
        for member in [*metric["constraints"].get("items", ()), *metric["constraints"].get("states", ())]:
            if member["name"] in {"Bookworm", "Scholar"}:
                member["image"] = engine.add_design_image(Realm("library_quest"), files)
    activate(Realm("library_quest"), design)
    return files


@pytest.mark.django_db
class TestOnThisDatabase:
    """The embedded engine."""

    @pytest.fixture(autouse=True)
    def site(self, plain_site, pictured, noon):
        """Its templates are the package's."""

    def test_a_badge_and_a_level_of_the_game_have_its_picture(self, client, pictured):
        for kind, name in (("badge", "Bookworm"), ("level", "Scholar")):
            answer = client.get(picture_of(kind, name), {"size": "medium"})
            assert answer.status_code == 200
            assert answer.content == pictured["medium"]
            assert answer.headers["Content-Type"] == "image/png"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "private, max-age=3600"

    def test_the_size_of_a_badge_on_a_page_is_the_usual_one(self, client, pictured):
        assert client.get(picture_of("badge", "Bookworm")).content == pictured["small"]

    def test_a_browser_that_has_it_gets_nothing_again(self, client):
        etag = client.get(picture_of("badge", "Bookworm")).headers["ETag"]
        answer = client.get(picture_of("badge", "Bookworm"), headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
        assert answer.headers["Cache-Control"] == "private, max-age=3600"

    @pytest.mark.parametrize(("kind", "name", "art"), [("badge", "Bookmark", MEDAL), ("level", "Reader", SHIELD)])
    def test_where_the_design_names_no_picture_there_is_the_packages(self, client, kind, name, art):
        answer = client.get(picture_of(kind, name))
        assert (answer.status_code, answer.url) == (302, art)
        assert answer.headers["Cache-Control"] == "private, max-age=3600"

    @pytest.mark.parametrize("name", ["Unheard of", "bookworm", "../../etc/passwd", "a/b", "Scholar", "☃"])
    def test_what_the_design_does_not_name_has_no_picture(self, client, name):
        assert client.get(picture_of("badge", name)).url == MEDAL

    @pytest.mark.parametrize("wrong", [{"size": "huge"}, {"size": ""}])
    def test_a_size_that_there_is_not_is_not_found(self, client, wrong):
        assert client.get(picture_of("badge", "Bookworm"), wrong).status_code == 404

    def test_a_game_that_there_is_not_is_not_found(self, client):
        assert client.get(picture_of("badge", "Bookworm", "chess")).status_code == 404

    @pytest.mark.parametrize("method", ["post", "put", "delete"])
    def test_pictures_are_only_read(self, client, method):
        assert getattr(client, method)(picture_of("badge", "Bookworm")).status_code == 405

    @pytest.mark.parametrize("error", [ServerError("The server failed"), ConfigurationError("Wrong setting")])
    def test_a_game_that_fails_has_the_packages_for_a_moment(self, client, monkeypatch, error):
        monkeypatch.setattr(services, "member_picture", failing(error))
        answer = client.get(picture_of("badge", "Bookworm"))
        assert (answer.url, answer.headers["Cache-Control"]) == (MEDAL, "private, max-age=30")

    def test_one_that_is_still_coming_is_passed_on(self, client, monkeypatch):
        closed = []

        class Coming:
            def __iter__(self):
                yield PNG[:8]
                yield PNG[8:]

            def close(self):
                closed.append(True)

        coming = Picture("image/png", Coming(), length=len(PNG), etag='"x"')
        monkeypatch.setattr(services, "member_picture", lambda *args, **named: coming)
        answer = client.get(picture_of("badge", "Bookworm"))
        assert answer.streaming
        assert answer.getvalue() == PNG
        answer.close()
        assert closed

    def test_pages_show_it_and_the_packages_where_there_is_none(self, reader, client):
        services.play(reader, "finish_book", {"pages": 600})
        page = client.get(reverse("playlyfe:profile")).content.decode()
        assert f'<img src="{picture_of("badge", "Bookworm")}?size=small"' in page
        assert page.count(MEDAL) == 1  # Bookmark
        page = client.get(reverse("playlyfe:badge", args=["Bookworm"])).content.decode()
        assert f'<img src="{picture_of("badge", "Bookworm")}?size=medium"' in page

    def test_which_pictures_there_are_costs_a_page_nothing(self, reader, client, count_queries, monkeypatch):
        client.get(reverse("playlyfe:profile"))
        with count_queries() as counted:
            client.get(reverse("playlyfe:profile"))
        monkeypatch.setattr(services, "has_picture", lambda *arguments: False)
        with count_queries() as without:
            client.get(reverse("playlyfe:profile"))
        assert len(counted) == len(without)

    def test_a_picture_among_the_static_files_comes_first(self, own_pictures):
        own_pictures["bookworm"] = "playlyfe/mine.svg"
        assert render('{% playlyfe_artwork "Bookworm" %}') == "/static/playlyfe/mine.svg"
        assert render('{% playlyfe_artwork "Scholar" "level" %}') == picture_of("level", "Scholar") + "?size=small"

    def test_a_site_without_the_packages_addresses_has_the_packages_pictures(self, settings):
        settings.ROOT_URLCONF = "testproject.library.urls"
        assert render('{% playlyfe_artwork "Bookworm" %}') == MEDAL

    def test_a_game_that_cannot_be_used_has_the_packages_pictures(self, settings):
        settings.PLAYLYFE = {"default": {"OPTIONS": {"GAME": "another"}}}
        assert render('{% playlyfe_artwork "Bookworm" %}') == MEDAL


@pytest.mark.django_db(transaction=True)
class TestOfAServer:
    """HTTP: whether there is a picture shows when it is asked for."""

    @pytest.fixture
    def asked(self, monkeypatch):
        """The pictures that were asked for."""
        asked = []
        perform = Exchange.perform

        def note(self, call, *arguments, **options):
            if "/assets/" in call.route:
                asked.append((call.ids["id"], call.query.get("item")))
            return perform(self, call, *arguments, **options)

        monkeypatch.setattr(Exchange, "perform", note)
        return asked

    def test_it_is_fetched_once_for_everybody(self, pictured, remote_game, make_user, client, asked):
        user = make_user()
        delivery.drain()
        client.force_login(user)
        path = render('{% playlyfe_artwork "Bookworm" %}')
        assert path == picture_of("badge", "Bookworm") + "?size=small"
        for _ in range(2):
            answer = client.get(path)
            assert (answer.status_code, answer.content) == (200, pictured["small"])
        assert asked == [("badges", "Bookworm")]

    def test_names_of_strangers_never_reach_the_server(self, pictured, remote_game, make_user, client, asked):
        client.force_login(make_user())
        delivery.drain()
        for name in ("Unheard of", "../../admin/players"):
            assert client.get(picture_of("badge", name)).url == MEDAL
        assert asked == []

    def test_visitors_of_a_game_without_a_reader_see_the_packages(self, pictured, remote_game, asked):
        assert Client().get(picture_of("badge", "Bookworm")).url == MEDAL
        assert asked == []

    def test_visitors_see_it_through_the_eyes_of_the_reader(self, pictured, remote_game, settings, make_user, asked):
        reader = make_user()
        delivery.drain()
        settings.PLAYLYFE = {
            "default": {**settings.PLAYLYFE["default"], "READER_PLAYER_ID": services.profile(reader).id}
        }
        assert Client().get(picture_of("badge", "Bookworm")).content == pictured["small"]
        games["default"].close()
