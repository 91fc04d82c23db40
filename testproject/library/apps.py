"""The app of the demo site."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibraryConfig(AppConfig):
    """Books that people have read."""

    name = "testproject.library"
    label = "library"
    verbose_name = _("Library")
