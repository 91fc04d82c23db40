"""Two games: the one that counts, and its rehearsal."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import PLAYLYFE

PLAYLYFE = {
    "default": {**PLAYLYFE["default"], "OPTIONS": {"GAME": "library_quest"}},
    "rehearsal": {**PLAYLYFE["default"], "OPTIONS": {"GAME": "library_quest", "ENVIRONMENT": "staging"}},
}
