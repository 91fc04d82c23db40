"""The code of ``docs/testing.rst`` runs, as a file of tests in a project of its own."""

from __future__ import annotations

import pytest

from tests.test_readme import ROOT, blocks
from tests.testing.test_pytest_plugin import CONFTEST

pytest_plugins = ["pytester"]

SETTINGS = """
SECRET_KEY = "not secret"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django_playlyfe", "django_playlyfe.engine",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
"""


def test_the_tests_of_the_page_pass(pytester, monkeypatch):
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "CACHE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    code = blocks(ROOT / "docs" / "testing.rst")
    pytester.makepyfile(
        site_settings=SETTINGS, **{f"test_{number}": block for number, block in enumerate(code.values())}
    )
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nDJANGO_SETTINGS_MODULE = site_settings\n")
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert ran.ret == pytest.ExitCode.OK, ran.stdout.str()
    ran.assert_outcomes(passed=5)
