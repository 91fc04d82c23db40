"""What the benchmarks of the engine run on: a scratch database, and a game of as many rules as asked for."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
OPTIONS = os.environ.get("BENCHMARK_OPTIONS", "")
"""Of the database, such as ``server_side_binding=True&prepare_threshold=5``, for which PostgreSQL keeps plans."""
STEP = 100
"""Experience between two levels of the game."""


def start_django(database_url: str) -> None:
    """Set up Django on a database."""
    sys.path.insert(0, str(ROOT))
    os.environ["DATABASE_URL"] = database_url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testproject.settings")
    import django

    django.setup()


@contextmanager
def postgresql(name: str = "playlyfe_benchmark") -> Iterator[str]:
    """A new database on the server that ``DATABASE_URL`` names, dropped at the end. Gives its URL."""
    import psycopg

    with psycopg.connect(POSTGRESQL.replace("postgres://", "postgresql://"), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(POSTGRESQL)._replace(path=f"/{name}", query=OPTIONS))
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def sqlite() -> Iterator[str]:
    """A new SQLite file, gone at the end. Gives its URL."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'benchmark.sqlite3'}"


def analyse() -> None:
    """Let the database look at its tables, as it does by itself where it is not minutes old."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def design(rules: int = 10) -> dict[str, Any]:
    """A game with points, coins, a compound, ten levels, and so many achievement rules over as many badges."""
    levels = [{"rank": f"s{number}", "threshold": str(STEP * (number + 1))} for number in range(9)] + [{"rank": "s9"}]
    return {
        "game": {"id": "benchmark"},
        "metrics": [
            {"id": "xp", "name": "Experience", "type": "point"},
            {"id": "coins", "name": "Coins", "type": "point"},
            {
                "id": "badges",
                "name": "Badges",
                "type": "set",
                "constraints": {"items": [{"id": f"b{n}", "name": f"Badge {n}"} for n in range(rules)]},
            },
            {
                "id": "rank",
                "name": "Rank",
                "type": "state",
                "constraints": {"states": [{"id": f"s{n}", "name": f"Level {n}"} for n in range(10)]},
            },
            {
                "id": "impact",
                "name": "Impact",
                "type": "compound",
                "constraints": {"formula": "$scores.xp / 10 + $scores.coins"},
            },
        ],
        "actions": [
            {
                "id": "read",
                "name": "Read",
                "variables": [{"name": "pages", "type": "int", "required": True}],
                "rules": [
                    {
                        "requires": {},
                        "rewards": [
                            {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "$vars.pages / 10"},
                            {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "1"},
                        ],
                    }
                ],
            }
        ],
        "rules": [
            {
                "id": "levels",
                "name": "Levels",
                "type": "level",
                "base_metric": "xp",
                "level_metric": "rank",
                "levels": levels,
            },
            *(
                {
                    "id": f"a{number}",
                    "name": "Award",
                    "type": "achievement",
                    "achievement": {"metric": {"id": "badges"}, "items": [{"key": f"b{number}", "value": "1"}]},
                    "requires": {
                        "type": "action",
                        "context": {"id": "read", "operator": "ge", "value": str(5 * (number + 1))},
                    },
                }
                for number in range(rules)
            ),
        ],
        "leaderboards": [
            {
                "id": "top",
                "name": "Top",
                "entity_type": "players",
                "metric": {"id": "xp", "type": "point"},
                "scope": {"type": "game"},
                "cycles": ["alltime", "weekly"],
            }
        ],
    }


def set_up(players: int, rules: int = 10) -> Any:
    """Tables, the game and its players ``p0``, ``p1``, …. Returns the realm."""
    from django.core.management import call_command

    from django_playlyfe.engine import services
    from django_playlyfe.engine.realm import Realm
    from django_playlyfe.engine.versions.activation import activate

    call_command("migrate", verbosity=0)
    realm = Realm("benchmark")
    activate(realm, design(rules))
    for number in range(players):
        services.create_player(realm, f"p{number}")
    return realm
