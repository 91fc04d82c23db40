"""A site with naive datetimes, somewhere east of Greenwich."""

from testproject.settings import *  # noqa: F403 - a settings module is made of names

USE_TZ = False
TIME_ZONE = "Asia/Kolkata"
