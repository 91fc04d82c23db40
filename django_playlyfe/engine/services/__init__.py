"""Writes. Each is one transaction, the caller's if one is open, and locks the player first."""

from __future__ import annotations

from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.services.awarding import award
from django_playlyfe.engine.services.custom_rules import run_rule
from django_playlyfe.engine.services.edits import adjust_scores, reset_player
from django_playlyfe.engine.services.images import add_design_image, set_player_image
from django_playlyfe.engine.services.many_plays import play_many
from django_playlyfe.engine.services.notifications import mark_seen, read_event_ids
from django_playlyfe.engine.services.players import (
    Created,
    create_player,
    create_player_once,
    delete_player,
    update_player,
)
from django_playlyfe.engine.services.plays import play
from django_playlyfe.engine.services.rehearsing import Rehearsal, if_unchanged, rehearse
from django_playlyfe.engine.services.reverting import revert
from django_playlyfe.engine.services.undoing import undo, undo_call

__all__ = [
    "Created",
    "Recorded",
    "Rehearsal",
    "add_design_image",
    "adjust_scores",
    "award",
    "create_player",
    "create_player_once",
    "delete_player",
    "if_unchanged",
    "mark_seen",
    "play",
    "play_many",
    "read_event_ids",
    "rehearse",
    "reset_player",
    "revert",
    "run_rule",
    "set_player_image",
    "undo",
    "undo_call",
    "update_player",
]
