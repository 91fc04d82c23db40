"""The test's end of the server's pipes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .steps import Step

ROOT = Path(__file__).parents[2]
_AT_MOST = 20.0


class FaultServer:
    """A running :mod:`tests.faultserver`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faultserver"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{json.loads(self._process.stdout.readline())['port']}"

    @property
    def auth_url(self) -> str:
        return f"{self.url}/auth/token"

    @property
    def api_url(self) -> str:
        return f"{self.url}/v2"

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def reset(self, *steps: Step, **options: Any) -> None:
        """Forget everything, and begin a new script."""
        self._say("reset", steps=[asdict(step) for step in steps], **options)

    def then(self, *steps: Step) -> None:
        """More of the script."""
        self._say("extend", steps=[asdict(step) for step in steps])

    def listen(self, name: str, certificate: str = "") -> int:
        return self._say("listen", name=name, certificate=certificate)

    def revoke(self) -> None:
        self._say("revoke")

    def release(self) -> None:
        self._say("release")

    def record(self, name: str = "") -> dict[str, Any]:
        return self._say("record", name=name)

    # what a test asks most ------------------------------------------------------------------------------------------

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """Requests whose target contains ``path``, in the order they arrived."""
        return [request for request in self.record()["requests"] if path in request["target"]]

    @property
    def token_requests(self) -> int:
        return len(self.requests("/auth/token"))

    @property
    def plays(self) -> list[dict[str, Any]]:
        """Requests of plays."""
        return self.sent("play")

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Requests of plays (``play``) or of adjusted scores (``score``)."""
        end = {"play": "/play", "score": "/scores"}[kind]
        return [request for request in self.requests() if request["target"].partition("?")[0].endswith(end)]

    def applied(self, kind: str = "play") -> list[dict[str, Any]]:
        """What took effect, in its order."""
        return [entry for entry in self.record()["applied"] if entry["kind"] == kind]

    def wait_for(self, count: int, path: str = "") -> None:
        """Until so many requests have arrived."""
        give_up_at = time.monotonic() + _AT_MOST
        while len(self.requests(path)) < count:
            assert time.monotonic() < give_up_at, f"{count} requests of {path or 'any kind'} never arrived"
            time.sleep(0.005)

    def _say(self, command: str, **arguments: Any) -> Any:
        self._process.stdin.write(json.dumps([command, arguments]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
