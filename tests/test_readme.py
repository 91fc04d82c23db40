"""The README's code runs: a blank Django project, its three steps, nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import docutils.core
import docutils.nodes
import pytest

README = Path(__file__).resolve().parent.parent / "README.rst"

SCRIPT = """
from django.contrib.auth import get_user_model
from django.test import Client

user = get_user_model().objects.create_user("margaret", password="x")
browser = Client(headers={"host": "localhost"})
browser.force_login(user)
landed = browser.get("/comment/", follow=True)
assert landed.status_code == 200, landed.status_code
assert landed.redirect_chain == [("/play/profile/", 302)], landed.redirect_chain
print(landed.content.decode())
print(browser.get("/template/").content.decode())
"""


def blocks() -> dict[str, str]:
    """The named code blocks of the README, by name."""
    document = docutils.core.publish_doctree(README.read_text(), settings_overrides={"report_level": 3})
    return {
        name: block.astext()
        for block in document.findall(docutils.nodes.literal_block)
        for name in block.get("names", [])
    }


def manage(project: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A blank project with the README's blocks put where their names say."""
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "CACHE_URL"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "site_of_mine", str(tmp_path)], check=True, cwd=tmp_path
    )
    code = blocks()
    package = tmp_path / "site_of_mine"
    with (package / "settings.py").open("a") as settings:
        settings.write(code["settings.py"] + "\n" + code["sqlite"] + "\n")
        settings.write("TEMPLATES[0]['DIRS'] = [BASE_DIR / 'templates']\n")
    (package / "views.py").write_text(code["views.py"] + "\n")
    with (package / "urls.py").open("a") as urls:
        urls.write(code["urls.py"] + "\n")
        urls.write("from django.views.generic import TemplateView\n")
        urls.write("urlpatterns += [path('template/', TemplateView.as_view(template_name='shown.html'))]\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "shown.html").write_text(code["template"])
    return tmp_path


@pytest.mark.slow
def test_the_three_steps_work_in_a_blank_project(project):
    for line in blocks()["commands"].splitlines():
        command = line.split()
        assert command[:2] == ["python", "manage.py"]
        manage(project, *command[2:])
    manage(project, "check", "--fail-level", "WARNING")
    shown = manage(project, "shell", "--no-imports", "-c", SCRIPT)
    assert "margaret" in shown
    assert "+10 points" in shown


def test_the_readme_is_valid_restructuredtext():
    document = docutils.core.publish_doctree(README.read_text(), settings_overrides={"report_level": 5})
    problems = [message.astext() for message in document.findall(docutils.nodes.system_message)]
    assert not problems
