"""Pictures from a remote server: small, of a known type, nothing that a browser would run (``reliability.md`` §2.9).

A site passes them on under its own address, so that no token reaches a browser.
"""

from __future__ import annotations

from collections.abc import Mapping

from django_playlyfe import exceptions as errors
from django_playlyfe.client.bodies import Trouble
from django_playlyfe.client.errors import build_error
from django_playlyfe.client.limits import Limits
from django_playlyfe.client.outcomes import Arrived, Failed, Verdict, judge_answer, judge_failure
from django_playlyfe.types.pictures import Picture

IMAGE_BYTES = 5 * 1024 * 1024
IMAGE_LIMITS = Limits(wall=10.0)
NOT_MODIFIED = 304

# By its first bytes, because a header can say anything. SVG is left out: it can hold scripts.
_BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}


def judge_picture(arrived: Arrived) -> Verdict:
    """What an answer means where a picture was asked for; the value of a success is a :class:`Picture`, or None for
    one that has not changed."""
    if arrived.status == NOT_MODIFIED:
        return Verdict("APPLIED", status=arrived.status)
    if not 200 <= arrived.status < 300 or arrived.trouble:
        return judge_answer(arrived, "read")
    headers = arrived.headers
    named = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if named != _type_of(arrived.body):
        if arrived.stream is not None:
            arrived.stream.close()
        return Verdict("APPLIED", errors.BadResponse, "wrong_shape", status=arrived.status)
    etag, last_modified = headers.get("ETag") or "", headers.get("Last-Modified") or ""
    if arrived.stream is None:
        picture = Picture.whole(named, arrived.body, etag=etag, last_modified=last_modified)
    else:
        picture = Picture(named, arrived.stream, length=_length(headers), etag=etag, last_modified=last_modified)
    return Verdict("APPLIED", status=arrived.status, value=picture)


def interruption(arrived: Arrived, trouble: Trouble, *, now: float, request_id: str) -> errors.PlaylyfeError:
    """What it means that a picture which had begun to come does not come whole."""
    if trouble == "timeout":
        verdict = judge_failure(Failed("deadline", sent=True))
    else:
        verdict = judge_answer(Arrived(arrived.status, arrived.headers, trouble=trouble), "read")
    return build_error(verdict, now=now, request_id=request_id)


def _length(headers: Mapping[str, str]) -> int | None:
    """How long the picture will be; a compressed one will be longer than the header says."""
    told = headers.get("Content-Length") or ""
    return int(told) if told.isdecimal() and not headers.get("Content-Encoding") else None


def _type_of(data: bytes) -> str:
    """The type that the first bytes say; empty for what is no picture of a known type."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for name, beginnings in _BEGINNINGS.items() if data.startswith(beginnings)), "")
