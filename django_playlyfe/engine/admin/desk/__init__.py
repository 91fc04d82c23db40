"""The designer's desk: the working design of a game as forms, its differences, a try, and its publication."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from django_playlyfe.engine.admin.desk import components, differences, files, overview, publishing, trying
from django_playlyfe.engine.admin.desk.entrance import PUBLISH, page

__all__ = ["addresses"]

_NAME = "django_playlyfe_engine_game_desk"


def addresses(model_admin: Any) -> list[URLPattern]:
    """The pages of the desk, for the admin of games."""

    def at(route: str, view: Any, name: str = "", **permissions: str) -> URLPattern:
        full = "_".join(filter(None, (_NAME, name)))
        return path(f"<int:pk>/desk/{route}", page(model_admin, view, **permissions), name=full)

    return [
        at("", overview.overview),
        at("game/", lambda desk: components.change(desk, "game"), "game"),
        at("new-players/", lambda desk: components.change(desk, "bootstrap"), "bootstrap"),
        at("differences/", differences.differences, "differences"),
        at("try/", trying.try_play, "try"),
        at("import/", files.upload, "import"),
        at("export/", files.download, "export"),
        at("publish/<str:environment>/", publishing.publish, "publish", post=PUBLISH),
        at("<str:kind>/add/", components.add, "add"),
        at("<str:kind>/<str:component_id>/", components.change, "component"),
        at("<str:kind>/<str:component_id>/delete/", components.delete, "delete"),
    ]
