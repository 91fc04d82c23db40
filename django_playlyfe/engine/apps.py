"""The Django app of the engine."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngineConfig(AppConfig):
    """Holds the game; needs nothing but a line in INSTALLED_APPS and ``manage.py migrate``."""

    name = "django_playlyfe.engine"
    label = "django_playlyfe_engine"
    verbose_name = _("Game engine")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks; keep large boards in step with players who go, and the mounted server's tokens
        out of runserver's log."""
        from django.db.models.signals import pre_delete

        from django_playlyfe.engine import checks
        from django_playlyfe.engine.boards.leaving import leave
        from django_playlyfe.engine.models import Player
        from django_playlyfe.engine.server.kit.logs import protect_development_server

        checks.register()
        pre_delete.connect(leave, sender=Player, dispatch_uid="django_playlyfe_engine.leave")
        protect_development_server()
