"""Many games, counted: ``python -m tests.reference.soak --games 1000000`` compares engine and reference on the games 0,
1, 2, … on all processors (``--processes``), and goes on where it was interrupted. What it found is in
``docs/figures.rst``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from .test_agreement import compare

CHUNK = 500
CHECKED = 50
"""One design of so many is checked as well; the tests check those of their games all."""


def run(first: int) -> tuple[Counter[str], list[int]]:
    """Compare one chunk. Returns what happened in its games, and those on which the two disagree."""
    happened, failed = Counter[str](), []
    for seed in range(first, first + CHUNK):
        try:
            happened += compare(seed, seed % 6, checked=seed % CHECKED == 0)
        except Exception:
            traceback.print_exc()
            failed.append(seed)
    return happened, failed


def main() -> int:
    """Exit 0 if all agree, 1 if some do not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=1_000_000)
    parser.add_argument("--state", type=Path, default=Path("var/reference-soak.json"), help="where it goes on from")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    state: dict[str, Any] = {"games": 0, "seconds": 0.0, "happened": {}, "failed": []}
    if options.state.exists():
        state = json.loads(options.state.read_text())
    options.state.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as processes:
        while state["games"] < options.games:
            begin = time.monotonic()
            firsts = [state["games"] + CHUNK * number for number in range(options.processes)]
            for happened, failed in processes.map(run, firsts):
                state["happened"] = dict(Counter(state["happened"]) + happened)
                state["failed"] += failed
            state["games"] += CHUNK * len(firsts)
            state["seconds"] += time.monotonic() - begin
            options.state.write_text(json.dumps(state))
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{state['games']:,} games, {len(state['failed'])} disagreements ")
    happened = ", ".join(f"{count:,} {name}" for name, count in sorted(state["happened"].items()))
    failures = f"{len(state['failed'])} disagreements {state['failed'][:20]}"
    sys.stdout.write(f"{state['games']:,} games in {state['seconds']:,.0f} s: {failures}; {happened}\n")
    return 1 if state["failed"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
