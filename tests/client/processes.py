"""Real processes that share a cache."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import django_playlyfe

PACKAGE = Path(django_playlyfe.__file__).parent
MANY = 10
WORKER = Path(__file__).with_name("worker.py")


class Workers:
    """Some :mod:`.worker` processes."""

    def __init__(self, number: int, *arguments: str) -> None:
        self.processes = [
            subprocess.Popen(
                [sys.executable, str(WORKER), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
            )
            for _ in range(number)
        ]

    def wait_until_ready(self) -> None:
        for process in self.processes:
            assert process.stdout.readline() == "ready\n"

    def start(self, threads: int, calls: int = 1, *, stop: bool = False) -> None:
        """Let every process make ``threads`` times ``calls`` calls; ``stop``: it stops with its new token in hand."""
        for process in self.processes:
            process.stdin.write(f"{threads} {calls}{' stop' if stop else ''}\n")
            process.stdin.flush()

    def finish(self) -> Counter[str]:
        """How the calls of the round ended, all together."""
        total: Counter[str] = Counter()
        for process in self.processes:
            total.update(json.loads(process.stdout.readline()))
        return total

    def round(self, threads: int, calls: int = 1) -> Counter[str]:
        """Start and finish."""
        self.start(threads, calls)
        return self.finish()

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(OSError):
                process.stdin.close()
        for process in self.processes:
            process.wait(timeout=20)
            process.stdout.close()


class ForkedWorkers(Workers):
    """Many of them, forked from one process."""

    def __init__(self, number: int, *arguments: str) -> None:
        orders, answers = [os.pipe() for _ in range(number)], [os.pipe() for _ in range(number)]
        theirs = [(reads, writes) for (reads, _), (_, writes) in zip(orders, answers, strict=True)]
        self._parent = subprocess.Popen(
            [sys.executable, str(WORKER), *arguments, *(f"{reads},{writes}" for reads, writes in theirs)],
            pass_fds=[number for pair in theirs for number in pair],
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        )
        for number in (number for pair in theirs for number in pair):
            os.close(number)
        self.processes = [
            SimpleNamespace(stdin=os.fdopen(writes, "w"), stdout=os.fdopen(reads), wait=lambda timeout: None)
            for (_, writes), (reads, _) in zip(orders, answers, strict=True)
        ]

    def close(self) -> None:
        super().close()
        self._parent.wait(timeout=20)


@contextlib.contextmanager
def workers(number: int, *arguments: str) -> Iterator[Workers]:
    """``number`` processes for a block, all ready before the first round."""
    started = Workers(number, *arguments) if number < MANY else ForkedWorkers(number, *arguments)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.close()
