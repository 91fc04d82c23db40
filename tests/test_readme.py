"""The README's code runs: a blank Django project, its three steps, nothing else."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import docutils.core
import docutils.nodes
import docutils.parsers.rst.roles
import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.rst"
SECRET = "a-secret-that-only-the-site-and-the-game-know-0123456789"

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


def blocks(page: Path = README) -> dict[str, str]:
    """The named code blocks of a page, by name."""
    document = docutils.core.publish_doctree(page.read_text(), settings_overrides={"report_level": 3})
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


for role in ("doc", "ref", "class", "func", "mod", "setting"):  # Sphinx's; its own build checks what they name
    docutils.parsers.rst.roles.register_generic_role(role, docutils.nodes.literal)

PAGES = [*ROOT.glob("*.rst"), *ROOT.glob("docs/*.rst")]


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.rst")), ids=lambda page: page.name)  # Sphinx builds those in docs/
def test_a_page_is_valid_restructuredtext(page):
    document = docutils.core.publish_doctree(page.read_text(), settings_overrides={"report_level": 5})
    problems = [message.astext() for message in document.findall(docutils.nodes.system_message) if message["level"] > 1]
    assert not problems


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_to_files_that_exist(page):
    document = docutils.core.publish_doctree(page.read_text(), settings_overrides={"report_level": 3})
    links = [node["refuri"] for node in document.findall(docutils.nodes.reference) if "refuri" in node]
    assert [link for link in links if "//" not in link and not (page.parent / link).exists()] == []


@pytest.mark.django_db(transaction=True)
def test_client_credentials_take_ten_lines(live_server, game, capsys):
    made = ("playlyfe_engine_client", "docs", "--id", "reading-site", "--secret", SECRET, "--for-site")
    call_command(*made, stdout=StringIO())
    code = blocks(ROOT / "docs" / "client-credentials.rst")["ten lines"]
    code = code.replace("http://127.0.0.1:8001", live_server.url).replace("…", SECRET)
    assert len([line for line in code.splitlines() if line]) <= 10
    exec(code, {})
    assert "amount=32" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_readmes_server_can_be_mounted():
    names: dict[str, list[URLPattern | URLResolver]] = {}
    exec(blocks()["server urls"], names)
    assert names["urlpatterns"][0].resolve("game/v2/admin") is not None
    load, client = blocks()["server commands"].splitlines()
    for line in (load, client):
        words = line.replace('"my site"', "my-site").split()[2:]
        shown = StringIO()
        call_command(*words, stdout=shown)
    assert "CLIENT_SECRET" in shown.getvalue()


def test_the_readmes_remote_settings_are_complete(settings):
    from environ import Env

    from django_playlyfe import conf

    env = Env()
    env.ENVIRON = {
        "PLAYLYFE_CLIENT_ID": "reading-site",
        "PLAYLYFE_CLIENT_SECRET": SECRET,
        "PLAYLYFE_AUTH_URL": "https://playlyfe.example/auth/token",
        "PLAYLYFE_API_URL": "https://api.playlyfe.example/v2",
    }
    names = {"env": env}
    exec(blocks()["remote settings"], names)
    settings.PLAYLYFE = names["PLAYLYFE"]
    assert list(conf.problems()) == []
    assert SECRET not in repr(conf.games())
