"""What all tables of the engine share: lengths, environments, and the guard against a half-installed app."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
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
SCOPE_LENGTH = 200
"""Longest id of a custom scope."""
KEY_LENGTH = 200
"""Longest idempotency key (``interface.md`` §3.4)."""
GUARD_LENGTH = 215
"""Longest guard of a once-only rule or a best attempt: two ids and two words."""


class Environment(models.TextChoices):
    """A game's two worlds, each with players of its own (``engine.md`` §1)."""

    PRODUCTION = "production", _("production")
    STAGING = "staging", _("staging")
