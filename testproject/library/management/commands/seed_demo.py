"""``seed_demo``: readers with two weeks of books, so that the demo has something to show."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from django_playlyfe import services
from testproject.library import shelf
from testproject.library.demo_readers import READERS, Reader, history
from testproject.library.models import Book


class Command(BaseCommand):
    """Makes the demo users that are missing; those that exist, and all they have done since, stay as they are."""

    help = "Create demo readers with some history, and the superuser admin. Repeatable: what exists is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--password", default="reading-log-demo", help="Password of new demo users.")

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model().objects
        password = make_password(options["password"])  # once: hashing is slow on purpose
        existing = set(users.values_list("username", flat=True))
        missing = [reader for reader in READERS if reader.name not in existing]
        for reader in missing:
            seed(reader, password)
        if "admin" not in existing:
            admin = users.model(username="admin", password=password, is_staff=True, is_superuser=True)
            admin.save()
        if options["verbosity"]:
            self.stdout.write(f"{len(missing)} demo readers created, {len(READERS) - len(missing)} were there already.")


@transaction.atomic
def seed(reader: Reader, password: str) -> None:
    """Create one reader with all books, or nothing."""
    user = get_user_model()(username=reader.name, password=password)
    user.save()
    finished_at = timezone.now()
    for title, finished_at in history(reader, timezone.now()):
        shelf.add(Book(owner=user, title=title.title, pages=title.pages, genre=title.genre), at=finished_at)
    for number in range(reader.bookmarks):
        services.play(user, "buy_bookmark", idempotency_key=f"seed:{number}", at=finished_at)
    while services.feedback(user):
        pass  # it is no news to anybody
