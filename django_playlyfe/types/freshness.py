"""How fresh a reading is: live, from a cache, or kept from an earlier day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Generic, Literal, TypeVar, overload

Source = Literal["live", "cache", "stored", "none"]

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, kw_only=True)
class Read:
    """Mixin of everything read from a game: how fresh it is."""

    as_of: datetime = field(default_factory=_now, compare=False)
    is_stale: bool = field(default=False, compare=False)
    source: Source = field(default="live", compare=False)


@dataclass(frozen=True)
class Listing(Read, Sequence[T], Generic[T]):
    """A list that knows its freshness. ``total`` counts all there are, not only ``items``."""

    items: tuple[T, ...] = ()
    total: int = 0

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)
