"""One request of a browser, as far as the memo and the page's budget go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django_playlyfe import memo
from django_playlyfe.reading import page_budget


@contextmanager
def one_request() -> Iterator[None]:
    """``with one_request(): …`` is what happens between the start and the end of a request."""
    memo._open()
    page_budget._open()
    try:
        yield
    finally:
        page_budget._drop()
        memo._drop()
