"""docs/recipes.rst: each recipe is run. Those of Django REST framework and Ninja only where these are installed."""

from __future__ import annotations

import json
import sys
import types

import pytest
from asgiref.sync import async_to_sync
from django.db.models.signals import post_save
from django.test import Client

from django_playlyfe import services
from testproject.library import models
from testproject.library.models import Book
from tests.docs.test_documentation import CODE, DOCS, blocks

PAGE = DOCS / "recipes.rst"
RUN = {
    "code of a model",
    "code that deletes",
    "code of an async view",
    "code of an async transaction",
    "rest_framework viewset",
    "rest_framework mixin",
    "ninja routes",
}
"""Names of the blocks that a test here runs."""

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def recipe(monkeypatch):
    """``recipe(name)``: what the block of this name defines, on a site whose app ``library`` is the demo's."""
    package = types.ModuleType("library")
    monkeypatch.setitem(sys.modules, "library", package)
    monkeypatch.setitem(sys.modules, "library.models", models)

    def run(name):
        (text,) = [text for _, title, text in blocks(PAGE) if title == name]
        defined = {"__name__": "recipes"}
        exec(text, defined)
        return types.SimpleNamespace(**defined)

    return run


def xp(user):
    return services.profile(user).points("xp")


def test_each_block_is_run_by_a_test_of_this_module():
    assert {name for language, name, _ in blocks(PAGE) if language in CODE} == RUN


def test_a_model_plays_and_a_deleted_row_takes_its_play_back(recipe, user):
    recipe("code of a model")
    try:
        book = Book.objects.create(owner=user, title="t", pages=100)
        assert xp(user) == 10
        recipe("code that deletes").remove(book)
    finally:
        post_save.disconnect(dispatch_uid=("django_playlyfe.plays_on_create", Book, "finish_book", "default"))
    assert xp(user) == 0
    assert not Book.objects.exists()


def test_an_async_view_plays_and_answers(recipe, user, rf):
    request = rf.post("/", {"pages": "100"})

    async def auser():
        return user

    request.auser = auser
    answer = async_to_sync(recipe("code of an async view").finish)(request)
    assert json.loads(answer.content) == {"status": "applied", "experience": 10}


def test_an_async_transaction_saves_and_plays(recipe, user):
    book = Book(owner=user, title="t", pages=100)
    assert async_to_sync(recipe("code of an async transaction").add)(book).status == "applied"
    assert book.pk is not None
    assert xp(user) == 10


def test_a_viewset_says_what_was_earned_and_takes_it_back(recipe, user):
    pytest.importorskip("rest_framework")
    from rest_framework.test import APIRequestFactory, force_authenticate

    view = recipe("rest_framework viewset").BookViewSet.as_view({"post": "create", "delete": "destroy"})

    def send(request, **arguments):
        force_authenticate(request, user)
        return view(request, **arguments)

    requests = APIRequestFactory()
    answers = [
        send(requests.post("/", {"title": "t", "pages": 100, "genre": "history"}, format="json")) for _ in range(6)
    ]
    assert [answer.status_code for answer in answers] == [201] * 6
    assert answers[0].data["game"]["status"] == "applied"
    assert "+10 Experience" in answers[0].data["game"]["earned"]
    assert answers[5].data["game"]["status"] == "refused"
    assert answers[5].data["game"]["error"]
    for answer in answers:
        assert send(requests.delete("/"), pk=answer.data["id"]).status_code == 204
    assert xp(user) == 0


def test_the_mixin_plays_for_whom_the_framework_authenticated(recipe, user):
    pytest.importorskip("rest_framework")
    from rest_framework.test import APIRequestFactory, force_authenticate

    request = APIRequestFactory().post("/", {"pages": 100}, format="json")
    force_authenticate(request, user)
    assert recipe("rest_framework mixin").Finish.as_view()(request).data == {"ok": True}
    assert xp(user) == 10


def test_ninja_routes_play_and_show_the_board(recipe, user, settings):
    pytest.importorskip("ninja")
    from django.urls import path

    urls = types.ModuleType("recipe_urls")
    urls.urlpatterns = [path("api/", recipe("ninja routes").api.urls)]
    settings.ROOT_URLCONF = urls
    client = Client()
    assert client.post("/api/finished", {"pages": 100}, content_type="application/json").status_code == 401
    client.force_login(user)
    answer = client.post("/api/finished", {"pages": 100}, content_type="application/json")
    assert answer.json() == {"status": "applied", "experience": 10}
    assert client.post("/api/short-story").json() == {"ok": True}
    assert services.profile(user).points("xp") == 12
    (alias,) = client.get("/api/board").json()
    assert alias == user.get_username()
