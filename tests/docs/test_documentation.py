"""The documentation builds without a warning, and every block of code on its pages is run by some test."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import types
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import docutils.core
import docutils.nodes
import pytest
from django.core.management import call_command
from environ import Env

from django_playlyfe import conf, services
from tests.test_readme import ROOT

DOCS = ROOT / "docs"
HOWTO = sorted((DOCS / "howto").glob("*.rst"))
WITH_CODE = [*HOWTO, DOCS / "leaderboards.rst"]
"""Pages whose blocks are run here."""
CODE = {"python", "sh", "html+django", "json"}
ENVIRONMENT = {
    "PLAYLYFE_CLIENT_ID": "site",
    "PLAYLYFE_CLIENT_SECRET": "a-secret-of-many-characters-000000000000",
    "PLAYLYFE_AUTH_URL": "https://playlyfe.example/auth/token",
    "PLAYLYFE_API_URL": "https://api.playlyfe.example/v2",
}


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Language, name and text of each block of code."""
    document = docutils.core.publish_doctree(page.read_text(encoding="utf-8"), settings_overrides={"report_level": 5})
    return [
        (block["classes"][-1], next(iter(block.get("names", [])), ""), block.astext())
        for block in document.findall(docutils.nodes.literal_block)
        if "code" in block["classes"]
    ]


def named(page: Path, start: str) -> list[str]:
    return [text for _, name, text in blocks(page) if name.startswith(start)]


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(DOCS), str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    for page in ("tutorial", "testing", "security", "architecture", "howto/privacy", "reference/services"):
        assert (tmp_path / f"{page}.html").exists()
    settings = (tmp_path / "reference" / "settings.html").read_text(encoding="utf-8")
    for key in (*conf._KEYS, "TOKEN_LIFE", "TOKEN_ENCRYPTION"):
        assert f">{key}<" in settings or key in settings
    commands = (tmp_path / "reference" / "commands.html").read_text(encoding="utf-8")
    for path in (ROOT / "django_playlyfe").rglob("commands/playlyfe_*.py"):
        assert path.stem in commands
    told = (tmp_path / "reference" / "services.html").read_text(encoding="utf-8")
    for name in [name for name in services.__all__ if callable(getattr(services, name))]:
        assert f'id="django_playlyfe.services.{name}"' in told


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.rst")), ids=lambda page: page.stem)
def test_every_block_of_code_is_run_by_a_test(page):
    code = [(language, name) for language, name, _ in blocks(page) if language in CODE]
    if page in WITH_CODE or page.parent.name == "howto":
        for language, name in code:
            kinds = ("commands",) if language == "sh" else ("settings", "code", "bookclub/")
            assert name.startswith(kinds), f"{name or language}: no test runs such a block"
    elif code:
        tests = [path for path in (ROOT / "tests").rglob("test_*.py") if page.name in path.read_text(encoding="utf-8")]
        assert tests, f"no test reads {page.name}, so none runs its code"


@pytest.fixture
def site_of(monkeypatch):
    """``site_of(page)``: the modules that the page has its reader write can be imported."""

    def make(page: Path) -> None:
        package = types.ModuleType("bookclub")
        package.__path__ = []
        monkeypatch.setitem(sys.modules, "bookclub", package)
        for _, name, text in blocks(page):
            if name.startswith("bookclub/"):
                module = types.ModuleType(name.removesuffix(".py").replace("/", "."))
                exec(text, module.__dict__)
                monkeypatch.setitem(sys.modules, module.__name__, module)

    return make


@pytest.mark.parametrize("page", [page for page in HOWTO if named(page, "settings")], ids=lambda page: page.stem)
def test_settings_of_a_page_are_right(page, settings, site_of, make_user, db):
    site_of(page)
    env = Env()
    env.ENVIRON = dict(ENVIRONMENT)
    for text in named(page, "settings"):
        names = {"env": env}
        exec(text, names)
        settings.PLAYLYFE = names["PLAYLYFE"]
        assert conf.problems() == []
        for game in conf.games().values():
            user = make_user(first_name="Ada", last_name="Lovelace")
            assert isinstance(game.player_id(user), str)
            assert isinstance(game.player_alias(user), str)
            assert isinstance(game.player_filter(user), bool)


@pytest.mark.django_db
@pytest.mark.parametrize("page", [page for page in WITH_CODE if named(page, "code")], ids=lambda page: page.stem)
def test_code_of_a_page_runs(page, settings, site_of, make_user):
    from django_playlyfe.engine.design.load import read
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.engine.versions.activation import activate

    design = read(ROOT / "tests" / "designs" / "library_quest.json")
    for environment in ("production", "staging"):
        activate(Realm("library_quest", environment), design)
    site_of(page)
    wanted = named(page, "settings")
    if wanted and "GAME" in wanted[0]:
        names: dict[str, object] = {}
        exec(wanted[0], names)
        settings.PLAYLYFE = names["PLAYLYFE"]
    user = make_user()
    if "link_player" in "".join(named(page, "code")):
        services.forget_player(user)
        stranger = make_user()
        settings.PLAYLYFE = {"default": {"PLAYER_ID": lambda _: "margaret"}}
        services.forget_player(stranger)
        services.ensure_player(stranger)
        stranger.playlyfe_links.all().delete()
        settings.PLAYLYFE = {"default": {}}
    if "leaderboard(" in "".join(named(page, "code")):
        mine = services.ensure_player(user).player_id
        services.play(user, "finish_book", {"pages": 10}, scopes=[{"id": "history", "entity_id": mine}])
    last_monday = datetime.now(timezone.utc) - timedelta(days=7)
    for text in named(page, "code"):
        exec(text, {"user": user, "request": SimpleNamespace(user=user), "last_monday": last_monday})


@pytest.mark.django_db
@pytest.mark.parametrize("page", [page for page in HOWTO if named(page, "commands")], ids=lambda page: page.stem)
def test_commands_of_a_page_run(page, game, remote_or_not, make_user, tmp_path, monkeypatch, settings):
    user = make_user(username="ada")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ids.csv").write_text(f"user,player_id\n{user.pk},{services.ensure_player(user).player_id}\n")
    for text in named(page, "commands"):
        for line in text.splitlines():
            words = shlex.split(line)
            assert words[:2] == ["python", "manage.py"], line
            if words[2:4] == ["migrate", words[3] if len(words) > 3 else ""]:
                continue  # tests/docs/test_tutorial.py goes there and back in a project of its own
            with remote_or_not(line):
                shown = StringIO()
                call_command(*words[2:], stdout=shown, stderr=StringIO())


@pytest.fixture
def remote_or_not():
    """A game on a server for the commands that are about one."""
    from contextlib import nullcontext

    from django_playlyfe.testing import FakeBackend, override_playlyfe

    return lambda line: override_playlyfe(backend=FakeBackend) if "playlyfe_deliver" in line else nullcontext()


def test_a_page_that_speaks_of_a_file_names_one_that_exists():
    for page in DOCS.rglob("*.rst"):
        for name in re.findall(r"``((?:docs|tests|testproject)/[\w/.-]+\.\w+)``", page.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{page.name}: {name}"
