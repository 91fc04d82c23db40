"""What a careful engineer looks at before adding a dependency: the wheel and the sdist themselves."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile

import pytest
from packaging.requirements import Requirement

import django_playlyfe
from tests.packaging.conftest import ROOT, tracked

pytestmark = [pytest.mark.packaging, pytest.mark.slow, pytest.mark.xdist_group("packaging")]

NEEDED = (
    "django_playlyfe/py.typed",
    "django_playlyfe/migrations/0001_initial.py",
    "django_playlyfe/engine/migrations/0001_initial.py",
    "django_playlyfe/engine/server/openapi.yaml",
    "django_playlyfe/engine/starter.json",
    "django_playlyfe/engine/templates/django_playlyfe_engine/authorize.html",
    "django_playlyfe/locale/de/LC_MESSAGES/django.mo",
    "django_playlyfe/engine/locale/de/LC_MESSAGES/django.mo",
    "django_playlyfe/static/django_playlyfe/playlyfe.css",
    "django_playlyfe/templates/django_playlyfe/pages/profile.html",
    "django_playlyfe/testing/__init__.py",
)
AWAY = {".ci", ".gitattributes", ".gitignore"}
"""What means nothing without the repository."""
EXTRAS = {"engine", "server", "crypto", "images", "jwt", "progress", "demo", "test"}


def shipped():
    """Every file of the package that the repository knows."""
    return {name for name in tracked() if name.startswith("django_playlyfe/")}


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(distributions):
    held = {name for name in zipfile.ZipFile(distributions.wheel).namelist() if ".dist-info/" not in name}
    assert held == shipped()
    assert held.issuperset(NEEDED)


def test_the_sdist_holds_the_package_and_what_people_read_first(distributions):
    with tarfile.open(distributions.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert held.issuperset(shipped())
    assert held.issuperset(name for name in tracked() if name.partition("/")[0] not in AWAY)


def test_the_description_is_fit_for_the_index(distributions):
    command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict"]
    checked = subprocess.run(
        [*command, str(distributions.wheel), str(distributions.sdist)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("PASSED") == 2


def test_the_metadata_say_what_a_reader_wants_to_know(environment):
    told = environment.distribution.metadata
    assert told["Name"] == "django-playlyfe"
    assert told["Version"] == django_playlyfe.__version__
    assert told["Requires-Python"] == ">=3.10"
    assert told["License-Expression"] == "MIT"
    assert set(told.get_all("Provides-Extra")).issuperset(EXTRAS)
    classifiers = set(told.get_all("Classifier"))
    assert classifiers.issuperset({"Framework :: Django :: 5.2", "Framework :: Django :: 6.1", "Typing :: Typed"})


def test_the_supported_versions_are_those_of_the_matrix(environment):
    import noxfile

    classifiers = environment.distribution.metadata.get_all("Classifier")
    for index, kind in enumerate(("Programming Language :: Python", "Framework :: Django")):
        told = {name.rpartition(" ")[2] for name in classifiers if name.startswith(f"{kind} :: ")} - {"3", "Only"}
        assert told == {pair[index] for pair in noxfile.SUPPORTED}


def test_the_licence_travels_along(environment):
    assert any(file.name == "LICENSE" for file in environment.distribution.files)


def test_the_core_asks_for_django_and_requests_alone(environment):
    needed = [Requirement(line) for line in environment.distribution.requires]
    assert {one.name for one in needed if one.marker is None} == {"django", "requests"}


def test_the_pytest_plugin_is_registered(environment):
    (plugin,) = [one for one in environment.distribution.entry_points if one.group == "pytest11"]
    assert plugin.value == "django_playlyfe.pytest_plugin"


def test_the_changelog_knows_the_version():
    changes = (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")
    assert "Unreleased" in changes or django_playlyfe.__version__ in changes
