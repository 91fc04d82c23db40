"""Two databases: people and their game in one of them, sessions in the other."""

import copy

from testproject.settings import *  # noqa: F403 - a settings module is made of names
from testproject.settings import DATABASES, VAR_DIR

people = copy.deepcopy(DATABASES["default"])
if people["ENGINE"] == "django.db.backends.sqlite3":
    people["NAME"] = VAR_DIR / "people.sqlite3"
else:
    people["TEST"] = {"NAME": "test_playlyfe_people"}
DATABASES = {**DATABASES, "people": people}
DATABASE_ROUTERS = ["testproject.variants.people_router.PeopleRouter"]
