"""The process: takes commands from its input until that ends."""

from __future__ import annotations

import json
import sys
from typing import Any

from .game import Game
from .steps import Script, Step
from .wire import Listener


class Server:
    """One method a command."""

    def __init__(self) -> None:
        self.game, self.script = Game(), Script()
        self.main = Listener(self.game, self.script)
        self.others: dict[str, Listener] = {}

    def reset(self, steps: list[dict[str, Any]], **options: Any) -> None:
        """Forget everything, and begin a new script."""
        for listener in (self.main, *self.others.values()):
            listener.reset()
        self.main.idle = options.pop("idle", None)
        self.game.reset(options)
        self.script.reset([Step(**step) for step in steps])

    def extend(self, steps: list[dict[str, Any]]) -> None:
        self.script.extend([Step(**step) for step in steps])

    def listen(self, name: str, certificate: str = "") -> int:
        """The port of another host; with a certificate, over TLS."""
        if name not in self.others:
            self.others[name] = Listener(self.game, self.script, certificate)
        return self.others[name].port

    def revoke(self) -> None:
        self.game.revoke()

    def release(self) -> None:
        """Let those answer that are held."""
        self.main.released.set()

    def record(self, name: str = "") -> dict[str, Any]:
        listener = self.others[name] if name else self.main
        return {
            "connections": listener.connections,
            "bytes": listener.bytes,
            "requests": listener.requests,
            "applied": self.game.applied,
            "players": sorted(self.game.players),
            "issued": self.game.issued,
            "used": self.script.used,
            "left": self.script.left(),
        }


def main() -> None:
    server = Server()
    print(json.dumps({"port": server.main.port}), flush=True)
    for line in sys.stdin:
        command, arguments = json.loads(line)
        print(json.dumps(getattr(server, command)(**arguments)), flush=True)


if __name__ == "__main__":
    main()
