"""Tables of the engine. The log (:class:`Call`) is the truth; scores, counts and feeds are projections of it.

``engine-internals.md`` §1 and §5. Public ids are text as ``engine.md`` §1 says, primary keys are internal.
"""

from django_playlyfe.engine.models.boards import BoardRow, Bucket, BucketChange, Histogram
from django_playlyfe.engine.models.clients import ADDRESS_LENGTH, Client, ClientUsage, Grant, RefreshToken, Token
from django_playlyfe.engine.models.common import (
    ALIAS_LENGTH,
    APP_LABEL,
    GUARD_LENGTH,
    ID_LENGTH,
    KEY_LENGTH,
    SCOPE_LENGTH,
    TITLE_LENGTH,
    Environment,
)
from django_playlyfe.engine.models.games import DesignVersion, Game, new_secret
from django_playlyfe.engine.models.images import Image, ImageFile
from django_playlyfe.engine.models.log import Call, FeedEntry
from django_playlyfe.engine.models.notifications import SeenNotification
from django_playlyfe.engine.models.players import ActionCount, OnceGuard, Player, Score

__all__ = [
    "ADDRESS_LENGTH",
    "ALIAS_LENGTH",
    "APP_LABEL",
    "GUARD_LENGTH",
    "ID_LENGTH",
    "KEY_LENGTH",
    "SCOPE_LENGTH",
    "TITLE_LENGTH",
    "ActionCount",
    "BoardRow",
    "Bucket",
    "BucketChange",
    "Call",
    "Client",
    "ClientUsage",
    "DesignVersion",
    "Environment",
    "FeedEntry",
    "Game",
    "Grant",
    "Histogram",
    "Image",
    "ImageFile",
    "OnceGuard",
    "Player",
    "RefreshToken",
    "Score",
    "SeenNotification",
    "Token",
    "new_secret",
]
