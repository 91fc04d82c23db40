"""Pages of a game, and the one view through which a browser plays.

The templates read most of what they show through the tags, which degrade by themselves. A view reads only what decides
about the answer: whether there is such a player, board or badge. Every page is also an answer in JSON, for a client
that prefers it, and a part without the site around it, for htmx (``game_page.py``).
"""

from __future__ import annotations

from django_playlyfe.views.boards import LeaderboardsView, LeaderboardView
from django_playlyfe.views.game_page import GameView, OwnPage
from django_playlyfe.views.pictures import PictureView
from django_playlyfe.views.players import (
    ActionsView,
    ActivityView,
    BadgeView,
    NotificationsView,
    PlayerView,
    ProfileView,
)
from django_playlyfe.views.playing import PlayView
from django_playlyfe.views.privacy import ExportView, ForgetView, HideView, PrivacyView

__all__ = [
    "ActionsView",
    "ActivityView",
    "BadgeView",
    "ExportView",
    "ForgetView",
    "GameView",
    "HideView",
    "LeaderboardView",
    "LeaderboardsView",
    "NotificationsView",
    "OwnPage",
    "PictureView",
    "PlayView",
    "PlayerView",
    "PrivacyView",
    "ProfileView",
]
