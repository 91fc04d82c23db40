"""Programs that may use the mounted server, and their tokens (``http-api.md`` §2, §3)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL, ID_LENGTH, TITLE_LENGTH, Environment
from django_playlyfe.engine.models.games import Game
from django_playlyfe.engine.models.players import Player
from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField, now

ADDRESS_LENGTH = 2000
"""Longest address that a browser is sent back to."""


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
    client_id = IdField(_("client id"), max_length=ID_LENGTH, unique=True)
    name = models.CharField(_("name"), max_length=TITLE_LENGTH)
    secret_hash = models.CharField(max_length=64, editable=False, help_text=_("SHA-256 of the secret, hexadecimal."))
    scopes: models.JSONField[Any, Any] = models.JSONField(
        _("scopes"), default=list, help_text=_('What it may do, such as ["runtime:read", "runtime:write"].')
    )
    sealed_secret = models.TextField(
        blank=True,
        default="",
        editable=False,
        help_text=_("The secret, encrypted: only of clients whose players log in with tokens that it signs (JWT)."),
    )
    redirect_uris: models.JSONField[Any, Any] = models.JSONField(
        _("redirect addresses"),
        default=list,
        blank=True,
        help_text=_("Where the authorization page may send a browser back to; compared character by character."),
    )
    created_at = InstantField(_("created at"), default=now, editable=False)
    revoked_at = InstantField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [models.UniqueConstraint(fields=["game", "environment", "name"], name="playlyfe_client_name")]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A player's leave for a client to act for that player, with the code that stands for it (``http-api.md`` §2.2).

    Attributes:
        code_digest: SHA-256 of the code, hexadecimal.
        challenge: of PKCE (RFC 7636), "" without; ``challenge_method`` is "S256" or "plain".
        redeemed_at: the first time that the code was exchanged.
        expires_at: soon as long as the code has not been exchanged, then for as long as the grant lives.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="grants")
    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="+")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    redirect_uri = models.CharField(max_length=ADDRESS_LENGTH)
    challenge = models.CharField(max_length=128, blank=True, default="")
    challenge_method = models.CharField(max_length=5, blank=True, default="")
    created_at = InstantField(default=now, editable=False)
    redeemed_at = InstantField(null=True, editable=False)
    expires_at = InstantField(db_index=True)
    revoked_at = InstantField(null=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("grant")
        verbose_name_plural = _("grants")

    def __str__(self) -> str:
        return f"grant {self.pk}"


class RefreshToken(models.Model):
    """What a client may exchange for another access token as long as the grant lives. Only its digest is kept."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="refresh_tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = InstantField(default=now, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("refresh token")
        verbose_name_plural = _("refresh tokens")

    def __str__(self) -> str:
        return f"refresh token {self.pk}"


class ClientUsage(models.Model):
    """How many calls a client has made on a day (UTC); kept only while ``CALL_LIMIT`` is set."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, db_index=False, related_name="usage")
    day = models.DateField()
    calls = models.PositiveBigIntegerField(default=0)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("usage of a client")
        verbose_name_plural = _("usage of clients")
        constraints = [models.UniqueConstraint(fields=["client", "day"], name="playlyfe_usage_client_day")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.day}: {self.calls}"


class Token(models.Model):
    """An access token of a client. Only its digest is kept: who reads the database cannot use it.

    Attributes:
        player: whose it is, if a player let the client act; None for client credentials.
        grant: which leave it comes from; None also for the implicit flow, whose token the player's browser holds.
    """

    client = models.ForeignKey(
        Client, verbose_name=_("client"), on_delete=models.CASCADE, db_index=False, related_name="tokens"
    )
    player = models.ForeignKey(Player, verbose_name=_("player"), null=True, on_delete=models.CASCADE, related_name="+")
    grant = models.ForeignKey(Grant, null=True, editable=False, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the token, hexadecimal.")
    )
    expires_at = InstantField(_("expires at"))
    created_at = InstantField(_("created at"), default=now, editable=False)
    revoked_at = InstantField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        indexes = [models.Index(fields=["client", "expires_at"], name="playlyfe_token_expiry")]

    def __str__(self) -> str:
        return f"token {self.pk}"
