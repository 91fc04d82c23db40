"""Public signals: what a site can listen to.

All are sent after the commit, in this process, at most once, and an error in a receiver is logged and stops nobody
(``on_commit(robust=True)`` and ``send_robust``). ``sender`` is the backend class. Arguments:

========================  =======================================================================
``player_created``        ``user, player_id, game``
``player_updated``        ``user, player_id, game``
``player_forgotten``      ``user, player_id, game``
``action_played``         ``user, player_id, result, game``; ``result`` is a PlayResult
``action_refused``        ``user, player_id, action, result, game``; ``result.error`` says why
``level_changed``         ``user, player_id, event, game``; ``event`` is an Event
``achievement_unlocked``  ``user, player_id, event, game``
``delivery_failed``       ``user, player_id, event, game``; remote games only
``queue_paused``          ``game, reason``; remote games only
========================  =======================================================================

``user`` is None where no site user is linked to the player.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

player_created = Signal()
player_updated = Signal()
player_forgotten = Signal()
action_played = Signal()
action_refused = Signal()
level_changed = Signal()
achievement_unlocked = Signal()
delivery_failed = Signal()
queue_paused = Signal()


def send_after_commit(signal: Signal, using: str | None, **arguments: Any) -> None:
    """Send when the transaction on the database ``using`` commits, now if none is open, never if it rolls back."""
    transaction.on_commit(partial(signal.send_robust, **arguments), using=using, robust=True)
