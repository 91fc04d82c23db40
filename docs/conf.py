"""Sphinx: ``python3 run.py test`` builds these pages with warnings as errors."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "_extensions")]
os.environ["DJANGO_SETTINGS_MODULE"] = "testproject.settings"

import django  # noqa: E402 - after the path

django.setup()

from django_playlyfe import __version__  # noqa: E402

project = "django-playlyfe"
author = "the django-playlyfe developers"
project_copyright = "2026, the django-playlyfe developers"
release = version = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "playlyfe_reference"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"django-playlyfe {release}"
smartquotes = False  # "--once" is what one types
templates_path: list[str] = []

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_type_aliases = {"Who": "user or player id"}
napoleon_use_rtype = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
nitpicky = False
suppress_warnings = ["ref.python"]  # several classes have a "status"; the links go to the nearest one
