"""System checks of the client side, by identifier (all start with ``django_playlyfe.``).

=========  ==================================================================================================
``E001``   ``PLAYLYFE`` or one of its entries is not a dictionary, or has no game "default"
``E002``   unknown key; the nearest known one is named
``E003``   wrong type or value, such as the text "False"
``E004``   a dotted path cannot be imported, or names something else than a backend
``E005``   no backend: ``PLAYLYFE`` names none and the embedded engine is not installed
``E006``   wrong ``OPTIONS`` of the backend
``E007``   database routers send users and their player links or deliveries to different databases
``W001``   the token of a remote game is in a cache that processes do not share
``W002``   uWSGI runs without threads, so nothing is delivered by mode "thread"
``W003``   Redis without ``socket_timeout``: one that hangs holds up the site
``W004``   PyMemcacheCache without ``timeout`` and ``connect_timeout``
``W005``   the table of a DatabaseCache is missing (asks the database: ``check --database default``)
``W006``   a row has been due for more than 300 seconds: nobody delivers (asks the database)
``W007``   deliveries share an SQLite database that does not begin transactions with IMMEDIATE
``W008``   credentials of a game on a server, and no BACKEND: the game is the embedded engine
=========  ==================================================================================================
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags
from django.core.checks import Warning as CheckWarning
from django.core.checks import register as register_check
from django.db import router

from django_playlyfe import cache_checks, conf
from django_playlyfe.backends import games
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.models import Delivery, PlayerLink


def register() -> None:
    """Add the checks. Called once, by the app."""
    register_check(check_settings, "django_playlyfe")
    register_check(check_databases, "django_playlyfe")
    register_check(cache_checks.check_caches, "django_playlyfe")
    register_check(cache_checks.check_threads, "django_playlyfe")
    register_check(cache_checks.check_sqlite, "django_playlyfe")
    register_check(cache_checks.check_stored, "django_playlyfe", Tags.database)


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
