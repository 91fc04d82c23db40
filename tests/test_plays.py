"""``@plays`` and ``PlaysMixin``: a view that has done its work plays, and answers as it always did."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseRedirect
from django.test import override_settings
from django.utils.decorators import method_decorator
from django.views import View

from django_playlyfe import services
from django_playlyfe.backends.engine import EngineBackend
from django_playlyfe.decorators import plays
from django_playlyfe.exceptions import ActionNotFound, InvalidRequest, ServerError
from django_playlyfe.mixins import PlaysMixin

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]


def pages(request, *args, **kwargs):
    return {"pages": int(request.POST.get("pages", 100))}


@plays("finish_book", vars=pages)
def add_book(request, status=200):
    return HttpResponse("added", status=status)


@plays("buy_bookmark")
def buy(request):
    return HttpResponse("bought")


class Down(EngineBackend):
    """A game that fails."""

    def play(self, *args, **kwargs):
        raise ServerError("the game is down")


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def send(rf, user):
    """``send("post", view)`` calls a view for the user; ``by=`` somebody else."""

    def send(method, view, *args, by=user, **data):
        request = getattr(rf, method)("/", data)
        if by is not None:
            request.user = by
        return view(request, *args)

    return send


def xp(user):
    return services.profile(user).points("xp")


class TestDecorator:
    def test_a_view_that_changed_something_plays(self, send, user):
        assert send("post", add_book, pages="320").content == b"added"
        assert xp(user) == 32

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_methods_that_change_something_play(self, send, user, method):
        send(method, add_book)
        assert xp(user) == 10

    @pytest.mark.parametrize("method", ["get", "head", "options"])
    def test_methods_that_only_read_never_play(self, send, user, method):
        send(method, add_book)
        assert xp(user) == 0

    @pytest.mark.parametrize(("status", "earned"), [(200, 10), (302, 10), (399, 10), (400, 0), (403, 0), (500, 0)])
    def test_only_a_view_that_succeeded_plays(self, send, user, status, earned):
        send("post", add_book, status)
        assert xp(user) == earned

    @pytest.mark.parametrize("nobody", [AnonymousUser(), None])
    def test_nothing_happens_for_anonymous_visitors(self, send, nobody):
        assert send("post", add_book, by=nobody).status_code == 200

    def test_a_refusal_never_changes_the_response_and_is_told_by_feedback(self, send, user):
        assert send("post", buy).content == b"bought"
        (news,) = services.feedback(user)
        assert news.status == "refused"

    def test_a_game_that_fails_never_changes_the_response(self, send, caplog):
        with override_settings(PLAYLYFE={"default": {"BACKEND": f"{__name__}.Down"}}):
            assert send("post", add_book).content == b"added"
        assert "could not take the play of 'finish_book'" in caplog.text

    def test_a_programmers_mistake_raises(self, send):
        with pytest.raises(ActionNotFound):
            send("post", plays("nothing")(lambda request: HttpResponse()))
        with pytest.raises(InvalidRequest):
            send("post", plays("finish_book", vars=lambda request: {"pages": "x"})(lambda request: HttpResponse()))

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_view_that_returns_no_response_is_told_what_to_write_instead(self, send, method):
        with pytest.raises(TypeError, match=r"an HttpResponse, not dict\. .*@decorate_view\(plays"):
            send(method, plays("finish_book")(lambda request: {"ok": True}))

    def test_a_key_counts_once_and_a_weight_counts_more(self, send, user):
        view = plays("finish_book", vars=pages, count=2, idempotency_key=lambda request: "book:1")(
            lambda request: HttpResponse()
        )
        send("post", view)
        send("post", view)
        assert xp(user) == 20

    def test_the_view_keeps_its_name(self):
        assert add_book.__name__ == "add_book"

    def test_a_method_of_a_class_can_be_decorated(self, send, user):
        class Add(View):
            @method_decorator(plays("finish_book", vars=pages))
            def post(self, request):
                return HttpResponseRedirect("/")

        send("post", Add.as_view())
        assert xp(user) == 10

    def test_an_async_view_plays(self, rf, user):
        @plays("finish_book", vars=pages)
        async def add(request):
            return HttpResponse("added")

        request = rf.post("/")
        request.user = user
        assert async_to_sync(add)(request).content == b"added"
        assert xp(user) == 10


class Add(PlaysMixin, View):
    play_action = "finish_book"

    def get_play_variables(self):
        return {"pages": self.pages}

    def get_play_idempotency_key(self):
        return f"book:{self.pages}"

    def get(self, request):
        return HttpResponse("form")

    def post(self, request):
        self.pages = 100
        return HttpResponse("added")


class TestMixin:
    def test_a_view_plays_with_what_it_knows_after_its_work(self, send, user):
        assert send("post", Add.as_view()).content == b"added"
        assert send("post", Add.as_view()).content == b"added"
        assert xp(user) == 10, "the key counts once"

    def test_reading_never_plays(self, send, user):
        assert send("get", Add.as_view()).content == b"form"
        assert xp(user) == 0

    def test_a_view_without_an_action_says_so(self, send):
        class Forgetful(PlaysMixin, View):
            def post(self, request):
                return HttpResponse()

        with pytest.raises(ImproperlyConfigured, match="Forgetful needs play_action"):
            send("post", Forgetful.as_view())

    def test_variables_and_key_are_optional(self, send, user):
        class Buy(PlaysMixin, View):
            play_action = "buy_bookmark"

            def post(self, request):
                return HttpResponse("bought")

        assert send("post", Buy.as_view()).content == b"bought"
        assert services.feedback(user)[0].status == "refused"

    def test_an_async_view_plays(self, rf, user):
        class AddLater(PlaysMixin, View):
            play_action = "finish_book"

            def get_play_variables(self):
                return {"pages": 200}

            async def post(self, request):
                return HttpResponse("added")

        request = rf.post("/")
        request.user = user
        assert async_to_sync(AddLater.as_view())(request).content == b"added"
        assert xp(user) == 20
