#!/usr/bin/env python3
"""Run the demo, the tests or manage.py in an environment of their own. Needs Python 3.10 or newer, nothing else.

The first run builds ``.venv`` beside this file; later runs start at once until ``pyproject.toml`` changes.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

USAGE = """\
python3 run.py demo [--port N]      a site with points, badges, levels and a leaderboard, at http://127.0.0.1:8000/
python3 run.py test [pytest args]   everything that must stay green; with arguments, only those tests
python3 run.py manage …             manage.py of the test project, in the same environment\
"""

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MINIMUM = (3, 10)
EVERYTHING = "test,services,peers,lint,docs"  # extras of pyproject.toml; they hold those of the demo
DEMO_PASSWORD = "reading-log-demo"  # noqa: S105 - the password of the demo users, printed on purpose
VARIANTS = (
    "uuid_user",
    "email_user",
    "atomic_requests",
    "remote_only",
    "login_required",
    "several_games",
    "two_databases",
    "strict_csp",
    "use_tz_false",
)


class Stop(Exception):
    """Something a person has to see to; the text says what."""


def say(text: str) -> None:
    print(text, flush=True)


# --- the environment ------------------------------------------------------------


def prepare(extras: str) -> None:
    """Make ``.venv`` hold this project with some extras; nothing happens if it already does."""
    if sys.version_info < MINIMUM:
        raise Stop(f"Python {'.'.join(map(str, MINIMUM))} or newer is needed; this is {sys.version.split()[0]}.")
    if works() and any(stamp(held).exists() and stamp(held).read_text() == digest() for held in {extras, EVERYTHING}):
        return
    say("Setting up .venv (the first time this takes a minute or two) …")
    if not works():
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            raise Stop(
                "A virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv\n"
                + (made.stdout + made.stderr).strip()
            )
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f".[{extras}]"]
    installed = subprocess.run(install, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if installed.returncode:
        raise Stop("The packages could not be installed; is the network there?\n" + installed.stdout.strip())
    stamp(extras).write_text(digest())


def stamp(extras: str) -> Path:
    """The file that tells what ``.venv`` was made from."""
    return VENV / f"installed-{extras.replace(',', '-')}"


def digest() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def works() -> bool:
    """Whether ``.venv`` is whole: a moved folder or a removed Python leaves a broken one."""
    if not PYTHON.exists():
        return False
    return subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True).returncode == 0


def environment(**extra: str) -> dict[str, str]:
    """The environment of a child process; the settings module is always the test project's unless named."""
    return {"DJANGO_SETTINGS_MODULE": "testproject.settings", **os.environ, **extra}


def manage(*arguments: str, **extra: str) -> int:
    VAR.mkdir(exist_ok=True)
    return subprocess.run([str(PYTHON), "manage.py", *arguments], cwd=ROOT, env=environment(**extra)).returncode


# --- commands ------------------------------------------------------------


def demo(arguments: list[str]) -> int:
    port = port_from(arguments)
    remote = {"engine": False, "http": True}.get(os.environ.get("PLAYLYFE_BACKEND", "engine"))
    if remote is None:
        raise Stop('PLAYLYFE_BACKEND is "engine" (the game in the site) or "http" (the game on a server beside it).')
    ports = (port, port + 1) if remote else (port,)
    for wanted in ports:
        if busy(wanted):
            raise Stop(f"Port {wanted} is in use. Choose another one: python3 run.py demo --port {port + len(ports)}")
    prepare("demo")
    servers: list[subprocess.Popen[bytes]] = []
    try:
        site = game_server(port + 1, servers) if remote else {}
        set_up_site(remote, site)
        say(
            f"\n  Reading log      http://127.0.0.1:{port}/"
            f"\n  Log in as        ada, grace, linus or mary (admin for /admin/)"
            f"\n  Password         {DEMO_PASSWORD}"
            + (f"\n  Its game         http://127.0.0.1:{port + 1}/ (a server of its own)" if remote else "")
            + "\n\n  Ctrl-C stops it. Your data stays in var/; delete that folder to start anew.\n"
        )
        servers.append(serve(port, **site))
        return servers[-1].wait()
    except KeyboardInterrupt:
        say("\nStopped.")
        return 0
    finally:
        for server in reversed(servers):
            server.terminate()
            server.wait()


def set_up_site(remote: bool, site: dict[str, str]) -> None:
    """Tables, game and readers. What is there already stays as it is."""
    must("migrate", "--verbosity", "0", **site)
    if not remote:
        must("playlyfe_engine_load", "testproject/reading_log.json", "--verbosity", "0", **site)
    must("seed_demo", "--password", DEMO_PASSWORD, "--verbosity", "0", **site)
    if remote:
        must("playlyfe_deliver", "--once", "--verbosity", "0", **site)


def game_server(port: int, servers: list[subprocess.Popen[bytes]]) -> dict[str, str]:
    """Start the game's own server and make the site a client of it.

    Returns:
        The environment of the site's processes. The secret goes from here to both sides and is written nowhere else.
    """
    VAR.mkdir(exist_ok=True)
    secret = secrets.token_hex(48)
    server = {
        "DJANGO_SETTINGS_MODULE": "testproject.game_server",
        "DATABASE_URL": f"sqlite:///{VAR / 'game-server.sqlite3'}",
        "PLAYLYFE_BACKEND": "engine",
    }
    must("migrate", "--verbosity", "0", **server)
    must("playlyfe_engine_load", "testproject/reading_log.json", "--verbosity", "0", **server)
    client = ("--id", "reading-log-demo", "--secret", secret, "--for-site", "--verbosity", "0")
    must("playlyfe_engine_client", "reading log", *client, **server)
    servers.append(serve(port, **server))
    wait_for(port)
    return {
        "PLAYLYFE_BACKEND": "http",
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{VAR / 'site.sqlite3'}"),
        "CACHE_URL": os.environ.get("CACHE_URL", f"filecache://{VAR / 'cache'}"),  # the processes share the token
        "PLAYLYFE_AUTH_URL": f"http://127.0.0.1:{port}/auth/token",
        "PLAYLYFE_API_URL": f"http://127.0.0.1:{port}/v2",
        "PLAYLYFE_CLIENT_ID": "reading-log-demo",
        "PLAYLYFE_CLIENT_SECRET": secret,
    }


def must(*arguments: str, **extra: str) -> None:
    """A step of manage.py without which the demo cannot go on; it has said why itself."""
    if manage(*arguments, **extra):
        raise Stop(f"manage.py {arguments[0]} failed; see above.")


def serve(port: int, **extra: str) -> subprocess.Popen[bytes]:
    # --insecure serves the static files without DEBUG, so that pages look as they do on a real site.
    site = extra.get("DJANGO_SETTINGS_MODULE") != "testproject.game_server"
    options = ["--noreload", *(["--insecure"] if site else []), "--verbosity", "0", f"127.0.0.1:{port}"]
    command = [str(PYTHON), "manage.py", "runserver", *options]
    quiet = environment(DJANGO_RUNSERVER_HIDE_WARNING="true", **extra)
    return subprocess.Popen(command, cwd=ROOT, env=quiet, stdout=subprocess.DEVNULL)


def wait_for(port: int, seconds: float = 30) -> None:
    """Return once somebody listens on the port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Stop(f"The game server did not come up on port {port}.")


def port_from(arguments: list[str]) -> int:
    """The port of ``--port N`` or ``--port=N``; 8000 without."""
    words = [part for argument in arguments for part in argument.split("=", 1)]
    if not words:
        return 8000
    if len(words) != 2 or words[0] != "--port" or not words[1].isdigit() or not 0 < int(words[1]) < 65536:
        raise Stop(f"demo takes --port N with N from 1 to 65535, not: {' '.join(arguments)}")
    return int(words[1])


def busy(port: int) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@dataclass(frozen=True)
class Step:
    """One thing that ``test`` runs. ``extra`` is added to its environment; ``shows`` its output as it goes."""

    name: str
    command: list[str]
    extra: dict[str, str] = field(default_factory=dict)
    shows: bool = False


def test(arguments: list[str]) -> int:
    prepare(EVERYTHING)
    VAR.mkdir(exist_ok=True)
    if arguments:
        return subprocess.run([str(PYTHON), "-m", "pytest", *arguments], cwd=ROOT).returncode
    seed = int(os.environ.get("SEED", secrets.randbelow(2**31)))
    say(f"The tests run in an order of their own: SEED={seed} python3 run.py test repeats it.")
    results = [run(step) for step in checks(seed)]
    # Each is a process that mostly waits, for itself; on one server they would share a test database.
    at_once = 1 if "DATABASE_URL" in os.environ else max(os.cpu_count() or 1, 2)
    with ThreadPoolExecutor(at_once) as pool:
        results += pool.map(run, variants(seed))
    say("\nSeconds:")
    for name, seconds, _ in results:
        say(f"{seconds:8.1f}  {name}")
    failed = [name for name, _, is_green in results if not is_green]
    say(f"\nFailed: {', '.join(failed)}" if failed else "\nAll is green.")
    return 1 if failed else 0


def checks(seed: int) -> list[Step]:
    """What ``test`` runs one after the other."""
    python = str(PYTHON)
    suite = ["-q", "-n", "auto", "--dist", "loadgroup", "-p", "randomly", "--randomly-seed", str(seed)]
    return [
        Step("format", [python, "-m", "ruff", "format", "--check", "--quiet", "."]),
        Step("lint", [python, "-m", "ruff", "check", "--quiet", "."]),
        Step("types", [python, "-m", "mypy", "--no-error-summary"]),
        Step("imports", [python, "-c", "from importlinter.cli import lint_imports_command as c; c()"]),
        Step("migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"]),
        Step("tests", [python, "-m", "pytest", *suite, "--cov", "--cov-report", "term"], shows=True),
    ]


def variants(seed: int) -> list[Step]:
    """The contract in each further test project; its smoke tests look for migrations and run the system checks."""
    contract = ["-q", "-m", "contract", "--randomly-seed", str(seed), "-p", "no:cacheprovider", "tests/contract"]
    return [
        Step(
            f"tests, {variant}",
            [str(PYTHON), "-m", "pytest", *contract],
            {"DJANGO_SETTINGS_MODULE": f"testproject.variants.{variant}"},
        )
        for variant in VARIANTS
    ]


def run(step: Step) -> tuple[str, float, bool]:
    """Run one step: its name, how long it took, whether it passed. Output is shown at once, or if it fails."""
    say(f"== {step.name}")
    started = time.monotonic()
    result = subprocess.run(
        step.command,
        cwd=ROOT,
        env=environment(**step.extra),
        stdout=None if step.shows else subprocess.PIPE,
        stderr=None if step.shows else subprocess.STDOUT,
        text=True,
    )
    if result.returncode and not step.shows:
        say(f"-- {step.name}\n{result.stdout}")
    return step.name, time.monotonic() - started, result.returncode == 0


def main(arguments: list[str]) -> int:
    commands = {"demo": demo, "test": test}
    if arguments and arguments[0] == "manage":
        prepare(EVERYTHING if stamp(EVERYTHING).exists() else "demo")
        return manage(*arguments[1:])
    if not arguments or arguments[0] not in commands:
        say(USAGE)
        return 0 if not arguments or arguments[0] in ("-h", "--help", "help") else 2
    return commands[arguments[0]](arguments[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        sys.exit(f"{stop}")
    except KeyboardInterrupt:
        sys.exit(0)
