"""How many token requests 64 cold workers make on each cache, beside naive fetch-and-delete.

``python -m benchmarks.tokens [--processes 4] [--threads 16]``. The server takes 200 ms for a token. Each line: requests
of cold workers, and more of them once the token is revoked while all run. "Naive" is what sites write first: read the
cache, fetch if there is none, delete on 401. Every call has to succeed on our side.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.client.processes import workers
from tests.faultserver.handle import FaultServer

POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "pl_faults",
    "USER": "postgres",
    "HOST": "127.0.0.1",
    "PORT": 5432,
}


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def places(directory: Path) -> Iterator[tuple[str, str, str]]:
    """Label, kind and place of each cache that is here."""
    if listens(6379):
        yield "Redis", "redis", f"redis://127.0.0.1:6379/5 {uuid.uuid4().hex}"
    if listens(11211):
        yield "Memcached", "memcached", f"127.0.0.1:11211 {uuid.uuid4().hex}"
    yield "files", "file", str(directory / "files")
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(directory / "cache.sqlite3")}
    yield "DatabaseCache on SQLite", "database", json.dumps({"database": sqlite, "table": "cache"})
    if listens(5432):
        table = f"benchmark_{uuid.uuid4().hex[:8]}"
        yield "DatabaseCache on PostgreSQL", "database", json.dumps({"database": POSTGRESQL, "table": table})
    yield "LocMem", "locmem", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--threads", type=int, default=16)
    options = parser.parse_args()
    server = FaultServer()
    callers = options.processes * options.threads
    print(f"{options.processes} processes of {options.threads} threads; token requests cold, and after a revocation")
    with tempfile.TemporaryDirectory() as directory:
        os.environ["TMPDIR"] = directory
        for label, kind, place in places(Path(directory)):
            found = []
            for scheme in ("", "naive "):
                server.reset(token_delay=0.2)
                arguments = (
                    server.auth_url,
                    server.api_url,
                    f"{scheme}{kind}",
                    place.replace("files", f"files{scheme}"),
                )
                with workers(options.processes, *arguments) as site:
                    ended = site.round(threads=options.threads)
                    cold = server.token_requests
                    server.revoke()
                    again = site.round(threads=options.threads)
                if not scheme:
                    assert ended == again == {"ok": callers}, (label, ended, again)
                found.append(f"{cold:3} + {server.token_requests - cold:3}")
            print(f"{label:28} ours {found[0]}   naive {found[1]}", flush=True)
    server.close()


if __name__ == "__main__":
    main()
