"""Images of the game, metrics and players, and those of the design API (``http-api.md`` §8, ``engine.md`` §15.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django_playlyfe.engine import pictures, selectors, services
from django_playlyfe.engine.realm import check_player_id
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.answers import Picture

_ALBUMS = ("own", "playlyfe")


def of_game(call: ApiCall) -> Logic:
    """The image of the game."""
    return _shown(partial(selectors.game_image, call.realm, _size(call)))


def of_player(call: ApiCall) -> Logic:
    """The image of any player."""
    player_id = check_player_id(call.path["id"])
    return _shown(partial(selectors.player_image, call.realm, player_id, _size(call)))


def of_metric(call: ApiCall) -> Logic:
    """The image of a metric, or of its item or state that the query names."""
    member = call.query.text("item") or ""
    return _shown(partial(selectors.metric_image, call.realm, call.path["id"], _size(call), member))


def own(call: ApiCall) -> Logic:
    """The player's own image."""
    return _shown(partial(selectors.player_image, call.realm, call.player_id, _size(call)))


def set_own(call: ApiCall) -> Logic:
    """Upload it."""
    files = pictures.read_upload(call.file)
    return lambda: {"id": services.set_player_image(call.realm, call.player_id, files)}


def add_to_design(call: ApiCall) -> Logic:
    """Upload an image that components may name."""
    files = pictures.read_upload(call.file)
    return lambda: {"id": services.add_design_image(call.realm, files)}


def of_design(call: ApiCall) -> Logic:
    """One that components may name."""
    return _shown(partial(selectors.design_image, call.realm, call.path["id"], _size(call)))


def listing(call: ApiCall) -> Logic:
    """What was uploaded for the design, or with ``album=playlyfe`` the stock images."""
    if call.query.choice("album", _ALBUMS) == "playlyfe":
        return selectors.stock_images
    return partial(selectors.design_images, call.realm)


def _size(call: ApiCall) -> str:
    return call.query.choice("size", pictures.SIZES)


def _shown(read: Callable[[], bytes]) -> Logic:
    return lambda: Picture(read())
