"""Compiled designs, kept per process (``engine-internals.md`` §2)."""

from __future__ import annotations

import json
from functools import lru_cache

from django_playlyfe.engine.database.canonical import canonical
from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.models import DesignVersion
from django_playlyfe.engine.rules.plan import Plan

_KEPT = 64


def plan_of(version: DesignVersion) -> Plan:
    """The compiled design of a version. No query if this process has judged with it before."""
    return _compiled(version.sha256, version.pk, version._state.db)


@lru_cache(maxsize=_KEPT)
def _compiled(digest: str, version_id: int, database: str | None) -> Plan:  # noqa: ARG001 - part of the cache key
    # The digest is part of the key because a rolled back primary key is given out again. The document is read in
    # canonical order because PostgreSQL stores it in another one, and the order of a reward's items can matter.
    versions = DesignVersion.objects.using(database)
    document = versions.values_list("document", flat=True).get(pk=version_id)
    return compile_design(json.loads(canonical(document)))
