"""A site with a remote game alone pays nothing for the engine: no import, no table, no command.

In processes of their own, because this one has the engine installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

REMOTE_ONLY = """
SECRET_KEY = "not secret"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_playlyfe"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
PLAYLYFE = {
    "default": {
        "BACKEND": "django_playlyfe.backends.http.HttpBackend",
        "CLIENT_ID": "site",
        "CLIENT_SECRET": "a-secret",
        "OPTIONS": {  # nobody listens on port 9
            "AUTH_URL": "http://127.0.0.1:9/auth/token",
            "API_URL": "http://127.0.0.1:9/v2",
            "DELIVERY": "worker",
        },
    }
}
"""
RUNS_ON = {
    "asgiref",
    "certifi",
    "charset_normalizer",
    "django",
    "django_playlyfe",
    "idna",
    "requests",
    "sqlparse",
    "urllib3",
}
"""Django and requests, and what they bring along."""


@pytest.fixture
def run(tmp_path):
    """Run some lines on a site that has the client side alone; gives what they print."""
    (tmp_path / "remote_settings.py").write_text(REMOTE_ONLY)

    def run(lines, settings="remote_settings"):
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        code = "import django\ndjango.setup()\n" + textwrap.dedent(lines)
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_no_module_of_the_engine_is_imported(run):
    shown = run("""
        import sys
        from django.core.management import call_command
        from django.utils.module_loading import autodiscover_modules
        import django_playlyfe.decorators, django_playlyfe.mixins, django_playlyfe.services.sync
        import django_playlyfe.management.commands.playlyfe_sync_players
        call_command("check")
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User
        from django_playlyfe import services
        from django_playlyfe.exceptions import PlaylyfeError
        assert not services.status()["ok"]
        try:
            services.profile("ada")
        except PlaylyfeError:
            User.objects.create_user("ada").delete()
        print([name for name in sys.modules if name.startswith("django_playlyfe.engine")])
    """)
    assert shown.splitlines()[-1] == "[]"


def test_no_table_and_no_command_of_the_engine_exists(run):
    shown = run("""
        from django.core.management import call_command, get_commands
        from django.db import connection
        call_command("migrate", verbosity=0)
        print([name for name in connection.introspection.table_names() if "playlyfe_engine" in name])
        print([name for name in get_commands() if "playlyfe_engine" in name])
        call_command("makemigrations", check=True, verbosity=0)
    """)
    assert shown.splitlines() == ["[]", "[]"]


def test_the_engine_backend_alone_imports_nothing_of_the_engine(run):
    shown = run("""
        import sys
        from django_playlyfe.backends.engine import EngineBackend
        print([name for name in sys.modules if name.startswith("django_playlyfe.engine")])
    """)
    assert shown == "[]"


def test_registering_asks_the_remote_game_nothing_and_owes_it_the_player(run):
    shown = run("""
        from django.core.management import call_command
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User
        user = User.objects.create_user("ada")
        from django_playlyfe.models import Delivery
        print(user.playlyfe_links.get().state, Delivery.objects.get().kind)
    """)
    assert shown == "pending create"


def test_the_version_needs_no_django():
    code = "import sys, django_playlyfe; print(django_playlyfe.__version__, 'django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == "False"


def test_the_core_asks_for_django_and_requests_alone():
    needed = [Requirement(line) for line in metadata.requires("django-playlyfe") or ()]
    assert {found.name for found in needed if found.marker is None} == {"django", "requests"}


def test_a_remote_site_runs_on_django_and_requests_alone(run):
    shown = run(f"""
        import sys

        class Nothing:
            "Finds no package that Django and requests do not bring along."
            def find_spec(self, name, path=None, target=None):
                top = name.partition(".")[0]
                if top not in {sorted(RUNS_ON)!r} and top not in sys.stdlib_module_names and top not in sys.modules:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        sys.meta_path.insert(0, Nothing())
        for name in ("jsonschema", "tqdm", "environ", "cryptography"):
            assert name not in sys.modules, name
        from django.core.management import call_command
        import django_playlyfe.management.commands.playlyfe_sync_players
        import django_playlyfe.management.commands.playlyfe_deliver
        import django_playlyfe.templatetags.playlyfe, django_playlyfe.urls, django_playlyfe.delivery
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User
        from django_playlyfe import services
        user = User.objects.create_user("ada")
        print(services.play(user, "finish_book").status, services.status()["ok"])
    """)
    assert shown.splitlines()[-1] == "pending False"
