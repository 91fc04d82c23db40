"""Ids and keys in the database: two that differ in case, accents or trailing blanks are two, on every database.

For the client side and the engine alike; imports nothing of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    IdField = models.CharField  # a subclass of it loses what django-stubs knows of null=True
else:

    class IdField(models.CharField):
        """A ``CharField`` that is compared as it is written.

        PostgreSQL and SQLite do so anyway. By their default collations MariaDB and MySQL would take "Ada", "ada" and
        "ada " for the same, so the column has another one there; the database has to use ``utf8mb4``.
        """

        def db_parameters(self, connection: Any) -> dict[str, Any]:
            """The column, with the collation that compares code points, and all of them."""
            parameters = super().db_parameters(connection)
            if connection.vendor == "mysql":
                parameters["collation"] = "utf8mb4_nopad_bin" if connection.mysql_is_mariadb else "utf8mb4_0900_bin"
            return parameters
