"""A remote-only site for processes that are killed: as little of Django as a site can have."""

from testproject.settings import *  # noqa: F403 - a variant of the test project
from testproject.settings import env

DEBUG = False
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_playlyfe"]
MIDDLEWARE: list[str] = []
PLAYLYFE = {
    "default": {
        "BACKEND": "django_playlyfe.backends.http.HttpBackend",
        "CLIENT_ID": "site-of-the-tests",
        "CLIENT_SECRET": "secret-canary-0123456789",
        "OPTIONS": {
            "AUTH_URL": env.str("FAULT_SERVER") + "/auth/token",
            "API_URL": env.str("FAULT_SERVER") + "/v2",
            "DELIVERY": "worker",
            "DELIVERY_RATE": 10_000,
            "TIMEOUT": (20, 20),
            "HARD_LIMIT": 15,
            "PAGE_BUDGET": env.float("PAGE_BUDGET", 0.8),
        },
    }
}
