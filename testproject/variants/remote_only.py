"""A site whose game is on a server elsewhere; the engine is not installed. Nobody listens on port 9."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import BROWSER_ACTIONS, INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "django_playlyfe.engine"]
PLAYLYFE = {
    "default": {
        "BACKEND": "django_playlyfe.backends.http.HttpBackend",
        "CLIENT_ID": "site",
        "CLIENT_SECRET": "only-for-tests-0123456789-0123456789-0123456789",
        "BROWSER_ACTIONS": BROWSER_ACTIONS,
        "OPTIONS": {"AUTH_URL": "http://127.0.0.1:9/auth/token", "API_URL": "http://127.0.0.1:9/v2"},
    },
}
