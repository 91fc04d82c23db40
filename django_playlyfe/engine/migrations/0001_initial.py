"""The tables of the engine's core: games, players, scores and the log."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import django_playlyfe.engine.models

ENVIRONMENTS = [("production", "production"), ("staging", "staging")]


def primary_key() -> "tuple[str, models.BigAutoField[int, int]]":
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Game",
            fields=[
                primary_key(),
                ("game_id", models.CharField(max_length=100, unique=True, verbose_name="id")),
                ("title", models.CharField(blank=True, max_length=255, verbose_name="title")),
                (
                    "secret",
                    models.CharField(
                        default=django_playlyfe.engine.models.new_secret,
                        editable=False,
                        help_text="Key of the dice. Whoever knows it can foresee them.",
                        max_length=64,
                    ),
                ),
                (
                    "document",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What is edited; without effect until activated.",
                        verbose_name="working design",
                    ),
                ),
                (
                    "activated_sha256",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Hash of the working design when last activated.",
                        max_length=64,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
            ],
            options={"verbose_name": "game", "verbose_name_plural": "games"},
        ),
        migrations.CreateModel(
            name="DesignVersion",
            fields=[
                primary_key(),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("document", models.JSONField(verbose_name="document")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "game",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="django_playlyfe_engine.game",
                        verbose_name="game",
                    ),
                ),
            ],
            options={
                "verbose_name": "design version",
                "verbose_name_plural": "design versions",
                "constraints": [
                    models.UniqueConstraint(fields=("game", "number"), name="playlyfe_version_number"),
                    models.UniqueConstraint(fields=("game", "sha256"), name="playlyfe_version_sha256"),
                ],
            },
        ),
        *[
            migrations.AddField(
                model_name="game",
                name=environment,
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.SET_NULL,
                    related_name="+",
                    to="django_playlyfe_engine.designversion",
                    verbose_name=f"{environment} design",
                ),
            )
            for environment, _ in ENVIRONMENTS
        ],
        migrations.CreateModel(
            name="Player",
            fields=[
                primary_key(),
                ("environment", models.CharField(choices=ENVIRONMENTS, max_length=16, verbose_name="environment")),
                ("player_id", models.CharField(max_length=128, verbose_name="player id")),
                (
                    "alias",
                    models.CharField(
                        help_text="The name that other players see.", max_length=255, verbose_name="alias"
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail address")),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="If not, plays are refused and boards omit it.",
                        verbose_name="enabled",
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        blank=True,
                        help_text="IANA name for the player's local date; empty: the game's.",
                        max_length=64,
                        verbose_name="time zone",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "game",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="django_playlyfe_engine.game",
                        verbose_name="game",
                    ),
                ),
                (
                    "judged_version",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="django_playlyfe_engine.designversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "player",
                "verbose_name_plural": "players",
                "constraints": [
                    models.UniqueConstraint(fields=("game", "environment", "player_id"), name="playlyfe_player_id")
                ],
                "indexes": [models.Index(fields=["game", "environment", "id"], name="playlyfe_player_listing")],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                primary_key(),
                ("environment", models.CharField(choices=ENVIRONMENTS, max_length=16)),
                ("metric", models.CharField(max_length=100)),
                ("item", models.CharField(blank=True, default="", max_length=100)),
                ("value", models.BigIntegerField(null=True)),
                ("state", models.CharField(blank=True, default="", max_length=100)),
                ("reached_at", models.DateTimeField()),
                (
                    "game",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="django_playlyfe_engine.game",
                    ),
                ),
                (
                    "player",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="django_playlyfe_engine.player",
                    ),
                ),
            ],
            options={
                "verbose_name": "score",
                "verbose_name_plural": "scores",
                "constraints": [
                    models.UniqueConstraint(fields=("player", "metric", "item"), name="playlyfe_score_player_metric")
                ],
                "indexes": [
                    models.Index(
                        fields=["game", "environment", "metric", "item", "-value", "reached_at"],
                        name="playlyfe_score_rank",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ActionCount",
            fields=[
                primary_key(),
                ("action", models.CharField(max_length=100)),
                ("count", models.BigIntegerField(default=0)),
                ("usage", models.JSONField(blank=True, default=dict)),
                (
                    "player",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="action_counts",
                        to="django_playlyfe_engine.player",
                    ),
                ),
            ],
            options={
                "verbose_name": "action count",
                "verbose_name_plural": "action counts",
                "constraints": [
                    models.UniqueConstraint(fields=("player", "action"), name="playlyfe_count_player_action")
                ],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                primary_key(),
                ("environment", models.CharField(choices=ENVIRONMENTS, max_length=16, verbose_name="environment")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("play", "play"),
                            ("create", "creation of a player"),
                            ("undo", "undo"),
                            ("activation", "activation of a design"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("action", models.CharField(blank=True, default="", max_length=100, verbose_name="action")),
                ("idempotency_key", models.CharField(max_length=200, null=True, verbose_name="idempotency key")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="recorded at")),
                ("backdated", models.BooleanField(default=False, verbose_name="backdated")),
                ("local_date", models.DateField(verbose_name="local date")),
                ("inputs", models.JSONField(default=dict, verbose_name="inputs")),
                ("dice", models.JSONField(default=dict, verbose_name="dice")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("applied", "applied"),
                            ("undone", "undone"),
                            ("void", "void: refused when judged again"),
                        ],
                        default="applied",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("events", models.JSONField(default=list, verbose_name="events")),
                ("writes", models.JSONField(default=list, verbose_name="writes")),
                ("seed", models.UUIDField(unique=True, verbose_name="id of the first event")),
                (
                    "game",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="django_playlyfe_engine.game",
                        verbose_name="game",
                    ),
                ),
                (
                    "player",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="calls",
                        to="django_playlyfe_engine.player",
                        verbose_name="player",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="django_playlyfe_engine.designversion",
                        verbose_name="design version",
                    ),
                ),
            ],
            options={
                "verbose_name": "call",
                "verbose_name_plural": "calls",
                "constraints": [
                    models.UniqueConstraint(fields=("player", "action", "idempotency_key"), name="playlyfe_call_key")
                ],
                "indexes": [
                    models.Index(fields=["game", "environment", "id"], name="playlyfe_call_log"),
                    models.Index(fields=["player", "id"], name="playlyfe_call_player"),
                    models.Index(fields=["player", "at"], name="playlyfe_call_player_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedEntry",
            fields=[
                primary_key(),
                ("environment", models.CharField(choices=ENVIRONMENTS, max_length=16)),
                ("tick", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "game",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="django_playlyfe_engine.game",
                    ),
                ),
                (
                    "player",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="django_playlyfe_engine.player",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feed_entries",
                        to="django_playlyfe_engine.call",
                    ),
                ),
            ],
            options={
                "verbose_name": "feed entry",
                "verbose_name_plural": "feed entries",
                "constraints": [
                    models.UniqueConstraint(fields=("call", "tick"), name="playlyfe_feed_call_tick")
                ],
                "indexes": [models.Index(fields=["game", "environment", "at"], name="playlyfe_feed_game_at")],
            },
        ),
    ]
