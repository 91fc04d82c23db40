"""Each request is one database transaction."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import DATABASES

DATABASES = {"default": {**DATABASES["default"], "ATOMIC_REQUESTS": True}}
