"""What the tests of tags and pages share: the package's own templates, and somebody who looks at them."""

from __future__ import annotations

import pytest


@pytest.fixture
def plain_site(settings):
    """The package's own templates, without those that the demo site puts in their place."""
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": []}]


@pytest.fixture
def reader(make_user, client):
    """A user named ines, who is logged in."""
    user = make_user(username="ines")
    client.force_login(user)
    return user
