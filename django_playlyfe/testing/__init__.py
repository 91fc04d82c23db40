"""For the tests of a site: a game in memory, and what to say about it (``docs/testing.rst``).

::

    from django_playlyfe.testing import assert_played, override_playlyfe

    @override_playlyfe(actions={"post_comment": {"points": 10}})
    def test_a_comment_pays(self):
        self.client.post("/comment/", {"text": "Hello"})
        assert_played(self.user, "post_comment")

Uses the public names of this package only, so what it does any site can do.
"""

from django_playlyfe.testing.assertions import assert_not_played, assert_played
from django_playlyfe.testing.backends import FakeBackend, FakeEmbeddedBackend
from django_playlyfe.testing.games import FakeGame, Played
from django_playlyfe.testing.overriding import drain, freeze_token, override_playlyfe

__all__ = [
    "FakeBackend",
    "FakeEmbeddedBackend",
    "FakeGame",
    "Played",
    "assert_not_played",
    "assert_played",
    "drain",
    "freeze_token",
    "override_playlyfe",
]
