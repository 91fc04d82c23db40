"""How long a call may take and how often it is tried (``reliability.md`` §2.2)."""

from __future__ import annotations

from dataclasses import dataclass

CONNECT = 3.05
READ = 10.0
HARD_LIMIT = 15.0


@dataclass(frozen=True)
class Limits:
    """Bounds of one call, in seconds.

    Attributes:
        connect: until a connection stands, per address tried.
        read: between two pieces of the answer.
        wall: all in all, waiting for a token and repeats included. When it is over the socket is shut down.
        attempts: how often the request may be sent. A repeat after a refused token does not count.
        serves_page: a visitor waits for this call, so it never does the work of others, such as a probe.
        in_pool: the visitor waits for the pool and not for this thread, so the thread may probe all the same, for as
            long as a call in the background may take.
    """

    connect: float = CONNECT
    read: float = READ
    wall: float = HARD_LIMIT
    attempts: int = 1
    serves_page: bool = False
    in_pool: bool = False

    @property
    def may_probe(self) -> bool:
        """Whether this call may test for all others whether the host is back."""
        return self.in_pool or not self.serves_page


def page_limits(seconds: float, *, in_pool: bool = False) -> Limits:
    """Bounds of a read for a page: the rest of its budget, one attempt."""
    return Limits(connect=seconds, read=seconds, wall=seconds, serves_page=True, in_pool=in_pool)


# Below the 15 s of the lease under which it is fetched, so that nobody else asks meanwhile.
TOKEN_LIMITS = Limits(connect=2.0, read=5.0, wall=7.0)
