"""A user model whose primary key is a UUID."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "testproject.variants.uuid_users"]
AUTH_USER_MODEL = "uuid_users.User"
