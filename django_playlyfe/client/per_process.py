"""Values that must not cross a fork: locks, sockets, threads, copies of a token.

A lock held by another thread at the moment of a fork stays locked in the child for ever, and a socket used by parent
and child gives each the other's answers. So everything of that kind lives in a :class:`PerProcess`, which makes it anew
in the child (``reliability.md`` §1.3 step 0, §2.1).
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_holders: weakref.WeakSet[PerProcess[Any]] = weakref.WeakSet()


class PerProcess(Generic[T]):
    """A value made once per process: call the holder to get it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._value = make()
        self._pid = os.getpid()
        _holders.add(self)

    def __call__(self) -> T:
        # The hook below sees every os.fork(); the comparison also catches a fork in C that did not tell Python.
        if self._pid != os.getpid():
            self.renew()
        return self._value

    def renew(self) -> None:
        """Drop the value and make a new one."""
        self._value = self._make()
        self._pid = os.getpid()


def _renew_all() -> None:
    for holder in list(_holders):
        holder.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_renew_all)
