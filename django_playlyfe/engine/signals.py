"""Signals of the engine.

``recorded``: a call was recorded and its transaction is committed. Sent with ``sender=Recorded`` and ``call``, the
:class:`~django_playlyfe.engine.ledger.log.Recorded`. In process, at most once; the log itself is the outbox.
"""

from __future__ import annotations

from django.dispatch import Signal

recorded = Signal()
