"""Tables of the engine. The log (:class:`Call`) is the truth; scores, counts and feeds are projections of it.

``docs/design/engine-internals.md`` §1 and §5. Public ids are text as ``engine.md`` §1 says, primary keys are internal.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy as _

if not apps.is_installed("django_playlyfe.engine"):
    # The parent package is an app of its own: without this guard the tables would be filed under its label.
    raise ImproperlyConfigured(
        "The embedded engine is not installed. Add it to the settings:\n\n"
        '    INSTALLED_APPS = [..., "django_playlyfe", "django_playlyfe.engine"]\n\n'
        "and run `manage.py migrate`."
    )

APP_LABEL = "django_playlyfe_engine"
ID_LENGTH = 100
"""Longest id of a game, component, item or state; ``design.schema`` refuses longer ones."""
TITLE_LENGTH = 255
ALIAS_LENGTH = 255
KEY_LENGTH = 200
"""Longest idempotency key (``interface.md`` §3.4)."""


class Environment(models.TextChoices):
    """A game's two worlds, each with players of its own (``engine.md`` §1)."""

    PRODUCTION = "production", _("production")
    STAGING = "staging", _("staging")


def new_secret() -> str:
    """256 random bits as hex: the key of a game's dice."""
    return secrets.token_hex(32)


class Game(models.Model):
    """A game: its working design, and the version in force in each environment."""

    game_id = models.CharField(_("id"), max_length=ID_LENGTH, unique=True)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    secret = models.CharField(
        max_length=64,
        default=new_secret,
        editable=False,
        help_text=_("Key of the dice. Whoever knows it can foresee them."),
    )
    document: models.JSONField[Any, Any] = models.JSONField(
        _("working design"), default=dict, blank=True, help_text=_("What is edited; without effect until activated.")
    )
    activated_sha256 = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("Hash of the working design when last activated.")
    )
    production = models.ForeignKey(
        "DesignVersion",
        verbose_name=_("production design"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    staging = models.ForeignKey(
        "DesignVersion",
        verbose_name=_("staging design"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("game")
        verbose_name_plural = _("games")

    def __str__(self) -> str:
        return self.game_id


class DesignVersion(models.Model):
    """A frozen design (``engine.md`` §14.1). Never changed; the same document is the same version."""

    game = models.ForeignKey(Game, verbose_name=_("game"), on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    document: models.JSONField[Any, Any] = models.JSONField(_("document"))
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("design version")
        verbose_name_plural = _("design versions")
        constraints = [
            models.UniqueConstraint(fields=["game", "number"], name="playlyfe_version_number"),
            models.UniqueConstraint(fields=["game", "sha256"], name="playlyfe_version_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} v{self.number}"


class Player(models.Model):
    """A player of a game in one environment. Locked first by everything that changes a score of it."""

    game = models.ForeignKey(Game, verbose_name=_("game"), on_delete=models.CASCADE, db_index=False)
    environment = models.CharField(_("environment"), max_length=16, choices=Environment.choices)
    player_id = models.CharField(_("player id"), max_length=128)
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
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    creation_key = models.CharField(  # noqa: DJ001 - null, because only nulls may repeat in a unique constraint
        max_length=KEY_LENGTH, null=True, editable=False
    )

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("player")
        verbose_name_plural = _("players")
        constraints = [
            models.UniqueConstraint(fields=["game", "environment", "player_id"], name="playlyfe_player_id"),
            models.UniqueConstraint(fields=["game", "environment", "creation_key"], name="playlyfe_player_creation"),
        ]
        indexes = [models.Index(fields=["game", "environment", "id"], name="playlyfe_player_listing")]

    def __str__(self) -> str:
        return self.player_id


class Score(models.Model):
    """One stored score: the value of a point or compound metric, the count of a set item, or a state.

    ``item`` is empty except for sets, where a count of 0 means held once and lost. ``reached_at`` orders ties.
    """

    game = models.ForeignKey(Game, on_delete=models.CASCADE, db_index=False, related_name="+")
    environment = models.CharField(max_length=16, choices=Environment.choices)
    player = models.ForeignKey(Player, on_delete=models.CASCADE, db_index=False, related_name="scores")
    metric = models.CharField(max_length=ID_LENGTH)
    item = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    value = models.BigIntegerField(null=True)
    state = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    reached_at = models.DateTimeField()

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


class ActionCount(models.Model):
    """How often a player has played an action, and what the action's rate limit remembers of it."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, db_index=False, related_name="action_counts")
    action = models.CharField(max_length=ID_LENGTH)
    count = models.BigIntegerField(default=0)
    usage: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("action count")
        verbose_name_plural = _("action counts")
        constraints = [models.UniqueConstraint(fields=["player", "action"], name="playlyfe_count_player_action")]

    def __str__(self) -> str:
        return f"{self.action} {self.count}"


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
        seed: version-1 UUID of the first event; the following events count up from it.
    """

    class Kind(models.TextChoices):
        """What was asked."""

        PLAY = "play", _("play")
        CREATE = "create", _("creation of a player")
        UNDO = "undo", _("undo")
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
    action = models.CharField(_("action"), max_length=ID_LENGTH, blank=True, default="")
    idempotency_key = models.CharField(  # noqa: DJ001 - null, because only nulls may repeat in a unique constraint
        _("idempotency key"), max_length=KEY_LENGTH, null=True
    )
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"), default=clock.now)
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
    seed = models.UUIDField(_("id of the first event"), unique=True)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = [
            # A player belongs to one game and environment, so this is the scope of interface.md §3.4.
            models.UniqueConstraint(fields=["player", "action", "idempotency_key"], name="playlyfe_call_key"),
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
    at = models.DateTimeField()

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("feed entry")
        verbose_name_plural = _("feed entries")
        constraints = [models.UniqueConstraint(fields=["call", "tick"], name="playlyfe_feed_call_tick")]
        indexes = [models.Index(fields=["game", "environment", "at"], name="playlyfe_feed_game_at")]

    def __str__(self) -> str:
        return f"{self.call_id}+{self.tick}"


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
