"""Programs that may use the mounted server, and their tokens (``http-api.md`` §2, §3)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL, ID_LENGTH, TITLE_LENGTH, Environment
from django_playlyfe.engine.models.games import Game


class Client(models.Model):
    """A program that may use the mounted server: its id, what its secret hashes to, and what it is allowed."""

    game = models.ForeignKey(
        Game, verbose_name=_("game"), on_delete=models.CASCADE, db_index=False, related_name="clients"
    )
    environment = models.CharField(
        _("environment"),
        max_length=16,
        choices=Environment.choices,
        default=Environment.PRODUCTION,
        help_text=_("A client of the staging environment is what Playlyfe calls a test client."),
    )
    client_id = models.CharField(_("client id"), max_length=ID_LENGTH, unique=True)
    name = models.CharField(_("name"), max_length=TITLE_LENGTH)
    secret_hash = models.CharField(max_length=64, editable=False, help_text=_("SHA-256 of the secret, hexadecimal."))
    scopes: models.JSONField[Any, Any] = models.JSONField(
        _("scopes"), default=list, help_text=_('What it may do, such as ["runtime:read", "runtime:write"].')
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [models.UniqueConstraint(fields=["game", "environment", "name"], name="playlyfe_client_name")]

    def __str__(self) -> str:
        return self.name


class Token(models.Model):
    """An access token of a client. Only its digest is kept: who reads the database cannot use it."""

    client = models.ForeignKey(
        Client, verbose_name=_("client"), on_delete=models.CASCADE, db_index=False, related_name="tokens"
    )
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the token, hexadecimal.")
    )
    expires_at = models.DateTimeField(_("expires at"))
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        indexes = [models.Index(fields=["client", "expires_at"], name="playlyfe_token_expiry")]

    def __str__(self) -> str:
        return f"token {self.pk}"
