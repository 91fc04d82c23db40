"""Settings of a game server: the embedded engine behind HTTP, with no site around it. Its database is its own.

``PLAYLYFE_BACKEND=http python3 run.py demo`` runs one beside the reading log. See "Your own Playlyfe-compatible server"
in README.rst.
"""

from testproject.settings import *  # noqa: F403 - a settings module is made of names

INSTALLED_APPS = ["django.contrib.contenttypes", "django_playlyfe.engine"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
ROOT_URLCONF = "django_playlyfe.engine.server.urls"
TEMPLATES = []
PLAYLYFE: dict[str, dict[str, object]] = {}
