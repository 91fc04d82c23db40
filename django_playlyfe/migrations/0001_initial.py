import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="PlayerLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "game",
                    models.CharField(
                        default="default",
                        help_text="Key in settings.PLAYLYFE.",
                        max_length=100,
                        verbose_name="game",
                    ),
                ),
                ("player_id", models.CharField(max_length=128, verbose_name="player id")),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "pending"), ("linked", "linked"), ("failed", "failed")],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "alias_hash",
                    models.CharField(
                        blank=True,
                        help_text="Hash of what the game was last told about the user.",
                        max_length=64,
                        verbose_name="alias hash",
                    ),
                ),
                (
                    "feedback_cursor",
                    models.BigIntegerField(
                        default=0,
                        help_text="Results up to here have been shown to the user.",
                        verbose_name="feedback cursor",
                    ),
                ),
                (
                    "notices",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Refusals that have not been shown to the user yet.",
                        verbose_name="notices",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="playlyfe_links",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "player link",
                "verbose_name_plural": "player links",
                "indexes": [models.Index(fields=["game", "state"], name="playlyfe_link_game_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("game", "user"), name="playlyfe_link_game_user"),
                    models.UniqueConstraint(fields=("game", "player_id"), name="playlyfe_link_game_player"),
                ],
            },
        ),
    ]
