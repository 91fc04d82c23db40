"""The tutorial, word by word, in an empty environment: the wheel, ``startproject``, a real server, a visit."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time

import pytest
import requests

from tests.docs.test_documentation import DOCS, blocks
from tests.packaging.conftest import distributions, environment  # noqa: F401 - fixtures

pytestmark = [pytest.mark.packaging, pytest.mark.slow, pytest.mark.xdist_group("packaging")]

PASSWORD = "sturdy-lamp-42"
CODE = {name: text for _, name, text in blocks(DOCS / "tutorial.rst")}
UNINSTALL = {name: text for _, name, text in blocks(DOCS / "howto" / "uninstalling.rst")}


@pytest.fixture
def python(environment, tmp_path):  # noqa: F811 - the fixture of that name
    """``python("manage.py", …)`` as somebody would run it in the project."""

    def run(*arguments):
        done = environment.attempt(
            arguments, "engine", PWD=str(tmp_path), DJANGO_SUPERUSER_PASSWORD=PASSWORD, PYTHONPATH=extra
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    extra = str(environment._extra(("engine",)))
    run.popen = lambda *arguments: subprocess.Popen(
        [str(environment.python), *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": extra},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return run


def written(project, name, *, also=""):
    """Add a block of the tutorial to the file that it names."""
    path = project / name
    path.parent.mkdir(exist_ok=True)
    before = path.read_text() if path.exists() else ""
    path.write_text(f"{before}\n{CODE[name.lower()]}\n{also}")


def lines(text):
    for line in text.splitlines():
        words = shlex.split(line)
        assert words[0] == "python"
        yield words[1:]


def test_the_tutorial_leads_to_a_profile_page_and_out_again(python, tmp_path):
    assert 'pip install "django-playlyfe[engine]"' in CODE["install"]  # the environment holds what that installs
    for words in lines(CODE["start"]):
        python(*words)
    written(tmp_path, "bookclub/settings.py")
    written(tmp_path, "bookclub/views.py")
    written(tmp_path, "bookclub/urls.py")
    for words in lines(CODE["commands"]):
        python(*words)
    (serve,) = lines(CODE["serve"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = python.popen(*serve[:-1], "--noreload", f"127.0.0.1:{port}")
    try:
        page = visit(f"http://127.0.0.1:{port}", server)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
    assert "+10 points" in page
    assert "ada" in page
    for words in lines(UNINSTALL["commands, in a project of their own"]):
        python(*words)


def visit(base, server):
    """Log in, and open the page that plays; what the browser shows then."""
    with requests.Session() as browser:
        deadline = time.monotonic() + 120
        while True:
            try:
                login = browser.get(f"{base}/admin/login/?next=/comment/", timeout=60)
                break
            except requests.ConnectionError:
                assert server.poll() is None, "the server ended by itself"
                assert time.monotonic() < deadline, "the server did not come up"
                time.sleep(0.1)  # another process starts: there is nothing to wait on but the socket
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login.text)[1]
        form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/comment/"}
        shown = browser.post(f"{base}/admin/login/?next=/comment/", data=form, timeout=60)
        assert shown.url == f"{base}/play/profile/", shown.url
        return shown.text
