"""Every page asks for a login unless it says otherwise."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
