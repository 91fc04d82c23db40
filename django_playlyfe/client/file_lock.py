"""An election on one host by ``flock``, for caches that keep files (``reliability.md`` §1.3 step 5, §1.7).

``add()`` of Django's FileBasedCache lets up to eleven of sixteen processes win. A lock on a file has one holder, and
dies with it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows: add() decides there, and extra requests are possible
    fcntl = None  # type: ignore[assignment]  # the module or nothing

is_available = fcntl is not None


class FileLock:
    """A lock held by this process. Made by :func:`take`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go."""
        # Explicitly: a child forked meanwhile holds a copy of the descriptor, and closing ours would not unlock its.
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


def path_of(name: str) -> Path:
    """The file of a lock: one per user, so that another's site on the same host does not get in the way."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:20]
    return Path(tempfile.gettempdir()) / f"playlyfe-{os.getuid()}-{digest}.lock"


def take(name: str) -> FileLock | None:
    """The lock of that name, None if another process holds it.

    Raises:
        OSError: the file cannot be made or opened, for instance because another user owns it.
    """
    descriptor = os.open(path_of(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return FileLock(descriptor)
