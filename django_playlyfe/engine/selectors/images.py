"""Images as PNG (``http-api.md`` §8, ``engine.md`` §14.4). Each takes one of ``pictures.SIZES``."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django_playlyfe.engine.design.catalogue import read_metrics
from django_playlyfe.engine.models import DesignVersion, Image, ImageFile, Player
from django_playlyfe.engine.pictures import ORIGINAL, STOCK, stock_image
from django_playlyfe.engine.realm import Realm, check_player_id, find_game, version_in_force
from django_playlyfe.wire import make_error

_STOCK_OF_METRIC = {"set": "default-set-metric", "state": "default-state-metric"}
_MEMBERS = {"set": "items", "state": "states"}
_KEPT = 64


def player_image(realm: Realm, player_id: str, size: str) -> bytes:
    """A player's own image.

    Raises:
        InvalidRequest: it cannot be a player id.
        NotFound: there is no image, or no player (``image_not_found``): nobody learns which.
    """
    game = find_game(realm)
    files = ImageFile.objects.filter(
        image__game=game,
        image__player__environment=realm.environment,
        image__player__player_id=check_player_id(player_id),
        size=size,
    )
    content = files.values_list("content", flat=True).first()
    if content is None:
        raise make_error("image_not_found")
    return bytes(content)


def exported_image(player: Player) -> str | None:
    """A player's own image as PNG in base64, None if there is none."""
    files = ImageFile.objects.filter(image__player=player, size=ORIGINAL)
    content = files.values_list("content", flat=True).first()
    return None if content is None else base64.b64encode(content).decode()


def image_of(realm: Realm, kind: str, ident: str, size: str, item: str = "") -> bytes:
    """The image of the ``game``, a ``player`` or a ``metric`` (with ``item`` of a member); as the functions below."""
    if kind == "player":
        return player_image(realm, ident, size)
    return metric_image(realm, ident, size, item) if kind == "metric" else game_image(realm, size)


def game_image(realm: Realm, size: str) -> bytes:
    """The image of the game as the design in force names it, else its stock image."""
    image_id = _design(realm)["game"].get("image", "")
    return _named(realm, image_id, size) or stock_image("default-game", size)


def metric_image(realm: Realm, metric_id: str, size: str, member: str = "") -> bytes:
    """The image of a metric, or of its item or state ``member`` (name or id), else its stock image.

    Raises:
        NotFound: no such metric (``metric_not_found``), no such member (``image_not_found``).
    """
    metric = next((entry for entry in _design(realm)["metrics"] if entry["id"] == metric_id), None)
    if metric is None:
        raise make_error("metric_not_found", f"The metric '{metric_id}' does not exist")
    kind, image_id = metric["type"], metric.get("image", "")
    stock = _STOCK_OF_METRIC.get(kind, "default-point-metric")
    if member:
        image_id = _member(metric, member).get("image", "")
        stock = "default-item" if kind == "set" else stock
    return _named(realm, image_id, size) or stock_image(stock, size)


def pictured(realm: Realm) -> frozenset[tuple[str, str]]:
    """Which items and states the design gives a picture of their own: pairs of the metric's type and a name."""
    return frozenset(
        (metric["type"], member["name"])
        for metric in _design(realm)["metrics"]
        for member in metric["constraints"].get(_MEMBERS.get(metric["type"], ""), ())
        if member.get("image", "") not in ("", *STOCK)
    )


def design_image(realm: Realm, image_id: str, size: str) -> bytes:
    """A stock image, or one that was uploaded for the design. Raises NotFound."""
    content = _named(realm, image_id, size)
    if content is None:
        raise make_error("image_not_found", f"The image '{image_id}' does not exist")
    return content


def design_images(realm: Realm) -> list[dict[str, Any]]:
    """The images that were uploaded for the design, oldest first."""
    images = Image.objects.filter(game=find_game(realm), player=None).order_by("pk")
    return [{"id": image_id} for image_id in images.values_list("image_id", flat=True)]


def stock_images() -> list[dict[str, Any]]:
    """The images that every game has."""
    return [{"id": image_id} for image_id in STOCK]


def _named(realm: Realm, image_id: str, size: str) -> bytes | None:
    if image_id in STOCK:
        return stock_image(image_id, size)
    files = ImageFile.objects.filter(image__game=find_game(realm), image__player=None, image__image_id=image_id)
    content = files.filter(size=size).values_list("content", flat=True).first() if image_id else None
    return None if content is None else bytes(content)


def _member(metric: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    entry = read_metrics([metric])[metric["id"]]
    found = entry.find(text)
    if found is None:
        raise make_error("image_not_found", f"The metric '{metric['id']}' has no item or state '{text}'")
    return entry.members[found]


def _design(realm: Realm) -> Mapping[str, Any]:
    version = version_in_force(find_game(realm), realm)
    return _document(version.sha256, version.pk, version._state.db)


@lru_cache(maxsize=_KEPT)
def _document(digest: str, version_id: int, database: str | None) -> Mapping[str, Any]:  # noqa: ARG001 - part of the key
    """What of a frozen design is about images: with a page full of badges it is asked for often."""
    document = DesignVersion.objects.using(database).values_list("document", flat=True).get(pk=version_id)
    return {"game": document["game"], "metrics": document["metrics"]}
