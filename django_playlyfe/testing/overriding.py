"""Another game for a test, and what a test of a remote game wants to hold still: the token and the threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.models import Count
from django.test.utils import TestContextDecorator, override_settings

from django_playlyfe import conf
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.client import calls_in_line
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.delivery import drain as drain_rows
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.models import Delivery
from django_playlyfe.testing.backends import FakeBackend, FakeEmbeddedBackend
from django_playlyfe.testing.games import FakeGame, Rewards


class override_playlyfe(TestContextDecorator):  # noqa: N801 - reads as override_settings does
    """Put a :class:`FakeGame` in the place of a game of ``settings.PLAYLYFE``.

    A decorator of functions and of test cases, or a context manager, which gives the FakeGame. Everything that the
    settings say of the game stays, but for ``BACKEND`` and ``OPTIONS``. Inside, no call of this package is made in a
    thread.

    Args:
        actions, boards: as in :class:`FakeGame`; a decorated function that is called several times gets a new game
            each time.
        game: alias of the game.
        backend: ``FakeBackend`` or ``FakeEmbeddedBackend``; None = what is most like the site's own: a game on a
            server, whose writes are owed until ``drain()``, or one that answers at once.
        attr_name, kwarg_name: where a decorated test case or function finds the FakeGame.
    """

    def __init__(
        self,
        actions: Mapping[str, Rewards | Callable[[Mapping[str, Any]], Rewards]] | None = None,
        boards: Mapping[str, str] | None = None,
        *,
        game: str = DEFAULT_GAME,
        backend: type[FakeBackend] | None = None,
        attr_name: str | None = None,
        kwarg_name: str | None = None,
    ) -> None:
        super().__init__(attr_name=attr_name, kwarg_name=kwarg_name)
        self._actions = actions
        self._boards = boards
        self._game = game
        self._backend = backend
        self._entered = ExitStack()

    def __enter__(self) -> FakeGame:  # type: ignore[override]  # the stubs know of what Django's own decorators give
        return self.enable()

    def enable(self) -> FakeGame:
        """Put the game there."""
        fake = FakeGame(self._actions, self._boards)
        given = conf.as_given()
        entry = {
            **given.get(self._game, {}),
            "BACKEND": _path(self._backend or _most_like(self._game)),
            "OPTIONS": {"GAME": fake},
        }
        with ExitStack() as entering:
            entering.enter_context(override_settings(PLAYLYFE={**given, self._game: entry}))
            entering.enter_context(calls_in_line())
            self._entered = entering.pop_all()
        return fake

    def disable(self) -> None:
        """Put the site's own back."""
        self._entered.close()


def drain(game: str = DEFAULT_GAME) -> dict[str, int]:
    """Send what is owed to a game and due, as ``playlyfe_deliver --once`` does; nothing is owed to an embedded one.

    Returns:
        How many rows are in which state now: ``{"delivered": 3, "pending": 1}``.
    """
    drain_rows(game)
    rows = Delivery.objects.filter(game=game).order_by().values_list("state").annotate(Count("pk"))
    return dict(rows)


@contextmanager
def freeze_token(value: str = "frozen-token", game: str = DEFAULT_GAME) -> Iterator[None]:
    """A context manager or decorator under which ``HttpBackend`` sends this token and asks for none.

    For tests that answer the API's calls themselves, with ``responses`` say. The settings of the game must stay inside.

    Raises:
        ConfigurationError: the game has no token.
    """
    client = getattr(games[game], "client", None)
    if client is None:
        raise ConfigurationError(f"The game {game!r} has no token: it is not behind HTTP.")
    with client.tokens.frozen(value):
        yield


def _most_like(game: str) -> type[FakeBackend]:
    """The fake that goes about writes as the site's own backend does."""
    try:
        backend: GameBackend = games[game]
    except ConfigurationError:  # a site under construction, or one that has this game in tests only
        return FakeBackend
    return FakeEmbeddedBackend if backend.transactional else FakeBackend


def _path(backend: type[FakeBackend]) -> str:
    return f"{backend.__module__}.{backend.__qualname__}"
