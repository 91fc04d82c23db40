"""What the commands of the client side share: ``--game``, exit codes, finding a user by what a person types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import OperationalError, ProgrammingError

from django_playlyfe.conf import DEFAULT_GAME, game_settings
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError

T = TypeVar("T")

SOME_FAILED = 1
WRONG_INPUT = 2


class GameCommand(BaseCommand):
    """A command about one game. Exit code 0: done, 1: the game said no or some of the work failed, 2: wrong input."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Every command takes ``--game``."""
        parser.add_argument("--game", default=DEFAULT_GAME, help="Key in settings.PLAYLYFE (default: %(default)s).")

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, and turn our errors into one line and an exit code instead of a traceback."""
        try:
            return super().execute(*args, **options)
        except ConfigurationError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        except PlaylyfeError as error:
            raise CommandError(str(error), returncode=SOME_FAILED) from error
        except (OperationalError, ProgrammingError) as error:
            said = f"The tables cannot be used: {error}. Did you run `manage.py migrate`?"
            raise CommandError(said, returncode=WRONG_INPUT) from error

    def check_game(self, alias: str) -> None:
        """Refuse a game that the settings do not name before anything else is done."""
        game_settings(alias)

    def with_progress(self, items: Iterable[T], total: int, *, unit: str) -> Iterable[T]:
        """A progress bar on a terminal, if tqdm is installed; nothing in a pipe."""
        if not self.stderr.isatty():
            return items
        try:
            from tqdm import tqdm
        except ImportError:
            return items
        return tqdm(items, total=total, unit=unit)


def find_user(text: str) -> Any:
    """The user whom a person means: by login name first, then by primary key; None if there is none."""
    model = get_user_model()
    users = model._default_manager
    by_login = users.filter(**{model.USERNAME_FIELD: text}).first()
    if by_login is not None:
        return by_login
    try:
        return users.filter(pk=model._meta.pk.to_python(text)).first()
    except (ValidationError, ValueError, OverflowError):
        return None


def add_player_arguments(parser: CommandParser) -> None:
    """Say who is meant: a user, or with ``--player-id`` a player of the game whether a user is linked or not."""
    parser.add_argument("user", help="Login name or primary key of a user.")
    parser.add_argument("--player-id", action="store_true", help="USER is the id of a player in the game instead.")


def chosen_player(options: dict[str, Any]) -> Any:
    """The user, or the player id, that the arguments name. Raises CommandError if there is no such user."""
    text = options["user"]
    if options["player_id"]:
        return text
    user = find_user(text)
    if user is None:
        raise CommandError(f"There is no user with the login name or primary key {text!r}.", returncode=WRONG_INPUT)
    return user
