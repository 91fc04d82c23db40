"""Rows of leaderboards: projections of what calls credited (``engine-internals.md`` §4)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL, ID_LENGTH, SCOPE_LENGTH, Environment
from django_playlyfe.engine.models.games import Game
from django_playlyfe.engine.models.players import Player


class BoardRow(models.Model):
    """What one player's calls credited to one entity in one cycle and scope of one board.

    A row belongs to the player whose calls wrote it, so that plays never share a row: nobody waits, nothing deadlocks,
    and an undo touches rows of its own player only. Nearly always that player is the entity too (``is_own``). In a
    custom scope others may credit an entity; its score is then the sum of several rows.

    Attributes:
        cycle: key of the cycle, "" for ``alltime`` (``rules.cycles``).
        scope: of a custom board, else "".
        entity: who is ranked. No constraint in the database: it would let a play wait for the row of somebody else.
        player: whose calls credited it; None once that player was erased.
        reached_at: the latest instant that was credited; orders ties.
    """

    game = models.ForeignKey(Game, on_delete=models.CASCADE, db_index=False, related_name="+")
    environment = models.CharField(max_length=16, choices=Environment.choices)
    board = models.CharField(max_length=ID_LENGTH)
    cycle = models.CharField(max_length=11, blank=True)
    scope = models.CharField(max_length=SCOPE_LENGTH, blank=True, default="")
    entity = models.ForeignKey(
        Player, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="board_rows"
    )
    player = models.ForeignKey(Player, null=True, on_delete=models.SET_NULL, related_name="credited_rows")
    is_own = models.BooleanField()
    value = models.BigIntegerField()
    reached_at = models.DateTimeField()

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("leaderboard row")
        verbose_name_plural = _("leaderboard rows")
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "board", "cycle", "scope", "player"], name="playlyfe_board_entity_player"
            ),
        ]
        indexes = [
            models.Index(
                fields=["game", "environment", "board", "cycle", "scope", "is_own", "-value", "reached_at"],
                name="playlyfe_board_rank",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.board} {self.cycle} {self.scope} {self.value}"
