"""The client side in Django's admin: who is which player, and what is owed to a remote game. Points and badges are the
game's, not to be edited here.
"""

from __future__ import annotations

from django_playlyfe.admin.deliveries import DeliveryAdmin, QueueAdmin
from django_playlyfe.admin.links import PlayerLinkAdmin

__all__ = ["DeliveryAdmin", "PlayerLinkAdmin", "QueueAdmin"]
