"""What the site stores about its players. The game's own tables belong to the backend."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField


class PlayerLink(models.Model):
    """Which player of a game a user is, and what of that game the user has been shown.

    ``user`` follows ``AUTH_USER_MODEL`` whatever its primary key. ``player_id`` never changes once linked.
    """

    class State(models.TextChoices):
        """How far the player's creation has come."""

        PENDING = "pending", _("pending")
        LINKED = "linked", _("linked")
        FAILED = "failed", _("failed")

    game = IdField(_("game"), max_length=100, default="default", help_text=_("Key in settings.PLAYLYFE."))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="playlyfe_links"
    )
    player_id = IdField(_("player id"), max_length=128)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    alias_hash = models.CharField(
        _("alias hash"), max_length=64, blank=True, help_text=_("Hash of what the game was last told about the user.")
    )
    feedback_cursor = models.BigIntegerField(
        _("feedback cursor"), default=0, help_text=_("Results up to here have been shown to the user.")
    )
    notices: models.JSONField[Any, Any] = models.JSONField(
        _("notices"), default=list, blank=True, help_text=_("Refusals that have not been shown to the user yet.")
    )
    is_hidden = models.BooleanField(
        _("hidden"), default=False, help_text=_("Others do not see this player's name on boards and in feeds.")
    )
    created_at = InstantField(_("created at"), auto_now_add=True)
    updated_at = InstantField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("player link")
        verbose_name_plural = _("player links")
        constraints = [
            models.UniqueConstraint(fields=["game", "user"], name="playlyfe_link_game_user"),
            models.UniqueConstraint(fields=["game", "player_id"], name="playlyfe_link_game_player"),
        ]
        indexes = [models.Index(fields=["game", "state"], name="playlyfe_link_game_state")]

    def __str__(self) -> str:
        return f"{self.game}: {self.player_id}"


class Delivery(models.Model):
    """A write that is owed to a remote game, or was (``reliability.md`` §3).

    Written in the transaction of what it tells about, sent after the commit. ``delivery`` has all that happens to a
    row; nothing else changes one.
    """

    class Kind(models.TextChoices):
        """What is to be done there."""

        CREATE = "create", _("creation of a player")
        UPDATE = "update", _("update of a player")
        PLAY = "play", _("play")
        SCORE = "score", _("edited scores")
        DELETE = "delete", _("deletion of a player")

    class State(models.TextChoices):
        """How far it has come (``reliability.md`` §3.3)."""

        PENDING = "pending", _("owed")
        SENDING = "sending", _("being sent")
        UNCERTAIN = "uncertain", _("uncertain")
        DELIVERED = "delivered", _("delivered")
        REFUSED = "refused", _("refused by the game")
        DEAD = "dead", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.BigAutoField(_("ID"), primary_key=True)
    key = models.UUIDField(
        _("key"), default=uuid.uuid4, unique=True, editable=False, help_text=_("Idempotency-Key and request id.")
    )
    idempotency_key = IdField(
        _("idempotency key"), max_length=200, null=True, blank=True, help_text=_("The site's own key of a play.")
    )
    game = IdField(_("game"), max_length=100, default="default", help_text=_("Key in settings.PLAYLYFE."))
    subject = IdField(_("player id"), max_length=128)
    action = IdField(_("action"), max_length=200, blank=True)
    user_pk = IdField(
        _("user"), max_length=255, blank=True, help_text=_("Primary key of the user, also after a deletion.")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    payload: models.JSONField[Any, Any] = models.JSONField(_("payload"), default=dict, blank=True)
    payload_v = models.PositiveSmallIntegerField(_("version of the payload"), default=1)
    played_at = InstantField(_("played at"), null=True, blank=True, help_text=_("When it happened."))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    sends = models.PositiveIntegerField(_("sends"), default=0, help_text=_("Attempts that reached the wire."))
    not_before = InstantField(_("not before"))
    owner = models.CharField(_("owner"), max_length=32, blank=True, help_text=_("Random per claim."))
    lease_until = InstantField(_("lease until"), null=True, blank=True, help_text=_("By the clock of the database."))
    sent_at = InstantField(_("sent at"), null=True, blank=True)
    keyed = models.BooleanField(
        _("keyed"), default=False, help_text=_("The game had announced that it honours the key when this was sent.")
    )
    answer: models.JSONField[Any, Any] = models.JSONField(_("answer"), null=True, blank=True)
    shown_at = InstantField(_("shown at"), null=True, blank=True)
    error_code = models.CharField(_("error code"), max_length=100, blank=True)
    error_text = models.CharField(_("error"), max_length=500, blank=True)
    evidence = models.CharField(
        _("evidence"), max_length=20, blank=True, help_text=_("What else is known: resent, unread, exists, expired.")
    )
    created_at = InstantField(_("created at"))
    settled_at = InstantField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["game", "subject", "action", "idempotency_key"], name="playlyfe_delivery_business_key"
            )
        ]
        indexes = [
            models.Index(fields=["state", "not_before", "id"], name="playlyfe_delivery_due"),
            # With the state, so that what a player was delivered long ago costs a claim nothing.
            models.Index(fields=["game", "subject", "state", "id"], name="playlyfe_delivery_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.game}: {self.kind} {self.key}"


class Queue(models.Model):
    """That nothing is sent to a game for a while, because something is wrong that concerns every row.

    A row of the database, so every process sees a pause and it survives a flushed cache.
    """

    class Kind(models.TextChoices):
        """What waits."""

        ALL = "all", _("everything")
        CREATE = "create", _("creations of players")

    game = IdField(_("game"), max_length=100, default="default", help_text=_("Key in settings.PLAYLYFE."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.ALL)
    paused_until = InstantField(_("paused until"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    times = models.PositiveIntegerField(
        _("times"), default=1, help_text=_("How many times in a row it was paused: the wait doubles.")
    )

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [models.UniqueConstraint(fields=["game", "kind"], name="playlyfe_queue_game_kind")]

    def __str__(self) -> str:
        return f"{self.game}: {self.kind}"


class Snapshot(models.Model):
    """What a remote game last said, for when it says nothing: it survives a flushed cache, a restart and the end of
    the service (``reliability.md`` §4).
    """

    class Source(models.TextChoices):
        """How it came here."""

        READ = "read", _("read")
        BOARD = "board", _("row of a board")
        PLAY = "play", _("answer of a play")

    id = models.BigAutoField(_("ID"), primary_key=True)
    game = IdField(_("game"), max_length=100, default="default", help_text=_("Key in settings.PLAYLYFE."))
    kind = models.CharField(_("kind"), max_length=40)
    ident = models.CharField(_("of"), max_length=128, help_text=_("Player id, or hash of what was asked."))
    body = models.TextField(_("body"), help_text=_("JSON"))
    at = InstantField(_("at"), help_text=_("When it was true."))
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.READ)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [
            models.UniqueConstraint(fields=["game", "kind", "ident"], name="playlyfe_snapshot_game_kind_ident")
        ]
        indexes = [models.Index(fields=["game", "ident"], name="playlyfe_snapshot_ident")]

    def __str__(self) -> str:
        return f"{self.game}: {self.kind} {self.ident}"
