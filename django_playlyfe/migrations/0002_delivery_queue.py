import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("django_playlyfe", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        help_text="Idempotency-Key and request id.",
                        unique=True,
                        verbose_name="key",
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(
                        blank=True,
                        help_text="The site's own key of a play.",
                        max_length=200,
                        null=True,
                        verbose_name="idempotency key",
                    ),
                ),
                (
                    "game",
                    models.CharField(
                        default="default", help_text="Key in settings.PLAYLYFE.", max_length=100, verbose_name="game"
                    ),
                ),
                ("subject", models.CharField(max_length=128, verbose_name="player id")),
                ("action", models.CharField(blank=True, max_length=200, verbose_name="action")),
                (
                    "user_pk",
                    models.CharField(
                        blank=True,
                        help_text="Primary key of the user, also after a deletion.",
                        max_length=255,
                        verbose_name="user",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("create", "creation of a player"),
                            ("update", "update of a player"),
                            ("play", "play"),
                            ("score", "edited scores"),
                            ("delete", "deletion of a player"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("payload", models.JSONField(blank=True, default=dict, verbose_name="payload")),
                ("payload_v", models.PositiveSmallIntegerField(default=1, verbose_name="version of the payload")),
                (
                    "played_at",
                    models.DateTimeField(
                        blank=True, help_text="When it happened.", null=True, verbose_name="played at"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "owed"),
                            ("sending", "being sent"),
                            ("uncertain", "uncertain"),
                            ("delivered", "delivered"),
                            ("refused", "refused by the game"),
                            ("dead", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                (
                    "sends",
                    models.PositiveIntegerField(
                        default=0, help_text="Attempts that reached the wire.", verbose_name="sends"
                    ),
                ),
                ("not_before", models.DateTimeField(verbose_name="not before")),
                (
                    "owner",
                    models.CharField(blank=True, help_text="Random per claim.", max_length=32, verbose_name="owner"),
                ),
                (
                    "lease_until",
                    models.DateTimeField(
                        blank=True, help_text="By the clock of the database.", null=True, verbose_name="lease until"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "keyed",
                    models.BooleanField(
                        default=False,
                        help_text="The game had announced that it honours the key when this was sent.",
                        verbose_name="keyed",
                    ),
                ),
                ("answer", models.JSONField(blank=True, null=True, verbose_name="answer")),
                ("shown_at", models.DateTimeField(blank=True, null=True, verbose_name="shown at")),
                ("error_code", models.CharField(blank=True, max_length=100, verbose_name="error code")),
                ("error_text", models.CharField(blank=True, max_length=500, verbose_name="error")),
                (
                    "evidence",
                    models.CharField(
                        blank=True,
                        help_text="What else is known: resent, unread, exists, expired.",
                        max_length=20,
                        verbose_name="evidence",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["state", "not_before", "id"], name="playlyfe_delivery_due"),
                    models.Index(fields=["game", "subject", "id"], name="playlyfe_delivery_subject"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("game", "subject", "action", "idempotency_key"), name="playlyfe_delivery_business_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Queue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "game",
                    models.CharField(
                        default="default", help_text="Key in settings.PLAYLYFE.", max_length=100, verbose_name="game"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("all", "everything"), ("create", "creations of players")],
                        default="all",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("paused_until", models.DateTimeField(verbose_name="paused until")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "times",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="How many times in a row it was paused: the wait doubles.",
                        verbose_name="times",
                    ),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
                "constraints": [models.UniqueConstraint(fields=("game", "kind"), name="playlyfe_queue_game_kind")],
            },
        ),
    ]
