"""Rules that pay once: for a player, or for a player and a thing that the play names (``engine.md`` §17.1).

What was paid is state, a set of guards. A guard is read before the call, like everything that decides whether a rule
holds, and closed by the call that the rule pays in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django_playlyfe.engine.rules import variables
from django_playlyfe.engine.rules.plan import Once, RewardRule, Variable
from django_playlyfe.engine.rules.state import Guard, Refused


def guard_of(once: Once, effective: Mapping[str, object]) -> Guard | None:
    """The guard that a rule asks for, None if the variable that names the thing has no value: nothing is paid then."""
    if not once.per:
        return once.guard, ""
    value = effective.get(once.per)
    return None if value is None else (once.guard, hashlib.sha256(str(value).encode()).hexdigest())


def asked(rules: Sequence[RewardRule], declared: Sequence[Variable], given: Mapping[str, Any]) -> Iterator[Guard]:
    """The guards that a call of an action or custom rule may ask for; none if its variables are wrong."""
    limited = [rule.once for rule in rules if rule.once is not None]
    if not limited:
        return
    try:
        effective = variables.read(declared, given)
    except Refused:  # and so will the call be
        return
    for once in limited:
        guard = guard_of(once, effective)
        if guard is not None:
            yield guard
