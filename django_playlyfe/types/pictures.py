"""A picture of a game, as a site may pass it on to a browser (``reliability.md`` §2.9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator


class Picture:
    """A picture: whole, or on its way from a server, piece by piece. It is read once.

    ``StreamingHttpResponse(picture, headers=picture.headers())`` shows it; Django closes it when the browser has it, or
    goes away. Whoever reads it otherwise calls :meth:`read`, or :meth:`close` to give it up.

    Args:
        content_type: ``image/png``, ``image/jpeg``, ``image/gif`` or ``image/webp``.
        pieces: its bytes; what is closed if it has a ``close()``.
        length: bytes in all, None if that is not known before the end.
        etag, last_modified: for the browser's next request, empty if there is none.
    """

    def __init__(
        self,
        content_type: str,
        pieces: Iterable[bytes],
        *,
        length: int | None = None,
        etag: str = "",
        last_modified: str = "",
    ) -> None:
        self.content_type = content_type
        self.length = length
        self.etag = etag
        self.last_modified = last_modified
        self._pieces = pieces

    @classmethod
    def whole(cls, content_type: str, data: bytes, *, etag: str = "", last_modified: str = "") -> Picture:
        """A picture whose bytes are here; its ETag is made from them if it has none."""
        etag = etag or f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        return cls(content_type, (data,), length=len(data), etag=etag, last_modified=last_modified)

    @property
    def is_whole(self) -> bool:
        """Whether all its bytes are here already."""
        return isinstance(self._pieces, tuple)

    def __repr__(self) -> str:
        return f"<Picture {self.content_type}>"

    def __iter__(self) -> Iterator[bytes]:
        """The pieces, a few tens of kilobytes each.

        Raises:
            PlaylyfeError: what is still to come does not, or is too much.
        """
        return iter(self._pieces)

    def read(self) -> bytes:
        """All of it, at most 5 MiB. Raises PlaylyfeError as iterating does."""
        try:
            return b"".join(self)
        finally:
            self.close()

    def close(self) -> None:
        """Give up what has not been read; the connection to the server is closed."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()

    def cut(self) -> None:
        """Have whoever is reading it in another thread wait no longer."""
        cut = getattr(self._pieces, "cut", None)
        if cut is not None:
            cut()

    def headers(self) -> dict[str, str]:
        """What to send to a browser with it: nothing of the server's but what names this very picture."""
        found = {
            "Content-Type": self.content_type,
            "Content-Length": str(self.length) if self.length is not None else "",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
            "ETag": self.etag,
            "Last-Modified": self.last_modified,
        }
        return {name: value for name, value in found.items() if value}
