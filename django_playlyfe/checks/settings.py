"""System checks of ``settings.PLAYLYFE``, of the backends' own options, and of database routers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, router
from django.db.models import Model

from django_playlyfe import conf
from django_playlyfe.backends import GameBackend, games
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.models import Delivery, PlayerLink


def check_databases(**_kwargs: Any) -> list[CheckMessage]:
    """A user, the link and what the embedded engine plays are written in one transaction, so they need one database."""
    users = router.db_for_write(get_user_model())
    models: list[type[Model]] = [PlayerLink, Delivery, *_models_of_the_engine()]
    return [
        Error(
            f"Users are written to the database {users!r}, {model._meta.verbose_name_plural} to {database!r}; "
            "no transaction is shared.",
            hint=f"Let DATABASE_ROUTERS send the app {model._meta.app_label} where the user model goes.",
            id="django_playlyfe.E007",
        )
        for model in models
        if (database := router.db_for_write(model)) != users
    ]


def _models_of_the_engine() -> Iterator[type[Model]]:
    """One model for all of the engine, if a game of the site is embedded; a server's alone may be anywhere."""
    if not apps.is_installed(conf.ENGINE_APP) or conf.problems():
        return
    for alias in games:
        try:
            if games[alias].transactional:
                yield apps.get_model("django_playlyfe_engine", "Player")
                return
        except ConfigurationError:  # another check's
            continue


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Everything that is wrong in ``settings.PLAYLYFE``; the backends' own options once the rest is right."""
    problems = conf.problems()
    if problems:
        return [
            Error(problem.message, hint=problem.hint or None, id=f"django_playlyfe.{problem.identifier}")
            for problem in problems
        ]
    messages: list[CheckMessage] = [
        CheckWarning(
            f"PLAYLYFE[{alias!r}] has credentials of a game on a server, but names no BACKEND: "
            "its game is the embedded engine.",
            hint=f'Write "BACKEND": "{conf.HTTP_BACKEND}", or take CLIENT_ID and CLIENT_SECRET away.',
            id="django_playlyfe.W008",
        )
        for alias, entry in conf.as_given().items()
        if "BACKEND" not in entry and (entry.get("CLIENT_ID") or entry.get("CLIENT_SECRET"))
    ]
    for alias in games:
        try:
            messages += games[alias].check()
        except ConfigurationError as error:
            messages.append(Error(str(error), id="django_playlyfe.E004"))
    return messages


def check_browser_actions(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Asks the database: does an embedded game have what ``BROWSER_ACTIONS`` lets a browser play?"""
    if not any(router.db_for_read(model) in (databases or ()) for model in _models_of_the_engine()):
        return []
    messages: list[CheckMessage] = []
    for alias in games:
        try:
            backend = games[alias]
            known = backend.known_actions() if backend.settings.browser_actions else None
        except (ConfigurationError, DatabaseError):  # no design is loaded yet, or no table made: others say so
            continue
        if known is not None:
            messages += _unknown_actions(backend, known)
    return messages


def _unknown_actions(backend: GameBackend, known: Mapping[str, frozenset[str]]) -> Iterator[CheckMessage]:
    where = f"PLAYLYFE[{backend.alias!r}]['BROWSER_ACTIONS']"
    for action, given in backend.settings.browser_actions.items():
        if action not in known:
            lacks = f"{where} has {action!r}, an action that the game lacks{conf.nearest(action, known, '.')}"
            yield CheckWarning(lacks, id="django_playlyfe.W009")
            continue
        for name in given["variables"]:
            if name not in known[action]:
                lacks = f"{where}[{action!r}] lists {name!r}, a variable that the action lacks"
                yield CheckWarning(lacks + conf.nearest(name, known[action], "."), id="django_playlyfe.W009")
