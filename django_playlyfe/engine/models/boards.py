"""Rows of leaderboards: projections of what calls credited (``engine-internals.md`` §4)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.models.common import APP_LABEL, ID_LENGTH, SCOPE_LENGTH, Environment
from django_playlyfe.engine.models.games import Game
from django_playlyfe.engine.models.players import Player
from django_playlyfe.identifiers import IdField
from django_playlyfe.instants import InstantField, now


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
    board = IdField(max_length=ID_LENGTH)
    cycle = models.CharField(max_length=11, blank=True)
    scope = IdField(max_length=SCOPE_LENGTH, blank=True, default="")
    entity = models.ForeignKey(
        Player, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="board_rows"
    )
    player = models.ForeignKey(Player, null=True, on_delete=models.SET_NULL, related_name="credited_rows")
    is_own = models.BooleanField()
    value = models.BigIntegerField()
    reached_at = InstantField()

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


class Histogram(models.Model):
    """How many rows of one large sheet lie in which range of scores (``engine.boards.histograms``).

    Attributes:
        metric: of a sheet that is read from the scores; then ``board``, ``cycle`` and ``scope`` are empty.
        cuts: the lowest score of every bucket but the first, ascending. Never changed: other cuts, another histogram.
        barrier: on PostgreSQL, the transactions that must have ended before rows are counted.
        is_counted: the buckets hold counts, so ranks may be read from them.
    """

    game = models.ForeignKey(Game, on_delete=models.CASCADE, db_index=False, related_name="+")
    environment = models.CharField(max_length=16, choices=Environment.choices)
    metric = IdField(max_length=ID_LENGTH, blank=True, default="")
    board = IdField(max_length=ID_LENGTH, blank=True, default="")
    cycle = models.CharField(max_length=11, blank=True, default="")
    scope = IdField(max_length=SCOPE_LENGTH, blank=True, default="")
    cuts: models.JSONField[Any, Any] = models.JSONField(default=list)
    barrier = models.BigIntegerField(null=True)
    is_counted = models.BooleanField(default=False)
    created_at = InstantField(default=now)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("histogram of a leaderboard")
        verbose_name_plural = _("histograms of leaderboards")
        indexes = [models.Index(fields=["game", "environment"], name="playlyfe_histogram_game")]

    def __str__(self) -> str:
        return f"{self.metric or self.board} {self.cycle} {self.scope}"


class Bucket(models.Model):
    """A range of scores, ``low`` to ``high`` inclusive: how many rows it holds, and how many stand ``above`` it; both
    without the changes that are not folded in yet."""

    histogram = models.ForeignKey(Histogram, on_delete=models.CASCADE, db_index=False, related_name="buckets")
    number = models.IntegerField()
    low = models.BigIntegerField()
    high = models.BigIntegerField()
    count = models.BigIntegerField(default=0)
    above = models.BigIntegerField(default=0)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("bucket of a histogram")
        verbose_name_plural = _("buckets of histograms")
        constraints = [models.UniqueConstraint(fields=["histogram", "number"], name="playlyfe_bucket_number")]
        indexes = [models.Index(fields=["histogram", "low"], name="playlyfe_bucket_low")]

    def __str__(self) -> str:
        return f"{self.low}…{self.high}: {self.count}"


class BucketChange(models.Model):
    """A row of a sheet came into a bucket or left it. Appended by plays, so that none waits for another; folded into
    the bucket later. No constraint: a play may know a histogram that was replaced a moment ago."""

    histogram = models.ForeignKey(
        Histogram, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    number = models.IntegerField()
    delta = models.SmallIntegerField()

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("change of a bucket")
        verbose_name_plural = _("changes of buckets")
        indexes = [models.Index(fields=["histogram", "number", "delta"], name="playlyfe_bucket_change")]

    def __str__(self) -> str:
        return f"{self.histogram_id} {self.number} {self.delta:+}"
