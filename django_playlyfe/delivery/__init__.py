"""Sends what is owed to a remote game (``reliability.md`` §3). Services write rows; this package delivers them.

Every way of sending (at once, in a thread, by ``playlyfe_deliver``, from a task queue) goes through the same claim, so
any number of them may run at the same time, on any machines.
"""

from django_playlyfe.delivery.drain import Drained, drain
from django_playlyfe.delivery.waiting import deliver_now
from django_playlyfe.delivery.wake import kick

__all__ = ["Drained", "deliver_now", "drain", "kick"]
