"""``deploy/playlyfe_server.py`` with one address more, for ``http_plays``."""

from playlyfe_server import *  # noqa: F403 - a settings module

ROOT_URLCONF = "http_urls"
"""Beside the server's addresses a view of plain Django."""
