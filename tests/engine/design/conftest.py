"""The library quest of engine.md §16, to be damaged by tests at will."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.validate import check

from .games import LIBRARY_QUEST, small_game

Found = set[tuple[str, str]]


@pytest.fixture(scope="session")
def _library_quest() -> dict[str, Any]:
    return read(LIBRARY_QUEST)


@pytest.fixture
def quest(_library_quest: dict[str, Any]) -> dict[str, Any]:
    """The whole library quest, as in its file."""
    return copy.deepcopy(_library_quest)


@pytest.fixture
def found() -> Callable[[object], Found]:
    """A function: document -> the (path, code) of every problem in it."""
    return lambda document: {(problem.path, problem.code) for problem in check(document).problems}


@pytest.fixture
def found_with(found: Callable[[object], Found]) -> Callable[..., Found]:
    """A function: components of a small game -> the (path, code) of every problem in it."""
    return lambda **components: found(small_game(**components))
