"""Games and their frozen designs (``engine.md`` §14.1)."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL, ID_LENGTH, TITLE_LENGTH
from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField, now


def new_secret() -> str:
    """256 random bits as hex: the key of a game's dice."""
    return secrets.token_hex(32)


class Game(models.Model):
    """A game: its working design, and the version in force in each environment."""

    game_id = IdField(_("id"), max_length=ID_LENGTH, unique=True)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    secret = models.CharField(
        max_length=64,
        default=new_secret,
        editable=False,
        help_text=_("Key of the dice. Whoever knows it can foresee them."),
    )
    document: models.JSONField[Any, Any] = models.JSONField(
        _("working design"), default=dict, blank=True, help_text=_("What is edited; without effect until activated.")
    )
    activated_sha256 = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("Hash of the working design when last activated.")
    )
    production = models.ForeignKey(
        "DesignVersion",
        verbose_name=_("production design"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    staging = models.ForeignKey(
        "DesignVersion",
        verbose_name=_("staging design"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = InstantField(_("created at"), default=now, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("game")
        verbose_name_plural = _("games")
        permissions = [("publish_design", "Can publish the design of a game")]

    def __str__(self) -> str:
        return self.game_id


class DesignVersion(models.Model):
    """A frozen design (``engine.md`` §14.1). Never changed; the same document is the same version."""

    game = models.ForeignKey(Game, verbose_name=_("game"), on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    document: models.JSONField[Any, Any] = models.JSONField(_("document"))
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = InstantField(_("created at"), default=now, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("design version")
        verbose_name_plural = _("design versions")
        constraints = [
            models.UniqueConstraint(fields=["game", "number"], name="playlyfe_version_number"),
            models.UniqueConstraint(fields=["game", "sha256"], name="playlyfe_version_sha256"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"
