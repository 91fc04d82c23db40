"""The Django app of the client side."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlaylyfeConfig(AppConfig):
    """Connects receivers and checks; needs nothing but a line in INSTALLED_APPS."""

    name = "django_playlyfe"
    label = "django_playlyfe"
    verbose_name = _("Players")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself, and let the chosen backends listen to what they need."""
        from django_playlyfe import backends, checks, memo, receivers
        from django_playlyfe.reading import page_budget

        checks.register()
        receivers.connect()
        memo.connect()
        page_budget.connect()
        backends.connect()
