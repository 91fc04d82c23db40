"""The router of ``two_databases``."""

from typing import Any

ELSEWHERE = {"sessions"}


class PeopleRouter:
    """Everything is about people but the sessions."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "default" if model._meta.app_label in ELSEWHERE else "people"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == "default") is (app_label in ELSEWHERE)
