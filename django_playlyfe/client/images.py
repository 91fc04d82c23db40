"""Pictures from a remote server: small, of a known type, nothing that a browser would run (``reliability.md`` §2.9).

A site passes them on under its own address, so that no token reaches a browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django_playlyfe import exceptions as errors
from django_playlyfe.client.limits import Limits
from django_playlyfe.client.outcomes import Arrived, Verdict, judge_answer

IMAGE_BYTES = 5 * 1024 * 1024
IMAGE_LIMITS = Limits(wall=10.0)
NOT_MODIFIED = 304

# By its first bytes, because a header can say anything. SVG is left out: it can hold scripts.
_BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}


@dataclass(frozen=True)
class Picture:
    """A picture as it may be shown.

    Attributes:
        content_type: ``image/png``, ``image/jpeg``, ``image/gif`` or ``image/webp``.
        data: the bytes, at most 5 MiB.
        etag, last_modified: for the browser's next request, empty if the server gave none.
    """

    content_type: str
    data: bytes = field(repr=False)
    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """What to send to a browser with it: nothing of the server's but these."""
        found = {
            "Content-Type": self.content_type,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
            "ETag": self.etag,
            "Last-Modified": self.last_modified,
        }
        return {name: value for name, value in found.items() if value}


def judge_picture(arrived: Arrived) -> Verdict:
    """What an answer means where a picture was asked for; the value of a success is a :class:`Picture`, or None for
    one that has not changed."""
    if arrived.status == NOT_MODIFIED:
        return Verdict("APPLIED", status=arrived.status)
    if not 200 <= arrived.status < 300 or arrived.trouble:
        return judge_answer(arrived, "read")
    named = (arrived.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if named != _type_of(arrived.body):
        return Verdict("APPLIED", errors.BadResponse, "wrong_shape", status=arrived.status)
    headers = arrived.headers
    picture = Picture(named, arrived.body, headers.get("ETag") or "", headers.get("Last-Modified") or "")
    return Verdict("APPLIED", status=arrived.status, value=picture)


def _type_of(data: bytes) -> str:
    """The type that the first bytes say; empty for what is no picture of a known type."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for name, beginnings in _BEGINNINGS.items() if data.startswith(beginnings)), "")
