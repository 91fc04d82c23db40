"""``.env.example`` tells the truth about the demo's settings."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings


def test_every_variable_of_the_environment_is_documented_and_none_is_made_up():
    source = (Path(settings.BASE_DIR) / "testproject" / "settings.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"(\w+)\"", source))
    documented = set(re.findall(r"^#?([A-Z_]+)=", (Path(settings.BASE_DIR) / ".env.example").read_text(), re.MULTILINE))
    assert documented == read
