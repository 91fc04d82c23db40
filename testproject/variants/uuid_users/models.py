"""A user with a UUID as primary key."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Django's user, numbered by chance."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
