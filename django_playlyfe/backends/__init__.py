"""The site's games: ``games["alias"]``, and ``game`` for the default one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import apps
from django.utils.connection import ConnectionProxy
from django.utils.module_loading import import_string

from django_playlyfe import conf
from django_playlyfe.backends.base import GameBackend
from django_playlyfe.exceptions import ConfigurationError

if TYPE_CHECKING:
    from django_playlyfe.conf import GameSettings

__all__ = ["GameBackend", "GameHandler", "backend_class", "connect", "game", "games"]


class GameHandler:
    """Backends by the alias of their game, made when first asked for, like ``django.core.cache.caches``.

    A backend lives as long as its settings object: ``override_settings`` gives new settings, hence a new backend.
    """

    def __init__(self) -> None:
        self._backends: dict[str, GameBackend] = {}

    def __getitem__(self, alias: str) -> GameBackend:
        """The backend of one game. Raises ConfigurationError if the settings are wrong or name no such game."""
        settings = conf.game_settings(alias)
        backend = self._backends.get(alias)
        if backend is None or backend.settings is not settings:
            if backend is not None:
                backend.close()
            backend = self._backends[alias] = backend_class(settings)(settings)
        return backend

    def __iter__(self) -> Iterator[str]:
        return iter(conf.games())

    def all(self) -> list[GameBackend]:
        """The backends of all games, in the order of the settings."""
        return [self[alias] for alias in self]


def backend_class(settings: GameSettings) -> type[GameBackend]:
    """The class that ``BACKEND`` names. Raises ConfigurationError if it is none."""
    where = f"PLAYLYFE[{settings.alias!r}]['BACKEND']"
    try:
        found = import_string(settings.backend)
    except ImportError as error:
        said = f"{where} cannot be imported: {error}"
        raise ConfigurationError(conf.sentence(said + conf.nearest(settings.backend, conf.OUR_BACKENDS))) from error
    if not (isinstance(found, type) and issubclass(found, GameBackend)):
        raise ConfigurationError(f"{where}: {settings.backend} is not a subclass of GameBackend.")
    return found


def connect() -> None:
    """Let the engine's plays be heard, through whichever door they come. Called once, by the app."""
    if apps.is_installed(conf.ENGINE_APP):
        from django_playlyfe.backends import engine

        engine.connect()


games = GameHandler()
game = cast("GameBackend", ConnectionProxy(games, conf.DEFAULT_GAME))  # type: ignore[arg-type]  # only needs []
