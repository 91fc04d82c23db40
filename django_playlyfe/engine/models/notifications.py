"""What a player has seen of what concerns them (``http-api.md`` §10)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL
from django_playlyfe.engine.models.players import Player


class SeenNotification(models.Model):
    """A notification that was marked as seen. The notifications themselves are events of the log."""

    player = models.ForeignKey(
        Player, verbose_name=_("player"), on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    event_id = models.UUIDField(_("event id"))

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("seen notification")
        verbose_name_plural = _("seen notifications")
        constraints = [models.UniqueConstraint(fields=["player", "event_id"], name="playlyfe_seen_player_event")]

    def __str__(self) -> str:
        return str(self.event_id)
