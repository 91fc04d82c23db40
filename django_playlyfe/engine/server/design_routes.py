"""The routes of the design API (``engine.md`` §15.1). Version 1 has none."""

from __future__ import annotations

from django_playlyfe.engine.design.components import SINGULAR
from django_playlyfe.engine.server.route import Route, View
from django_playlyfe.engine.server.views import design, images


def _route(method: str, path: str, view: View, *, keeps_refused: bool = False) -> Route:
    return Route("design", method, f"/design/{path}", "", view, keeps_refused=keeps_refused)


_OF_TYPES = (
    (
        _route("GET", f"versions/:version/{kind}", design.listing(kind)),
        _route("POST", f"versions/:version/{kind}", design.create(kind)),
        _route("GET", f"versions/:version/{kind}/:id", design.one(kind)),
        _route("PATCH", f"versions/:version/{kind}/:id", design.update(kind)),
        _route("DELETE", f"versions/:version/{kind}/:id", design.delete(kind)),
    )
    for kind in SINGULAR
)

DESIGN_ROUTES = (
    *(route for of_type in _OF_TYPES for route in of_type),
    _route("GET", "versions/:version/bootstrap", design.bootstrap),
    _route("PUT", "versions/:version/bootstrap", design.replace_bootstrap),
    # What is wrong with a design is noted in it, although the call fails.
    _route("POST", "versions/:version/simulate", design.simulate, keeps_refused=True),
    _route("POST", "versions/:version/deploy", design.deploy, keeps_refused=True),
    _route("GET", "images", images.listing),
    Route("design", "POST", "/design/images", "", images.add_to_design, takes_file=True),
    _route("GET", "images/:id", images.of_design),
    _route("GET", "issues", design.issues),
    _route("GET", "issues/:id", design.issue),
    _route("POST", "issues/:id", design.resolve),
)
