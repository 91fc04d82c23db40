"""Rules that pay once, for a player or for a player and a thing that the play names (``engine.md`` §17.1), and rewards
that pay only what is better than the best before (§17.2).

What was paid is state: guards. That of a rule is read before the call, like everything that decides whether a rule
holds, and closed by the call that the rule pays in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django_playlyfe.engine.rules import variables
from django_playlyfe.engine.rules.plan import Once, RewardRule, Variable
from django_playlyfe.engine.rules.state import Guard, Guards, Refused


def guard_of(once: Once, effective: Mapping[str, object]) -> Guard | None:
    """The guard that a rule or reward asks for. None if the variable that names the thing has no value: nothing is paid
    then."""
    if not once.per:
        return once.guard, ""
    value = effective.get(once.per)
    return None if value is None else (once.guard, hashlib.sha256(str(value).encode()).hexdigest())


def moved(writes: Iterable[Sequence[Any]]) -> Guards:
    """Guards as a call has left them, from what an outcome or the log says of it."""
    return {(guard, thing): after for guard, thing, _, after in writes}


def asked(rules: Sequence[RewardRule], declared: Sequence[Variable], given: Mapping[str, Any]) -> Iterator[Guard]:
    """The guards that a call of an action or custom rule may ask for; none if its variables are wrong."""
    limited = [rule.once for rule in rules if rule.once is not None]
    limited += [reward.best for rule in rules for reward in rule.rewards if reward.best is not None]
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
