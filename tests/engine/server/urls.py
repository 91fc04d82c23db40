"""The server under a prefix, as a site mounts it."""

from django.urls import include, path

urlpatterns = [path("game/", include("django_playlyfe.engine.server.urls"))]
