"""Addresses of the mounted server, for ``include()`` under any prefix. Trailing slashes are served, not redirected."""

from __future__ import annotations

from django.apps import apps
from django.urls import re_path

from django_playlyfe.engine.server.auth.endpoint import token
from django_playlyfe.engine.server.dispatch import api
from django_playlyfe.engine.server.kit.compression import compress
from django_playlyfe.engine.server.kit.cors import share
from django_playlyfe.engine.server.kit.edge import edge, identified
from django_playlyfe.engine.server.views.health import health, nowhere
from django_playlyfe.engine.server.views.openapi import docs, openapi

app_name = "playlyfe_server"

_PRIVATE = {"Cache-Control": "private, no-store"}
_API = {**_PRIVATE, "Playlyfe-Features": "idempotency, played-at, streaks"}

handler404 = edge(nowhere, _API, share)
"""Asked where this is the ROOT_URLCONF. Mounted in a site, other addresses are the site's."""

urlpatterns = [
    re_path(r"^auth/token/?\Z", edge(token, {"Cache-Control": "no-store"}), name="token"),
    re_path(r"^health/?\Z", edge(health, _PRIVATE), name="health"),
    re_path(r"^openapi\.yaml/?\Z", edge(openapi, _PRIVATE, compress, share), name="openapi"),
    re_path(r"^docs/?\Z", edge(docs, _PRIVATE, compress), name="docs"),
    # Which routes there are is decided after the token was checked, so everything below a version comes here.
    re_path(r"^(?P<version>v[12])(?P<path>(?:/(?s:.*))?)\Z", edge(api, _API, compress, share), name="api"),
]

if apps.is_installed("django.contrib.auth"):
    # A host without people has nobody to ask: its clients use client credentials or sign tokens themselves.
    from django_playlyfe.engine.server.auth.pages import AuthorizeView, LogoutView

    urlpatterns += [
        re_path(r"^auth/?\Z", identified(AuthorizeView.as_view()), name="authorize"),
        re_path(r"^logout/?\Z", identified(LogoutView.as_view()), name="logout"),
    ]
