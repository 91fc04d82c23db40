"""System checks of ``settings.PLAYLYFE``, of the backends' own options, and of database routers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import router

from django_playlyfe import conf
from django_playlyfe.backends import games
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.models import Delivery, PlayerLink


def check_databases(**_kwargs: Any) -> list[CheckMessage]:
    """A user and the link are written in one transaction, so they need one database."""
    users = router.db_for_write(get_user_model())
    elsewhere = {
        model._meta.verbose_name_plural: database
        for model in (PlayerLink, Delivery)
        if (database := router.db_for_write(model)) != users
    }
    return [
        Error(
            f"Users are written to the database {users!r}, {name} to {database!r}; no transaction is shared.",
            hint="Let DATABASE_ROUTERS send the app django_playlyfe where the user model goes.",
            id="django_playlyfe.E007",
        )
        for name, database in elsewhere.items()
    ]


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
