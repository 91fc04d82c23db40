"""System checks of the client side, by identifier (all start with ``django_playlyfe.``).

=========  ==================================================================================================
``E001``   ``PLAYLYFE`` or one of its entries is no dictionary, has no game "default", or a name no game can have
``E002``   unknown key; the nearest known one is named
``E003``   wrong type or value, such as the text "False"
``E004``   a dotted path cannot be imported, or names something else than a backend
``E005``   no backend: ``PLAYLYFE`` names none and the embedded engine is not installed
``E006``   wrong ``OPTIONS`` of the backend
``E007``   database routers send users elsewhere than their player links, deliveries or embedded game
``W001``   the token of a remote game is in a cache that processes do not share
``W002``   uWSGI runs without threads, so nothing is delivered by mode "thread"
``W003``   Redis without ``socket_timeout``: one that hangs holds up the site
``W004``   PyMemcacheCache without ``timeout`` and ``connect_timeout``
``W005``   the table of a DatabaseCache is missing (asks the database: ``check --database default``)
``W006``   a row has been due for more than 300 seconds: nobody delivers (asks the database)
``W007``   deliveries share an SQLite database that does not begin transactions with IMMEDIATE
``W008``   credentials of a game on a server, and no BACKEND: the game is the embedded engine
``W009``   ``BROWSER_ACTIONS`` has what the embedded game lacks (asks the database: ``check --database default``)
=========  ==================================================================================================
"""

from __future__ import annotations

from django.core.checks import Tags
from django.core.checks import register as register_check

from django_playlyfe.checks import remote_games, settings


def register() -> None:
    """Add the checks. Called once, by the app."""
    register_check(settings.check_settings, "django_playlyfe")
    register_check(settings.check_databases, "django_playlyfe")
    register_check(settings.check_browser_actions, "django_playlyfe", Tags.database)
    register_check(remote_games.check_caches, "django_playlyfe")
    register_check(remote_games.check_threads, "django_playlyfe")
    register_check(remote_games.check_sqlite, "django_playlyfe")
    register_check(remote_games.check_stored, "django_playlyfe", Tags.database)
