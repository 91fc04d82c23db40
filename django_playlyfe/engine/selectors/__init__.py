"""Reads. Everything is a wire object exactly as ``http-api.md`` §6, §7 and §9 show it."""

from __future__ import annotations

from django_playlyfe.engine.selectors.actions import actions, actions_of, actions_with
from django_playlyfe.engine.selectors.boards import leaderboard, leaderboard_row, leaderboards
from django_playlyfe.engine.selectors.feeds import (
    activity,
    activity_in_parts,
    game_activity,
    game_activity_in_parts,
    latest_activities,
    latest_activity,
    newest_call_id,
    newest_results,
    results_after,
)
from django_playlyfe.engine.selectors.games import metrics, status
from django_playlyfe.engine.selectors.images import (
    design_image,
    design_images,
    game_image,
    image_of,
    metric_image,
    pictured,
    player_image,
    stock_images,
)
from django_playlyfe.engine.selectors.notifications import notifications, notifications_after, notifications_of
from django_playlyfe.engine.selectors.player_sheets import (
    Moved,
    PlayerSheet,
    ScoreLine,
    Standing,
    adjustable,
    change_lines,
    history_page,
    moved,
    player_sheet,
    standings,
)
from django_playlyfe.engine.selectors.players import export, players, profile, profiles
from django_playlyfe.engine.selectors.progress import progress, progress_of_each, rarity, rarity_of_each
from django_playlyfe.engine.selectors.rankings import Place, Ranking, distribution, ranking, standing
from django_playlyfe.engine.selectors.streaks import streak
from django_playlyfe.engine.selectors.trends import trend

__all__ = [
    "Moved",
    "Place",
    "PlayerSheet",
    "Ranking",
    "ScoreLine",
    "Standing",
    "actions",
    "actions_of",
    "actions_with",
    "activity",
    "activity_in_parts",
    "adjustable",
    "change_lines",
    "design_image",
    "design_images",
    "distribution",
    "export",
    "game_activity",
    "game_activity_in_parts",
    "game_image",
    "history_page",
    "image_of",
    "latest_activities",
    "latest_activity",
    "leaderboard",
    "leaderboard_row",
    "leaderboards",
    "metric_image",
    "metrics",
    "moved",
    "newest_call_id",
    "newest_results",
    "notifications",
    "notifications_after",
    "notifications_of",
    "pictured",
    "player_image",
    "player_sheet",
    "players",
    "profile",
    "profiles",
    "progress",
    "progress_of_each",
    "ranking",
    "rarity",
    "rarity_of_each",
    "results_after",
    "standing",
    "standings",
    "status",
    "stock_images",
    "streak",
    "trend",
]
