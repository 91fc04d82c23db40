"""The engine is optional: a site without it has none of its tables, and a hint if it imports them."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

REMOTE_ONLY = """
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
try:
    import django_playlyfe.engine.models
except Exception as error:
    print(type(error).__name__, error)
"""


def test_without_the_app_the_tables_name_the_line_to_add() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    answer = subprocess.run(
        [sys.executable, "-c", REMOTE_ONLY], capture_output=True, text=True, check=True, env=environment
    )
    assert answer.stdout.startswith("ImproperlyConfigured")
    assert 'INSTALLED_APPS = [..., "django_playlyfe", "django_playlyfe.engine"]' in answer.stdout


def test_all_tables_are_filed_under_the_engine() -> None:
    engine = {model.__name__ for model in apps.get_app_config("django_playlyfe_engine").get_models()}
    assert {"Game", "DesignVersion", "Player", "Score", "ActionCount", "Call", "FeedEntry"} <= engine
    assert not engine & {model.__name__ for model in apps.get_app_config("django_playlyfe").get_models()}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "django_playlyfe_engine", check=True, dry_run=True, stdout=StringIO())
