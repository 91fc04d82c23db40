"""What the reading log keeps."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Book(models.Model):
    """A book that somebody has finished."""

    class Genre(models.TextChoices):
        """What kind of book it is; the game is told."""

        FICTION = "fiction", _("Fiction")
        HISTORY = "history", _("History")
        SCIENCE = "science", _("Science")
        BIOGRAPHY = "biography", _("Biography")
        POETRY = "poetry", _("Poetry")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="books"
    )
    title = models.CharField(_("title"), max_length=200)
    pages = models.PositiveIntegerField(_("pages"), validators=[MinValueValidator(1), MaxValueValidator(10_000)])
    genre = models.CharField(_("genre"), max_length=20, choices=Genre.choices, default=Genre.FICTION)
    finished_at = models.DateTimeField(_("finished at"), default=timezone.now)

    class Meta:
        verbose_name = _("book")
        verbose_name_plural = _("books")
        ordering = ["-finished_at", "-pk"]
        indexes = [models.Index(fields=["owner", "-finished_at"], name="library_book_owner_latest")]

    def __str__(self) -> str:
        return self.title
