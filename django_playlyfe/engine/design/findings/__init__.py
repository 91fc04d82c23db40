"""What can be said of a valid design before it is played (``engine-internals.md`` §2): what nobody can ever reach, and
how much a player can earn in a day. Pure functions of the compiled design."""

from __future__ import annotations

from django_playlyfe.engine.design.findings.earnings import Earning, earnings
from django_playlyfe.engine.design.findings.reachability import Finding, unreachable

__all__ = ["Earning", "Finding", "earnings", "unreachable"]
