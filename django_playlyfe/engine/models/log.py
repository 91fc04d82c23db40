"""The event log, and the feed of the game (``engine-internals.md`` §1)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL, ID_LENGTH, KEY_LENGTH, Environment
from django_playlyfe.engine.models.games import DesignVersion, Game
from django_playlyfe.engine.models.players import Player
from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField, now


class Call(models.Model):
    """One row of the log: what was asked, what chance said, and what came of it.

    The order of the log (``id``) is the order of arrival; ``at`` is the instant that was judged. Inputs are never
    changed. A later undo may replace the outcome (``status``, ``events``, ``writes``).

    Attributes:
        inputs: as given. Of a play ``{"variables", "count", "scopes", "at"}``.
        dice: roll key -> number, reused when the call is judged again.
        events: ``[{"global": bool, "body": {…}}]`` in emission order; bodies without actor, id and timestamp, which
            are added when read, so that a renamed player has one name everywhere.
        writes: ``[[metric, item, before, reached_at before in ms, after]]`` per stored score.
        credits: ``[[board, scope, entity, delta]]``: what leaderboards got, ``entity`` as a primary key of a player;
            with a fifth member, an instant in ms, where that is not the call's own (``engine.boards.contributions``).
        guards: ``[[guard, thing, before, after]]``: once-only rules and best attempts that paid in this call.
        seed: version-1 UUID of the first event; the following events count up from it.
    """

    class Kind(models.TextChoices):
        """What was asked."""

        PLAY = "play", _("play")
        CREATE = "create", _("creation of a player")
        UNDO = "undo", _("undo")
        RULE = "rule", _("custom rule")
        SCORE = "score", _("edited scores")
        REVERT = "revert", _("revert of events")
        RESET = "reset", _("reset of a player")
        FIX = "fix", _("fix of an activation's issue")
        AWARD = "award", _("retroactive award")
        ACTIVATION = "activation", _("activation of a design")

    class Status(models.TextChoices):
        """Whether it counts."""

        APPLIED = "applied", _("applied")
        UNDONE = "undone", _("undone")
        VOID = "void", _("void: refused when judged again")

    game = models.ForeignKey(Game, verbose_name=_("game"), on_delete=models.CASCADE, db_index=False)
    environment = models.CharField(_("environment"), max_length=16, choices=Environment.choices)
    player = models.ForeignKey(
        Player, verbose_name=_("player"), null=True, on_delete=models.SET_NULL, db_index=False, related_name="calls"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    action = IdField(_("action"), max_length=ID_LENGTH, blank=True, default="")
    idempotency_key = IdField(_("idempotency key"), max_length=KEY_LENGTH, null=True)
    at = InstantField(_("at"))
    recorded_at = InstantField(_("recorded at"), default=now)
    backdated = models.BooleanField(_("backdated"), default=False)
    local_date = models.DateField(_("local date"))
    version = models.ForeignKey(
        DesignVersion, verbose_name=_("design version"), on_delete=models.RESTRICT, related_name="+", db_index=False
    )
    inputs: models.JSONField[Any, Any] = models.JSONField(_("inputs"), default=dict)
    dice: models.JSONField[Any, Any] = models.JSONField(_("dice"), default=dict)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.APPLIED)
    events: models.JSONField[Any, Any] = models.JSONField(_("events"), default=list)
    writes: models.JSONField[Any, Any] = models.JSONField(_("writes"), default=list)
    credits: models.JSONField[Any, Any] = models.JSONField(_("credits"), default=list)
    guards: models.JSONField[Any, Any] = models.JSONField(_("once-only rules that paid"), default=list)
    seed = models.UUIDField(_("id of the first event"), unique=True)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        permissions = [("undo_call", "Can undo what players did")]
        constraints = [
            # A player belongs to one game and environment, so this is the scope of interface.md §3.4.
            models.UniqueConstraint(fields=["player", "kind", "action", "idempotency_key"], name="playlyfe_call_key"),
        ]
        indexes = [
            models.Index(fields=["game", "environment", "id"], name="playlyfe_call_log"),
            models.Index(fields=["player", "id"], name="playlyfe_call_player"),
            models.Index(fields=["player", "at"], name="playlyfe_call_player_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.action} {self.seed}"


class FeedEntry(models.Model):
    """A global event in the game's feed: the event number ``tick`` of a call."""

    game = models.ForeignKey(Game, on_delete=models.CASCADE, db_index=False, related_name="+")
    environment = models.CharField(max_length=16, choices=Environment.choices)
    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, on_delete=models.CASCADE, db_index=False, related_name="feed_entries")
    tick = models.PositiveSmallIntegerField()
    at = InstantField()

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("feed entry")
        verbose_name_plural = _("feed entries")
        constraints = [models.UniqueConstraint(fields=["call", "tick"], name="playlyfe_feed_call_tick")]
        indexes = [models.Index(fields=["game", "environment", "at"], name="playlyfe_feed_game_at")]

    def __str__(self) -> str:
        return f"{self.call_id}+{self.tick}"
