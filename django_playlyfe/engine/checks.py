"""System checks of the engine, ids ``django_playlyfe_engine.…``."""

from __future__ import annotations

from typing import Any

from django.core import checks

from django_playlyfe.engine import conf
from django_playlyfe.engine.database import transactions


def register() -> None:
    """Let Django run the checks of this module."""
    checks.register(check_settings)
    checks.register(check_sqlite, checks.Tags.compatibility)


def check_settings(**kwargs: Any) -> list[checks.CheckMessage]:  # noqa: ARG001 - a check's signature
    """E001: ``PLAYLYFE_SERVER`` has an unknown key or a value of the wrong kind."""
    return [checks.Error(problem, id="django_playlyfe_engine.E001") for problem in conf.problems()]


def check_sqlite(**kwargs: Any) -> list[checks.CheckMessage]:  # noqa: ARG001 - a check's signature
    """W001: SQLite would answer "database is locked" to two plays at once.

    A play reads before it writes. SQLite's default transaction starts as a reader and cannot become a writer while
    another one writes: it fails at once, whatever the timeout. An IMMEDIATE transaction waits.
    """
    alias, connection = transactions.write_alias(), transactions.write_connection()
    options = connection.settings_dict.get("OPTIONS") or {}
    if connection.vendor != "sqlite" or str(options.get("transaction_mode", "")).upper() in ("IMMEDIATE", "EXCLUSIVE"):
        return []
    return [
        checks.Warning(
            f'Two plays at once on the SQLite database {alias!r} may fail with "database is locked".',
            hint=f'Write DATABASES[{alias!r}]["OPTIONS"] = {{"transaction_mode": "IMMEDIATE", "timeout": 20}}.',
            id="django_playlyfe_engine.W001",
        )
    ]
