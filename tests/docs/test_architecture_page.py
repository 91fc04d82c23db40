"""``docs/architecture.rst`` is true of the tree it describes: what it names exists, and what exists it names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_readme import ROOT

PAGE = ROOT / "docs" / "architecture.rst"
PACKAGE = ROOT / "django_playlyfe"
OF_DJANGO = {"__init__", "__pycache__", "apps", "migrations", "locale", "static", "templates"}
"""What every app has, and a reader looks for by itself."""
NAME = re.compile(r"[\w.]+/?")
PATH = re.compile(r"``(\.?[\w-]+(?:/[\w.-]+)*/?)``")


def tree() -> Iterator[tuple[Path, str]]:
    """The folder and name of each entry of the drawn tree; two blanks separate names from what is said of them."""
    drawing = PAGE.read_text(encoding="utf-8").split("::\n\n", 1)[1].split("\n\n", 1)[0]
    folders = {3: ROOT}
    for line in drawing.splitlines():
        depth = len(line) - len(line.lstrip())
        if depth not in folders:  # the line before goes on
            continue
        names = NAME.findall(re.split(r"\s{2,}", line.strip())[0])
        yield from ((folders[depth], name) for name in names)
        folders = {level: folder for level, folder in folders.items() if level <= depth}
        if names[0].endswith("/"):
            folders[depth + 2] = folders[depth] / names[0]


def found(folder: Path, name: str) -> bool:
    return (folder / name).exists() or (folder / f"{name}.py").exists()


def test_everything_in_the_tree_exists() -> None:
    assert [f"{folder.relative_to(ROOT)}/{name}" for folder, name in tree() if not found(folder, name)] == []


@pytest.mark.parametrize("folder", [PACKAGE, PACKAGE / "engine"], ids=["client", "engine"])
def test_every_module_and_package_is_in_the_tree(folder: Path) -> None:
    named = {name.removesuffix("/").removesuffix(".py") for place, name in tree() if place == folder}
    there = {entry.stem for entry in folder.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").exists()}
    assert there - named - OF_DJANGO == set()


def test_every_package_says_what_lives_there() -> None:
    silent = [
        str(path.parent.relative_to(ROOT))
        for path in PACKAGE.rglob("__init__.py")
        if not {"management", "migrations", "templatetags"} & set(path.parts)
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("page", ["README.rst", "CONTRIBUTING.rst", "docs/architecture.rst"])
def test_every_path_in_the_text_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    places = (ROOT, PACKAGE, PACKAGE / "engine", ROOT / "docs")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()  # what running makes
    paths = {path for path in PATH.findall(text) if "/" in path or path.endswith((".py", ".toml", ".rst"))}
    assert paths
    assert (
        sorted(path for path in paths if f"/{path}" not in ignored and not any(found(place, path) for place in places))
        == []
    )
