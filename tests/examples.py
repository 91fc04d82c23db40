"""How many examples a property test tries: few in a normal run, many under ``--hypothesis-profile nightly``."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("nightly", max_examples=2000, deadline=None)


def examples(number: int) -> int:
    """``number`` in a normal run, as many times more as the profile asks for."""
    return number * settings().max_examples // settings.get_profile("default").max_examples
