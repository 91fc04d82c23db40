"""Games to test with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LIBRARY_QUEST = ROOT / "tests" / "designs" / "library_quest.json"
READING_LOG = ROOT / "testproject" / "reading_log.json"


def small_game(**components: Any) -> dict[str, Any]:
    """A game with points ``xp``, a set ``badges``, a state ``rank``, an action ``read``, a team, and more."""
    return {
        "game": {"id": "small"},
        "metrics": [
            {"id": "xp", "name": "Experience", "type": "point"},
            {
                "id": "badges",
                "name": "Badges",
                "type": "set",
                "constraints": {"items": [{"name": "Night owl", "max": "3"}, {"name": "Bookworm"}]},
            },
            {
                "id": "rank",
                "name": "Rank",
                "type": "state",
                "constraints": {"states": [{"name": "Visitor"}, {"name": "Reader"}]},
            },
            *components.pop("metrics", []),
        ],
        "actions": [{"id": "read", "name": "Read"}, *components.pop("actions", [])],
        "teams": [
            {
                "id": "club",
                "name": "Club",
                "permissions": [["Member", {}], ["Host", {}]],
                "settings": {"access": ["PUBLIC"]},
            },
            *components.pop("teams", []),
        ],
        **components,
    }
