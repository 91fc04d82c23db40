"""Keeps secrets out of the log of Django's own development server."""

from __future__ import annotations

import logging

from django_playlyfe.engine.server.auth.credentials import redacted


class WithoutSecrets(logging.Filter):
    """Rewrites arguments of log lines that hold the address of a call. Never drops a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact; always True."""
        if isinstance(record.args, tuple):
            record.args = tuple(redacted(value) if isinstance(value, str) else value for value in record.args)
        return True


def protect_development_server() -> None:
    """``runserver`` logs each request line as it came, and Playlyfe's libraries put their token into it."""
    logging.getLogger("django.server").addFilter(WithoutSecrets())
