"""Players and what is stored of them: projections of the log (``engine-internals.md`` §1)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import (
    ALIAS_LENGTH,
    APP_LABEL,
    GUARD_LENGTH,
    ID_LENGTH,
    KEY_LENGTH,
    Environment,
)
from django_playlyfe.engine.models.games import DesignVersion, Game
from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField, now


class Player(models.Model):
    """A player of a game in one environment. Locked first by everything that changes a score of it."""

    game = models.ForeignKey(Game, verbose_name=_("game"), on_delete=models.CASCADE, db_index=False)
    environment = models.CharField(_("environment"), max_length=16, choices=Environment.choices)
    player_id = IdField(_("player id"), max_length=128)
    alias = models.CharField(_("alias"), max_length=ALIAS_LENGTH, help_text=_("The name that other players see."))
    email = models.EmailField(_("e-mail address"), blank=True)
    enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("If not, plays are refused and boards omit it.")
    )
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("IANA name for the player's local date; empty: the game's."),
    )
    judged_version = models.ForeignKey(
        DesignVersion, null=True, on_delete=models.SET_NULL, related_name="+", editable=False, db_index=False
    )
    created_at = InstantField(_("created at"), default=now, editable=False)
    creation_key = IdField(max_length=KEY_LENGTH, null=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("player")
        verbose_name_plural = _("players")
        permissions = [("adjust_player", "Can adjust and reset scores of players")]
        constraints = [
            models.UniqueConstraint(fields=["game", "environment", "player_id"], name="playlyfe_player_id"),
            models.UniqueConstraint(fields=["game", "environment", "creation_key"], name="playlyfe_player_creation"),
        ]
        indexes = [
            models.Index(fields=["game", "environment", "id"], name="playlyfe_player_listing"),
            models.Index(fields=["game", "environment", "enabled"], name="playlyfe_player_enabled"),
            # Beginnings of ids and aliases, whatever the collation (PostgreSQL; others use them for ranges).
            models.Index(fields=["player_id"], name="playlyfe_player_search", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["alias"], name="playlyfe_player_alias", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.player_id


class Score(models.Model):
    """One stored score: the value of a point or compound metric, the count of a set item, or a state.

    ``item`` is empty except for sets, where a count of 0 means held once and lost. ``reached_at`` orders ties.
    """

    game = models.ForeignKey(Game, on_delete=models.CASCADE, db_index=False, related_name="+")
    environment = models.CharField(max_length=16, choices=Environment.choices)
    player = models.ForeignKey(Player, on_delete=models.CASCADE, db_index=False, related_name="scores")
    metric = IdField(max_length=ID_LENGTH)
    item = IdField(max_length=ID_LENGTH, blank=True, default="")
    value = models.BigIntegerField(null=True)
    state = IdField(max_length=ID_LENGTH, blank=True, default="")
    reached_at = InstantField()

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [
            models.UniqueConstraint(fields=["player", "metric", "item"], name="playlyfe_score_player_metric"),
        ]
        indexes = [
            models.Index(
                fields=["game", "environment", "metric", "item", "-value", "reached_at"], name="playlyfe_score_rank"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.item} {self.state or self.value}"


class OnceGuard(models.Model):
    """A once-only rule, or a reward for the best attempt, that has paid a player.

    ``guard`` is as in the plan; ``thing`` the SHA-256 of what it paid for, "" if it pays for a player; ``value`` of a
    best attempt how good it was, else 1.
    """

    player = models.ForeignKey(Player, on_delete=models.CASCADE, db_index=False, related_name="+")
    guard = IdField(max_length=GUARD_LENGTH)
    thing = IdField(max_length=64, blank=True, default="")
    value = models.BigIntegerField(default=1)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("payment of a once-only rule")
        verbose_name_plural = _("payments of once-only rules")
        constraints = [models.UniqueConstraint(fields=["player", "guard", "thing"], name="playlyfe_once_player_guard")]

    def __str__(self) -> str:
        return f"{self.guard} {self.thing}"


class ActionCount(models.Model):
    """How often a player has played an action, what the action's rate limit remembers of it, and on which days it was
    (``rules.streaks``)."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, db_index=False, related_name="action_counts")
    action = IdField(max_length=ID_LENGTH)
    count = models.BigIntegerField(default=0)
    usage: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    days = models.TextField(default="", blank=True)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("action count")
        verbose_name_plural = _("action counts")
        constraints = [models.UniqueConstraint(fields=["player", "action"], name="playlyfe_count_player_action")]

    def __str__(self) -> str:
        return f"{self.action} {self.count}"
