"""``run.py`` as a person uses it: another process, a real socket, a real browser's requests."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_arguments_it_says_what_it_can_do():
    shown = run()
    assert shown.returncode == 0
    assert "run.py demo" in shown.stdout
    assert "run.py test" in shown.stdout
    assert "run.py manage" in shown.stdout


def test_an_unknown_command_is_wrong_input():
    assert run("dance").returncode == 2


@pytest.mark.parametrize("words", [("--port", "0"), ("--port",), ("--port", "eighty"), ("--host", "x")])
def test_a_wrong_port_is_explained(words):
    shown = run("demo", *words)
    assert shown.returncode == 1
    assert "--port N" in shown.stderr


def test_a_busy_port_is_explained_and_another_one_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shown = run("demo", "--port", str(port))
    assert shown.returncode == 1
    assert f"Port {port} is in use" in shown.stderr
    assert f"--port {port + 1}" in shown.stderr


class Browser:
    """Follows links and fills in forms as a person does."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()

    def open(self, path: str) -> str:
        answer = self.session.get(self.base + path, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def send(self, path: str, **fields: object) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.open(path))
        assert token is not None
        form = {**fields, "csrfmiddlewaretoken": token[1]}
        answer = self.session.post(self.base + path, data=form, headers={"Referer": self.base}, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text


def listen_to_ctrl_c() -> None:
    """As at a terminal, although the tests may run in the background, where a shell has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(params=["engine", "http"])
def demo(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The demo, its game in the site or on a server beside it, with data of its own."""
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "CACHE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("PLAYLYFE_BACKEND", request.param)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "run.py", "demo", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )
    base = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 240
    try:
        while True:
            try:
                requests.get(base + "/", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, "the demo ended by itself"
                assert time.monotonic() < deadline, "the demo did not come up"
                time.sleep(0.2)  # another process starts: there is nothing to wait on but the socket
        yield base, process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_the_demo_registers_a_reader_and_pays_for_a_book(demo):
    base, process = demo
    browser = Browser(base)
    browser.send("/register/", username="margaret", password1="sturdy-lamp-42", password2="sturdy-lamp-42")
    shown = browser.send("/", title="The Left Hand of Darkness", pages=320, genre="fiction")
    assert "+32 experience" in shown
    assert "+32 experience" not in browser.open("/"), "feedback is shown once"
    for path in ("profile", "actions", "leaderboards", "activity"):
        assert "margaret" in browser.open(f"/play/{path}/")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    browser.session.close()
