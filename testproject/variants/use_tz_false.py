"""The site's own datetimes are naive, on a clock that is not UTC's (nor a whole number of hours away from it)."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import env

USE_TZ = False
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Kathmandu")
