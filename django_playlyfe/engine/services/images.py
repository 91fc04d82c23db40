"""Keeping uploaded images (``http-api.md`` §8, ``engine.md`` §15.1)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Game, Image, ImageFile, Player
from django_playlyfe.engine.realm import Realm, find_game, lock_player

Files = Mapping[str, bytes]
"""Size -> PNG, from ``pictures.read_upload``."""


def set_player_image(realm: Realm, player_id: str, files: Files) -> str:
    """Give a player an image in place of an earlier one.

    Returns:
        The id of the image.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as ``find_player``.
    """
    with transactions.atomic():
        player = lock_player(realm, player_id)
        Image.objects.using(transactions.write_alias()).filter(player=player).delete()
        return _store(player.game, player, files)


def add_design_image(realm: Realm, files: Files) -> str:
    """Keep an image that a design may name. Returns its id. Raises ConfigurationError if there is no such game."""
    with transactions.atomic():
        return _store(find_game(realm), None, files)


def _store(game: Game, player: Player | None, files: Files) -> str:
    alias = transactions.write_alias()
    image = Image.objects.using(alias).create(image_id=uuid.uuid4().hex, game=game, player=player)
    ImageFile.objects.using(alias).bulk_create(
        ImageFile(image=image, size=size, content=content) for size, content in files.items()
    )
    return image.image_id
