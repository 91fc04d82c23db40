"""What can be done with the event log: compare, rebuild, explain, judge anew (``engine-internals.md`` §1).

The log is the truth; scores, counts, feeds and leaderboards are what its calls come to. Nothing here judges a play but
:mod:`~django_playlyfe.engine.history.rejudging` and what builds on it: the rest re-applies what was recorded.
"""

from __future__ import annotations

from django_playlyfe.engine.history.checking import Checked, check
from django_playlyfe.engine.history.comparing import Difference
from django_playlyfe.engine.history.explaining import explain
from django_playlyfe.engine.history.owed import owed
from django_playlyfe.engine.history.rebuilding import repair, replay
from django_playlyfe.engine.history.recent import Recent, explain_recent
from django_playlyfe.engine.history.state_hash import state_hash
from django_playlyfe.engine.history.what_if import Totals, what_if

__all__ = [
    "Checked",
    "Difference",
    "Recent",
    "Totals",
    "check",
    "explain",
    "explain_recent",
    "owed",
    "repair",
    "replay",
    "state_hash",
    "what_if",
]
