"""Images of players and designs (``http-api.md`` §8, ``engine.md`` §14.4)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL
from django_playlyfe.engine.models.games import Game
from django_playlyfe.engine.models.players import Player
from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField, now


class Image(models.Model):
    """An uploaded image: a player's own, or without a player one that the game's design may name."""

    image_id = IdField(_("id"), max_length=32, unique=True)
    game = models.ForeignKey(Game, verbose_name=_("game"), on_delete=models.CASCADE)
    player = models.OneToOneField(
        Player, verbose_name=_("player"), null=True, on_delete=models.CASCADE, related_name="image"
    )
    created_at = InstantField(_("created at"), default=now, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("image")
        verbose_name_plural = _("images")

    def __str__(self) -> str:
        return self.image_id


class ImageFile(models.Model):
    """An image in one of the sizes that clients ask for, made when it was uploaded."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, db_index=False, related_name="files")
    size = models.CharField(max_length=16, help_text=_("original, large, medium, small or icon"))
    content = models.BinaryField(help_text=_("PNG without metadata"))

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("image file")
        verbose_name_plural = _("image files")
        constraints = [models.UniqueConstraint(fields=["image", "size"], name="playlyfe_image_size")]

    def __str__(self) -> str:
        return f"{self.image_id} {self.size}"
