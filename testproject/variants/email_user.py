"""A custom user model without a username: people log in with their e-mail address."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "testproject.variants.email_users"]
AUTH_USER_MODEL = "email_users.User"
