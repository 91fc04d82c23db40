"""What a site does with a game: the public functions of this package (``docs/design/interface.md`` §2, §3).

``from django_playlyfe.services import play`` and so on. The first argument says who is meant: a user, or a player id as
text. ``game`` is a key of ``settings.PLAYLYFE``. What goes wrong is a
:class:`~django_playlyfe.exceptions.PlaylyfeError`; wrong settings are a ConfigurationError.
"""

from __future__ import annotations

from django_playlyfe.feedback import feedback
from django_playlyfe.services.asynchronous import (
    aadjust_scores,
    aexplain,
    afeedback,
    aleaderboard,
    apicture,
    aplay,
    aprofile,
    areset_player,
    arevert,
    astanding,
)
from django_playlyfe.services.by_hand import adjust_scores, reset_player, revert
from django_playlyfe.services.pictures import PICTURE_SIZES, has_picture, member_picture, picture
from django_playlyfe.services.players import ensure_player, export, forget_player, link_player
from django_playlyfe.services.plays import play, play_many, undo
from django_playlyfe.services.prefetching import (
    prefetch,
    prefetch_board,
    prefetch_boards,
    prefetch_players,
    prefetch_profile,
)
from django_playlyfe.services.privacy import hide_player, is_hidden, is_player
from django_playlyfe.services.queue import pending, queue_facts, queue_trouble
from django_playlyfe.services.reads import (
    MOST_ROWS,
    abilities,
    actions,
    activity,
    definitions,
    explain,
    leaderboard,
    leaderboards,
    mark_notifications_read,
    notifications,
    profile,
    progress,
    rarity,
    standing,
    status,
    streak,
)
from django_playlyfe.services.tokens import reset_token, token_status
from django_playlyfe.types import Play

__all__ = [
    "MOST_ROWS",
    "PICTURE_SIZES",
    "Play",
    "aadjust_scores",
    "abilities",
    "actions",
    "activity",
    "adjust_scores",
    "aexplain",
    "afeedback",
    "aleaderboard",
    "apicture",
    "aplay",
    "aprofile",
    "areset_player",
    "arevert",
    "astanding",
    "definitions",
    "ensure_player",
    "explain",
    "export",
    "feedback",
    "forget_player",
    "has_picture",
    "hide_player",
    "is_hidden",
    "is_player",
    "leaderboard",
    "leaderboards",
    "link_player",
    "mark_notifications_read",
    "member_picture",
    "notifications",
    "pending",
    "picture",
    "play",
    "play_many",
    "prefetch",
    "prefetch_board",
    "prefetch_boards",
    "prefetch_players",
    "prefetch_profile",
    "profile",
    "progress",
    "queue_facts",
    "queue_trouble",
    "rarity",
    "reset_player",
    "reset_token",
    "revert",
    "standing",
    "status",
    "streak",
    "token_status",
    "undo",
]
