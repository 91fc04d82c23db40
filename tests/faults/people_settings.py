"""The site of :mod:`.site_settings` with the user model that ``FAULT_USERS`` names: an app."""

from testproject.settings import env
from tests.faults.site_settings import *  # noqa: F403 - a variant of the test project
from tests.faults.site_settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, env.str("FAULT_USERS")]
AUTH_USER_MODEL = f"{env.str('FAULT_USERS').rpartition('.')[2]}.User"
