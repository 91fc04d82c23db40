"""The distributions, built once from what git knows, and an environment with what they declare and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import venv
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NAME = "django-playlyfe"


def tracked() -> list[str]:
    """The files of the repository, those not committed yet among them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


class Distributions:
    """A wheel and an sdist. The wheel is built from the sdist, so that both are whole."""

    def __init__(self, folder: Path) -> None:
        source = folder / "source"
        for name in tracked():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "build",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(source),
        ]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stdout + built.stderr
        (self.wheel,) = folder.glob("*.whl")
        (self.sdist,) = folder.glob("*.tar.gz")


class Environment:
    """A virtual environment with the wheel, Django and requests, and folders of what each extra adds.

    The packages are those of this environment, linked: the closure of what the wheel declares. So whatever is imported
    without being declared is missing there, and nothing is downloaded.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self._folder = folder
        venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
        self.python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self._packages = min((folder / "venv").glob("[Ll]ib/**/site-packages"))
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
        target = ["--disable-pip-version-check", "--target", str(self._packages), str(wheel)]
        subprocess.run([*install, *target], check=True, capture_output=True)
        (found,) = metadata.distributions(name=NAME, path=[str(self._packages)])
        self.distribution = found
        self._core = self._needed(())
        _link(self._core, self._packages)

    def run(self, code: str, *extras: str, **environment: str) -> str:
        """Run some lines with some extras installed; gives what they print."""
        done = self.attempt(["-c", textwrap.dedent(code)], *extras, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def attempt(self, arguments: Sequence[str], *extras: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python with some extras installed."""
        clean = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "TMPDIR", "HOME")}
        clean |= {"PYTHONPATH": str(self._extra(extras)), "PYTHONWARNINGS": "error", **environment}
        command = [str(self.python), *arguments]
        return subprocess.run(
            command, cwd=environment.get("PWD", self._folder), env=clean, capture_output=True, text=True, check=False
        )

    def _extra(self, extras: tuple[str, ...]) -> Path:
        folder = self._folder / f"extra-{'-'.join(extras)}"
        if not folder.exists():
            folder.mkdir()
            _link(self._needed(extras) - self._core, folder)
        return folder

    def _needed(self, extras: Iterable[str]) -> set[str]:
        """Names of all that the wheel, with these extras, brings along."""
        found: set[str] = set()
        open_ends = [Requirement(f"{NAME}[{','.join(extras)}]")]
        seen: set[tuple[str, str]] = set()
        while open_ends:
            wanted = open_ends.pop()
            name = canonicalize_name(wanted.name)
            distribution = self.distribution if name == NAME else metadata.distribution(name)
            if name != NAME:
                found.add(name)
            for extra in ("", *wanted.extras):
                if (name, extra) in seen:
                    continue
                seen.add((name, extra))
                for line in distribution.requires or ():
                    requirement = Requirement(line)
                    if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                        open_ends.append(requirement)
        return found


def _link(names: Iterable[str], folder: Path) -> None:
    """Put installed distributions into a folder."""
    for name in names:
        distribution = metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            target = folder / top
            if not target.exists():
                target.symlink_to(str(distribution.locate_file(top)))


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    return Distributions(tmp_path_factory.mktemp("distributions"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, distributions: Distributions) -> Environment:
    return Environment(tmp_path_factory.mktemp("environment"), distributions.wheel)
