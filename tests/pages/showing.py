"""How the tests of tags and pages get at what is shown."""

from __future__ import annotations

from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse

from django_playlyfe import services


def address(name, *arguments):
    """Where a page of the package is."""
    return reverse(f"playlyfe:{name}", args=arguments)


def render(source, user=None, **variables):
    """What a template of the site shows to a user, or to a visitor."""
    request = RequestFactory().get("/somewhere/")
    request.user = user or AnonymousUser()
    return Template("{% load playlyfe %}" + source).render(Context({"request": request, **variables})).strip()


def give(user, points):
    """Somebody at the game gives points, of which the game tells the player."""
    from django_playlyfe.engine import services as engine
    from django_playlyfe.engine.realm import Realm

    reward = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": str(points)}
    engine.adjust_scores(Realm("library_quest"), services.profile(user).id, [reward])


@contextmanager
def one_request():
    """What is read inside is read for one request. As in Django's test client, the connection stays open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        request_started.send(sender=None)
        yield
    finally:
        request_finished.send(sender=None)
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def failing(error):
    """A function that always raises this."""

    def fail(*args, **kwargs):
        raise error

    return fail
