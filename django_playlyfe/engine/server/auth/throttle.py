"""Guessing secrets is slow: ten wrong ones a minute for a client from one address, then none is looked at.

Counted in Django's default cache: on Redis or Memcached for all processes together, in process for each by itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache

from django_playlyfe.exceptions import AuthenticationError
from django_playlyfe.wire import make_error

WRONG_SECRETS = 10
WITHIN = 60
"""Seconds."""


@contextmanager
def guarded(client_id: str, address: str) -> Iterator[None]:
    """Around a look at a secret.

    Raises:
        RateLimited: too many were wrong a moment ago (``rate_limit_exceeded``), whatever this one is.
    """
    minute, rest = divmod(int(time.time()), WITHIN)
    name = hashlib.sha256(f"{client_id}\0{address}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    key = f"playlyfe-server:wrong:{name}:{minute}"
    wrong = cache.get(key, 0)
    if wrong >= WRONG_SECRETS:
        error = make_error("rate_limit_exceeded", "Too many wrong secrets; try again later")
        error.retry_after = float(WITHIN - rest)
        raise error
    try:
        yield
    except AuthenticationError:
        cache.set(key, wrong + 1, WITHIN)
        raise
