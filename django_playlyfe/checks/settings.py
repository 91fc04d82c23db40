"""System checks of ``settings.PLAYLYFE``, of the backends' own options, and of database routers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import router
from django.db.models import Model

from django_playlyfe import conf
from django_playlyfe.backends import games
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
