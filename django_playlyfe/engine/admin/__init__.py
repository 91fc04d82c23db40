"""The engine in Django's admin. Changes go through the services, which keep the log."""

from django_playlyfe.engine.admin.games import DesignVersionAdmin, GameAdmin
from django_playlyfe.engine.admin.players import CallAdmin, PlayerAdmin

__all__ = ["CallAdmin", "DesignVersionAdmin", "GameAdmin", "PlayerAdmin"]
