"""The container files name what is there, and their settings boot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SETTINGS = (ROOT / "deploy" / "playlyfe_server.py").read_text(encoding="utf-8")
ENVIRONMENT = {
    "SECRET_KEY": "k" * 64,
    "ALLOWED_HOSTS": "play.example.org",
    "DATABASE_URL": "sqlite://:memory:",
    "CACHE_URL": "redis://127.0.0.1:1/0",
}


def django(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **inherited,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "deploy"), str(ROOT)]),
            "DJANGO_SETTINGS_MODULE": "playlyfe_server",
            **environment,
        },
    )


def test_the_settings_boot_and_pass_the_checks() -> None:
    done = django("check", "--deploy", "--fail-level", "ERROR", **ENVIRONMENT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", list(ENVIRONMENT))
def test_what_is_missing_in_the_environment_is_named(name: str) -> None:
    given = {key: value for key, value in ENVIRONMENT.items() if key != name}
    done = django("check", **given)
    assert done.returncode != 0
    assert name in done.stderr


def test_everything_that_is_copied_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert copied
    assert all((ROOT / source).exists() for sources in copied for source in sources.split())


def test_the_server_does_not_run_as_root_and_logs_no_query() -> None:
    assert DOCKERFILE.index("USER playlyfe") < DOCKERFILE.index('CMD ["gunicorn"')
    assert "%(r)s" not in DOCKERFILE  # the request line has the query, and that the token
    assert "%(q)s" not in DOCKERFILE


def test_compose_sets_what_the_settings_read_and_holds_no_secret() -> None:
    required = re.findall(r'env\.(?:str|list|db_url|cache_url)\("(\w+)"\)', SETTINGS)
    assert set(required) == set(ENVIRONMENT)
    assert all(f"{name}:" in COMPOSE for name in required)
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        assert all(value.startswith("${") for value in re.findall(rf"{name}: (\S+)", COMPOSE))
