"""The embedded engine as a backend: the game's rules in this process, on this database.

Nothing of ``django_playlyfe.engine`` is imported but inside methods: a site that has only a remote game pays nothing
for it. The engine speaks wire-shaped JSON; ``wire.read_*`` turns it into the dataclasses of ``types``.
"""

from __future__ import annotations

from django_playlyfe.backends.engine.backend import EngineBackend, connect

__all__ = ["EngineBackend", "connect"]
